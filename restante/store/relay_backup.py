"""A relay's database as a copy to keep, and what makes such a copy a relay's database again.

Rule: a copy is one moment of the original, which goes on meanwhile, and holds nothing that may be
used only once: no one-time prekeys, no slots. Works on files, in the caller's thread; beside a
running relay too. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import BlobId
from restante.protocol.manifest import PrekeyKind
from restante.store.driver import BUSY_TIMEOUT_S, sqlite_driver
from restante.store.errors import Corrupted
from restante.store.migrations import RELAY
from restante.store.relay_accounts import RESTORED_HOUR, epoch
from restante.store.relay_mailboxes import HOUR_S
from restante.store.relay_tables import accounts, prekeys, relay_state, slots
from restante.store.seam import translated

ONCE: Final = (int(PrekeyKind.ONE_TIME), int(PrekeyKind.KEM_ONE_TIME))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """What a copy holds: its schema and epoch, and how many rows of what matters."""

    schema: int
    epoch: int
    accounts: int
    devices: int
    envelopes: int
    blobs: int


def copy_database(source: Path, target: Path) -> None:
    """Copy a relay's database as it is at one moment to a new file. Raises StoreError's subclasses.

    Not durable yet: the caller syncs the file. The original is locked for nobody.
    """
    with _opened(source) as original:
        original.execute("VACUUM INTO ?", (str(target),))
    with _opened(target) as copy:
        # What is deleted here must not be found in the file: it is carried to other places.
        copy.execute("PRAGMA secure_delete = ON")
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("DELETE FROM prekeys WHERE kind IN (?, ?)", ONCE)
        if _has_table(copy, "slots"):
            copy.execute("DELETE FROM slots")


def check_copy(path: Path) -> CopyFacts:
    """Return what a copy holds. Raises Corrupted if it isn't sound, or no relay's."""
    with _opened(path) as copy:
        if copy.execute("PRAGMA application_id").fetchone() != (RELAY.application_id,):
            raise Corrupted(f"The file {path} is no relay database of Restante's.")
        verdicts = copy.execute("PRAGMA integrity_check(1)").fetchall()
        if verdicts != [("ok",)] or copy.execute("PRAGMA foreign_key_check").fetchall():
            raise Corrupted(f"The database {path} is damaged. Take another backup.")
        (schema,) = copy.execute("PRAGMA user_version").fetchone()
        (now,) = copy.execute("SELECT value FROM relay_state WHERE key = 'epoch'").fetchone()
        return CopyFacts(
            schema=schema,
            epoch=now,
            accounts=_count(copy, "accounts"),
            devices=_count(copy, "devices"),
            envelopes=_count(copy, "waiting"),
            blobs=_count(copy, "blobs"),
        )


def damage_of(path: Path) -> str | None:
    """Read a relay's database through, beside a running relay too; return what is wrong with it.

    Raises StoreError's subclasses.
    """
    with _opened(path) as database:
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        return None if verdict == "ok" else str(verdict)


def schema_of(path: Path) -> int:
    """Return which schema a relay's database has. Raises StoreError's subclasses."""
    with _opened(path) as database:
        if database.execute("PRAGMA application_id").fetchone() != (RELAY.application_id,):
            raise Corrupted(f"The file {path} is no relay database of Restante's.")
        (schema,) = database.execute("PRAGMA user_version").fetchone()
        return int(schema)


def blobs_in(path: Path) -> dict[BlobId, int]:
    """Return the blobs that a copy counts, and how many bytes of each are durable."""
    with _opened(path) as copy:
        if not _has_table(copy, "blobs"):
            return {}
        rows = copy.execute("SELECT id, received_bytes FROM blobs WHERE received_bytes > 0")
        return {BlobId(row[0]): row[1] for row in rows}


async def begin_epoch(tx: AsyncConnection, *, now_ms: int) -> int:
    """Make a copy, brought to the current schema, a relay's database again; return its epoch.

    The epoch is one that no client has seen, also when the same copy is restored twice: the time,
    in milliseconds. Accounts are awaited: what is for them waits with its senders until then.
    """
    newer = max(await epoch(tx) + 1, now_ms)
    await tx.execute(update(relay_state).where(relay_state.c.key == "epoch").values(value=newer))
    await tx.execute(delete(relay_state).where(relay_state.c.key == RESTORED_HOUR))
    await tx.execute(insert(relay_state).values(key=RESTORED_HOUR, value=now_ms // (1000 * HOUR_S)))
    await tx.execute(delete(prekeys).where(prekeys.c.kind.in_(ONCE)))
    await tx.execute(delete(slots))
    await tx.execute(update(accounts).values(is_awaited=1))
    return newer


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        # Not created: a name that is wrong must not become an empty database.
        place = f"{path.resolve().as_uri()}?mode=rw"
        found = sqlite3.connect(place, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        with closing(found) as connection:
            yield connection
    except sqlite3.Error as error:
        raise translated(error, sqlite_driver(), path) from error


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,))
    return found.fetchone() is not None


def _count(connection: sqlite3.Connection, table: str) -> int:
    if not _has_table(connection, table):
        return 0
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  # ours
    return int(count)
