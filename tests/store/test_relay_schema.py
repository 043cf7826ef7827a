"""The relay's schema: what the migrations make is what the tables say, and what was committed."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from restante.store.driver import RawConnection
from restante.store.errors import Corrupted, SchemaTooNew
from restante.store.migrations import CLIENT, RELAY, WHOLE, Lineage, bring_up_to_date
from restante.store.relay_seam import open_database
from restante.store.relay_tables import metadata
from restante.store.seam import open_loop
from tests.store.whole import assert_made_at_once, whole


def _normal(sql: str) -> str:
    return " ".join(sql.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split())


def _statements(raw: RawConnection) -> list[str]:
    rows = raw.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [_normal(sql) for (sql,) in rows if not sql.startswith("CREATE TABLE sqlite_")]


async def _migrated(path: Path) -> list[str]:
    async with open_loop(), open_database(path) as db:
        await bring_up_to_date(db, RELAY)
        return await db.read_raw(_statements)


def test_the_schema_is_the_committed_one() -> None:
    assert whole(RELAY) == (RELAY.directory / WHOLE).read_text(encoding="utf-8")


def test_what_is_made_at_once_is_what_the_migrations_make() -> None:
    assert_made_at_once(RELAY)


async def test_the_tables_say_what_the_migrations_made(tmp_path: Path) -> None:
    made = await _migrated(tmp_path / "r.db")
    dialect = sqlite.dialect()
    said = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    for table in metadata.sorted_tables:
        said += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    assert sorted(map(_normal, said)) == sorted(made)


async def test_a_current_schema_needs_no_migration_library(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await _migrated(path)
    missing = Lineage(name="relay", application_id=RELAY.application_id, directory=tmp_path)
    (tmp_path / f"{RELAY.head:04}_never_loaded.py").write_text("raise SystemExit")
    async with open_loop(), open_database(path) as db:
        await bring_up_to_date(db, missing)


async def test_a_relay_of_the_first_schema_is_upgraded_with_what_it_holds(tmp_path: Path) -> None:
    path, steps = tmp_path / "r.db", tmp_path / "steps"
    steps.mkdir()
    shutil.copy(RELAY.directory / "0001_first_light.py", steps)
    first = Lineage(name="relay", application_id=RELAY.application_id, directory=steps)
    rows = [
        "INSERT INTO accounts VALUES (7, 'bob', 'relay.example', x'01', 1, 2, x'02', NULL)",
        "INSERT INTO devices VALUES (9, 7, x'03', x'04', x'05')",
        "INSERT INTO waiting VALUES (1, 9, 4096, 500000, 0, x'06', NULL, x'07')",
    ]
    async with open_loop(), open_database(path) as db:
        await bring_up_to_date(db, first)
        for row in rows:
            await db.write_raw(lambda raw, row=row: raw.execute(row))
    assert await _migrated(path)
    with closing(sqlite3.connect(path)) as files:
        account = files.execute("SELECT number, name, heartbeat, moved FROM accounts").fetchall()
        assert account == [(7, "bob", None, None)]
        assert files.execute("SELECT device, id FROM waiting").fetchall() == [(9, b"\x06")]
        # What is new refers to what was there.
        files.execute("PRAGMA foreign_keys = ON")
        files.execute("INSERT INTO blobs VALUES (x'08', 7, 10, 0, 500000)")
        files.execute("DELETE FROM accounts")
        assert files.execute("SELECT count(*) FROM blobs").fetchone() == (0,)
    assert (tmp_path / "r.db.schema-1").exists()


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await _migrated(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {RELAY.head + 1}")
    connection.close()
    async with open_loop(), open_database(path) as db:
        with pytest.raises(SchemaTooNew, match="newer Restante"):
            await bring_up_to_date(db, RELAY)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (RELAY.head + 1,)
    connection.close()


async def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    await _migrated(path)
    async with open_loop(), open_database(path) as db:
        with pytest.raises(Corrupted, match="no profile database"):
            await bring_up_to_date(db, CLIENT)


def _lineage(directory: Path, *, body: str) -> Lineage:
    directory.mkdir(exist_ok=True)
    for number, statement in ((1, "CREATE TABLE t (x INTEGER)"), (2, body)):
        previous = None if number == 1 else f"{number - 1:04}"
        (directory / f"{number:04}_step.py").write_text(
            f"from alembic import op\nrevision = '{number:04}'\ndown_revision = {previous!r}\n"  # noqa: S608
            f"def upgrade():\n    op.execute('INSERT INTO t VALUES ({number})')"
            f" if {number} > 1 else None\n    op.execute({statement!r})\n"
        )
    return Lineage(name="relay", application_id=7, directory=directory)


async def _made_at_version_1(path: Path, lineage: Lineage) -> None:
    async with open_loop(), open_database(path) as db:
        await db.write_raw(lambda raw: raw.execute("CREATE TABLE t (x INTEGER)"))
        await db.write_raw(lambda raw: raw.execute("INSERT INTO t VALUES (1)"))
        await db.outside_transactions(
            lambda raw: raw.execute(f"PRAGMA application_id = {lineage.application_id}")
        )
        await db.outside_transactions(lambda raw: raw.execute("PRAGMA user_version = 1"))


def _rows(path: Path) -> list[int]:
    connection = sqlite3.connect(path)
    rows = [row[0] for row in connection.execute("SELECT x FROM t ORDER BY x")]
    connection.close()
    return rows


async def test_an_upgrade_leaves_a_snapshot_of_what_was(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    lineage = _lineage(tmp_path / "steps", body="ALTER TABLE t ADD COLUMN y INTEGER")
    await _made_at_version_1(path, lineage)
    async with open_loop(), open_database(path) as db:
        await bring_up_to_date(db, lineage)
    snapshot = tmp_path / "r.db.schema-1"
    assert (_rows(path), _rows(snapshot)) == ([1, 2], [1])
    assert snapshot.stat().st_mode & 0o777 == 0o600


async def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    lineage = _lineage(tmp_path / "steps", body="CREATE TABLE t (already INTEGER)")
    await _made_at_version_1(path, lineage)
    async with open_loop(), open_database(path) as db:
        with pytest.raises(Exception, match="already exists"):
            await bring_up_to_date(db, lineage)
    assert _rows(path) == [1]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()
