"""Backups in tests: a database with something of everything, written and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import trio

from restante.client.backing_up.checking import check_backup
from restante.client.backing_up.writing import Order, write_backup
from restante.crypto import backups as container
from restante.crypto.randomness import SystemRandomness
from restante.store.client_rows import Rows
from tests.client.made_history import OWN, OWN_DEVICE

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message
    from restante.crypto.keys import BackupKey
    from restante.store.seam import Database


RANDOM = SystemRandomness()

KEY = container.generate_key(RANDOM)

NOW_MS = 1_800_000_000_000


def nobody(_done: int, _total: int) -> None:
    """Hears how far it is."""


async def written(
    database: Database, path: Path, *, generation: int = 1, key: BackupKey = KEY, chunks: int = 1
) -> Path:
    """Write a small backup of a database."""
    order = Order(
        database=database,
        key=key,
        account=OWN,
        address="alice@relay.example",
        own_device=OWN_DEVICE,
        generation=generation,
        now_ms=NOW_MS,
        randomness=RANDOM,
        least_chunks=chunks,
    )
    await trio.to_thread.run_sync(write_backup, order, path, nobody)
    return path


async def check(path: Path, *, key: BackupKey = KEY) -> None:
    """Prove that a backup restores."""
    await check_backup(
        path, key, scratch=path.parent, randomness=RANDOM, now_ms=NOW_MS, told=nobody
    )


async def filled(database: Database, work: Callable[[Rows], object]) -> None:
    await database.write_raw(lambda raw: work(Rows(raw)))


async def all_messages(engine: LocalEngine, key: str) -> list[Message]:
    return await engine.messages(key, start=0, count=512)
