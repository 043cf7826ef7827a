"""A relay's database, opened: of the schema that this version knows, and within its size.

Rule: what can't be trusted is refused before anything is written. The page size was measured: at
16 KiB a small envelope costs what it does at 4 KiB, one of 4 KiB a third less, since its payload
needs no page of its own. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from restante.store.driver import RawConnection, sqlite_driver
from restante.store.errors import Corrupted
from restante.store.migrations import RELAY, bring_up_to_date
from restante.store.relay_seam import Database, open_database

PAGE_BYTES: Final = 16_384
CACHE_BYTES: Final = 32 * 1024 * 1024
"""Of the connection that writes."""
READER_CACHE_BYTES: Final = 1 * 1024 * 1024
"""Of each connection that doesn't write: what it keeps is void with the next commit, and strangers'
questions fill what there is. Source: sqlite.org, `pager_reset` in pager.c."""
CHECKPOINT_BYTES: Final = 16 * 1024 * 1024
"""Of the journal, before it is folded into the file: seldom enough to cost a commit little."""

MAX_CHECKED_BYTES: Final = 64 * 1024 * 1024
"""A file up to this size is checked as a whole at the start: a tenth of a second."""


@asynccontextmanager
async def open_relay_database(path: Path, *, max_bytes: int = 0) -> AsyncIterator[Database]:
    """Open (or create, 0600) a relay's database for the length of the block, in `seam.open_loop`.

    `max_bytes` 0: as large as the disk allows. Raises Corrupted, SchemaTooNew, DiskFailed,
    DiskFull, Busy.
    """
    driver, reading = (
        sqlite_driver(
            page_bytes=PAGE_BYTES, cache_bytes=cache_bytes, checkpoint_bytes=CHECKPOINT_BYTES
        )
        for cache_bytes in (CACHE_BYTES, READER_CACHE_BYTES)
    )
    async with open_database(path, driver=driver, reading=reading) as database:
        await database.read_raw(lambda raw: _check(raw, path))
        await bring_up_to_date(database, RELAY)
        if max_bytes:
            await database.outside_transactions(lambda raw: _bound(raw, max_bytes))
        yield database


def _check(raw: RawConnection, path: Path) -> None:
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    (page_bytes,) = raw.execute("PRAGMA page_size").fetchone()
    if pages * page_bytes > MAX_CHECKED_BYTES:
        return
    (verdict,) = raw.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise Corrupted(
            f"The database {path} is damaged. Restore it from a backup, or move it away."
        )


def _bound(raw: RawConnection, max_bytes: int) -> None:
    (page_bytes,) = raw.execute("PRAGMA page_size").fetchone()
    raw.execute(f"PRAGMA max_page_count = {max(max_bytes // page_bytes, 1)}")
