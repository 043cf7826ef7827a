"""How much memory a relay's connections may take for pages of its file."""

from __future__ import annotations

from pathlib import Path

import trio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.store.relay_database import CACHE_BYTES, LOOK_UP_CACHE_BYTES, open_relay_database
from restante.store.relay_seam import POOL
from restante.store.seam import open_loop

KIB = 1024


async def test_look_ups_keep_few_pages_and_the_hot_paths_many(tmp_path: Path) -> None:
    """An eighth of a gigabyte else, for whoever asks about a thousand accounts."""
    found: list[int] = []

    async def ask(tx: AsyncConnection) -> None:
        found.append(-int((await tx.execute(text("PRAGMA cache_size"))).scalar_one()) * KIB)

    async with open_loop(), open_relay_database(tmp_path / "relay.db") as db:
        async with trio.open_nursery() as nursery:
            for _ in range(POOL):
                nursery.start_soon(db.read, ask)
        assert found == [LOOK_UP_CACHE_BYTES] * POOL
        for hot in (db.read_raw, db.write_raw):
            size = await hot(lambda raw: raw.execute("PRAGMA cache_size").fetchone()[0])
            assert -size * KIB == CACHE_BYTES
