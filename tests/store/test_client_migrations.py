"""The schema is the committed one, migrations keep what there is, and a newer one is refused."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine

from restante.store import client_messages, client_search
from restante.store.client_queries.everything import all_tables
from restante.store.errors import Corrupted, SchemaTooNew
from restante.store.migrations import CLIENT, WHOLE, Lineage, bring_up_to_date
from restante.store.seam import open_database, open_loop
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver
from tests.store.made_rows import BOB, made_message
from tests.store.profiles import KEY, profile, refusal
from tests.store.whole import assert_made_at_once, whole

NEXT = f"""
from alembic import op

revision = "{CLIENT.head + 1:04}"
down_revision = "{CLIENT.head:04}"


def upgrade() -> None:
    op.execute("ALTER TABLE contacts ADD COLUMN note TEXT")
    op.execute("CREATE TABLE drafts (conversation INTEGER NOT NULL PRIMARY KEY, text TEXT)")
"""


def _shape(execute: Callable[[str], list[tuple[object, ...]]]) -> dict[str, object]:
    """Return what the tables are, however their statements were written."""
    shape: dict[str, object] = {}
    for name, statement in execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        if str(name).startswith(("sqlite_", "message_search")):
            continue
        indices = execute(f"PRAGMA index_list({name})")  # by order of creation: made comparable
        shape[str(name)] = (
            execute(f"PRAGMA table_xinfo({name})"),
            sorted(execute(f"PRAGMA foreign_key_list({name})")),
            sorted(
                (unique, partial, "" if str(index).startswith("sqlite_auto") else index,
                 str(execute(f"PRAGMA index_xinfo({index})")))
                for _, index, unique, _, partial in indices
            ),
            "WITHOUT ROWID" in str(statement),
        )  # fmt: skip
    return shape


def test_the_schema_is_the_committed_one() -> None:
    # A difference needs a migration of its own, and then this file anew:
    # python -m tests.store.whole
    assert whole(CLIENT) == (CLIENT.directory / WHOLE).read_text(encoding="utf-8")


def test_what_is_made_at_once_is_what_the_migrations_make() -> None:
    assert_made_at_once(CLIENT)


async def test_the_tables_that_statements_are_made_from_are_the_migrated_ones(
    tmp_path: Path,
) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        all_tables()[0].metadata.create_all(connection)
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        described = _shape(lambda sql: raw.execute(sql).fetchall())
    engine.dispose()
    async with profile(tmp_path) as db:
        migrated = await db.database.read_raw(
            lambda raw: _shape(lambda sql: raw.execute(sql).fetchall())
        )
    assert migrated == described


async def test_a_history_is_all_there_after_a_migration(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    added = [
        made_message(seeded_random, rank=rank, text=f"number {rank} xylophone")
        for rank in range(1500)
    ]
    async with profile(tmp_path) as db:
        await db.write(client_messages.insert_messages, BOB, added)
    migrations = tmp_path / "migrations"
    shutil.copytree(CLIENT.directory, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / f"{CLIENT.head + 1:04}_drafts.py").write_text(NEXT, encoding="utf-8")
    newer = Lineage(name=CLIENT.name, application_id=CLIENT.application_id, directory=migrations)
    path = tmp_path / "profile.db"
    driver = sqlcipher_driver(DatabaseKey(KEY))
    async with open_loop(), open_database(path, driver=driver) as database:
        await bring_up_to_date(database, newer)
        version = await database.read_raw(
            lambda raw: raw.execute("PRAGMA user_version").fetchone()[0]
        )
        assert version == CLIENT.head + 1
        await database.read_raw(lambda raw: raw.execute("SELECT note FROM contacts").fetchall())

    # What was before lies beside it, encrypted as it was, and opens.
    before = tmp_path / f"profile.db.schema-{CLIENT.head}"
    assert before.stat().st_mode & 0o777 == 0o600
    assert b"xylophone" not in before.read_bytes()
    older = tmp_path / "older"
    older.mkdir()
    before.rename(older / "profile.db")
    async with profile(older) as db:
        assert await db.read(client_messages.window, BOB, 0, 2000) == added
        found = await db.read(
            client_search.search,
            client_search.Wanted(words="xylophone", conversation=BOB),
            5000,
        )
        assert len(found) == len(added)

    # And this version doesn't touch what the newer one wrote.
    content = path.read_bytes()
    error = await refusal(tmp_path, SchemaTooNew)
    assert str(path) in str(error)
    assert "newer Restante" in str(error)
    assert path.read_bytes() == content


async def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "profile.db"
    driver = sqlcipher_driver(DatabaseKey(KEY))
    async with open_loop(), open_database(path, driver=driver) as database:
        await database.write_raw(lambda raw: raw.execute("CREATE TABLE something (a)"))
    await refusal(tmp_path, Corrupted)


def test_neither_a_new_nor_a_current_schema_imports_alembic(tmp_path: Path) -> None:
    code = """
import sys, trio
from pathlib import Path
from tests.store.profiles import profile

async def open_it():
    async with profile(Path(sys.argv[1])):
        pass

for _ in range(2):
    trio.run(open_it)
    print("alembic" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    assert told == "False\nFalse\n"


async def test_a_schema_that_is_not_written_as_a_whole_is_made_step_by_step(tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(CLIENT.directory, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / f"{CLIENT.head + 1:04}_drafts.py").write_text(NEXT, encoding="utf-8")
    newer = Lineage(name=CLIENT.name, application_id=CLIENT.application_id, directory=migrations)
    driver = sqlcipher_driver(DatabaseKey(KEY))
    async with open_loop(), open_database(tmp_path / "profile.db", driver=driver) as database:
        await bring_up_to_date(database, newer)
        await database.read_raw(lambda raw: raw.execute("SELECT note FROM contacts").fetchall())
