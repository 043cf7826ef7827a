"""How much memory a relay's connections may take for pages of its file."""

from __future__ import annotations

from pathlib import Path

import trio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.store.relay_database import CACHE_BYTES, READER_CACHE_BYTES, open_relay_database
from restante.store.relay_seam import POOL
from restante.store.seam import open_loop

KIB = 1024


async def test_who_writes_keeps_many_pages_and_the_others_few(tmp_path: Path) -> None:
    """A quarter of a gigabyte else, for whoever asks about a thousand accounts."""
    found: list[int] = []

    async def ask(tx: AsyncConnection) -> None:
        found.append(-int((await tx.execute(text("PRAGMA cache_size"))).scalar_one()) * KIB)

    async with open_loop(), open_relay_database(tmp_path / "relay.db") as db:
        async with trio.open_nursery() as nursery:
            for _ in range(POOL):
                nursery.start_soon(db.read, ask)
        assert found == [READER_CACHE_BYTES] * POOL
        for hot, most in ((db.read_raw, READER_CACHE_BYTES), (db.write_raw, CACHE_BYTES)):
            size = await hot(lambda raw: raw.execute("PRAGMA cache_size").fetchone()[0])
            assert -size * KIB == most
