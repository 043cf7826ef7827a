"""Brings a database file to the schema that this version knows, or refuses it.

A file says of what kind and which version it is (`application_id`, `user_version`); migrations are
numbered files, `NNNN_what.py`, one directory for each kind; `whole.sql` beside them is what they
come to, for a new file. Rule: a current schema reads one number, and neither it nor a new file
imports anything; an upgrade happens whole or not at all, and leaves a snapshot of what was before.
Knows no table.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from sqlite3 import complete_statement
from typing import TYPE_CHECKING, Any, Final

from restante.store.driver import RawConnection
from restante.store.errors import Busy, Corrupted, DiskFailed, DiskFull, SchemaTooNew

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from restante.store.seam import Database

_HERE: Final = Path(__file__).parent

WHOLE: Final = "whole.sql"
"""Beside the migrations: `-- schema N`, then each statement; compared with them by a test."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """A kind of database: its mark in the file's header and where its migrations lie."""

    name: str
    application_id: int
    directory: Path

    @cached_property
    def head(self) -> int:
        """The newest version this program knows: the highest number of a migration."""
        return max(int(path.name[:4]) for path in self.directory.glob("[0-9][0-9][0-9][0-9]_*.py"))

    @cached_property
    def whole(self) -> tuple[str, ...]:
        """The statements that make the newest schema at once; none where they are not written."""
        try:
            written = (self.directory / WHOLE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        first, _, rest = written.partition("\n")
        return tuple(_statements(rest)) if first == f"-- schema {self.head}" else ()


RELAY: Final = Lineage(
    name="relay", application_id=0x52535452, directory=_HERE / "relay_migrations"
)
CLIENT: Final = Lineage(
    name="profile", application_id=0x52535443, directory=_HERE / "client_migrations"
)


async def bring_up_to_date(db: Database, lineage: Lineage) -> None:
    """Create or upgrade the schema where needed.

    Raises SchemaTooNew, Corrupted (a database of another kind), Busy (another process uses it
    while it must be upgraded), DiskFull or DiskFailed; the file is then as it was.
    """
    version = await db.read_raw(lambda raw: _checked_version(raw, db.path, lineage))
    if version == lineage.head:
        return
    if version:
        await db.outside_transactions(_fold_journal)

    def upgrade(raw: RawConnection) -> None:
        # Again, inside the write lock: another process may have been faster.
        current = int(raw.execute("PRAGMA user_version").fetchone()[0])
        if current == lineage.head:
            return
        if current:
            _copy_aside(db.path, current)
        if not current and lineage.whole:
            for statement in lineage.whole:
                raw.execute(statement)
        else:
            with _borrowed(raw) as connection:
                run_migrations(connection, lineage, current)
        raw.execute(f"PRAGMA application_id = {lineage.application_id}")
        raw.execute(f"PRAGMA user_version = {lineage.head}")

    # In one go in the connection's thread: a statement each would change threads 300 times.
    await db.write_raw(upgrade)


def _statements(written: str) -> Iterator[str]:
    """Yield each statement; a trigger's has several semicolons."""
    waiting = ""
    for line in written.splitlines(keepends=True):
        waiting += line
        if complete_statement(waiting):
            yield waiting
            waiting = ""


def _checked_version(raw: RawConnection, path: Path, lineage: Lineage) -> int:
    version = int(raw.execute("PRAGMA user_version").fetchone()[0])
    mark = int(raw.execute("PRAGMA application_id").fetchone()[0])
    tables = int(raw.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if tables == 0:
        return 0
    if mark != lineage.application_id:
        raise Corrupted(f"The file {path} is no {lineage.name} database of Restante's.")
    if version > lineage.head:
        raise SchemaTooNew(
            f"The database {path} was written by a newer Restante (schema {version}, this one "
            f"knows {lineage.head}). Update Restante, or restore the snapshot made before that."
        )
    return version


def _fold_journal(raw: RawConnection) -> None:
    """Write the journal into the file and empty it, so that the file alone is the database."""
    blocked, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if blocked:
        raise Busy("Another process uses the database; stop it before the upgrade.")


def _copy_aside(path: Path, version: int) -> None:
    """Copy the file, whose writers are locked out, to `<name>.schema-<version>`."""
    journal = path.with_name(path.name + "-wal")
    if journal.exists() and journal.stat().st_size:
        raise Busy(f"Another process uses the database {path}; stop it before the upgrade.")
    snapshot = path.with_name(f"{path.name}.schema-{version}")
    try:
        with suppress(FileNotFoundError):
            snapshot.unlink()
        # Opened as our own: a copy of what only its owner may read.
        descriptor = os.open(snapshot, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with path.open("rb") as source, os.fdopen(descriptor, "wb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        snapshot.unlink(missing_ok=True)
        kind = DiskFull if error.errno in {28, 122} else DiskFailed  # ENOSPC, EDQUOT
        raise kind(
            f"There was no room to copy {path} before its upgrade; free some space."
        ) from error


class _Borrowed:
    """A driver's connection for a while, in a transaction that its owner ends."""

    def __init__(self, raw: RawConnection) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def commit(self) -> None:
        """The owner does."""

    rollback = close = commit


@contextmanager
def _borrowed(raw: RawConnection) -> Iterator[Connection]:
    """Have SQLAlchemy's own connection, which Alembic works on, over one that is open already."""
    # As below: neither is wanted where the schema is the right one.
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415

    engine = create_engine("sqlite://", creator=lambda: _Borrowed(raw), poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise (error.orig or error) from error  # the driver's own, as the owner knows it
    finally:
        engine.dispose()


def run_migrations(
    connection: Any,
    lineage: Lineage,
    current: int,
    *,
    after_each: Callable[[int], None] = lambda _: None,
) -> None:
    """Run what is newer than `current`, in a transaction of SQLAlchemy's own connection."""
    # Here alone: Alembic costs a tenth of a second, and almost never has anything to do.
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.operations import Operations  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    place = str(lineage.directory)
    scripts = ScriptDirectory(place, version_locations=[place])
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        for script in reversed(list(scripts.walk_revisions())):
            if int(script.revision) > current:
                upgrade: Callable[[], None] = script.module.upgrade
                upgrade()
                after_each(int(script.revision))
