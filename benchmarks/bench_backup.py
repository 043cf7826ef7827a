"""Backups of a large history: written, proven to restore, taken in. Files: bench_backup_media."""

from __future__ import annotations

import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import trio

from benchmarks.history import OWN_DEVICE, fill
from restante.client.backing_up.checking import check_backup
from restante.client.backing_up.group_items import GroupFiler
from restante.client.backing_up.reading import read_middle, read_through
from restante.client.backing_up.taking_in import keep_record_alone, take_in
from restante.client.backing_up.writing import Order, write_backup
from restante.client.changes import Changes
from restante.client.groups.ledger import Shelf
from restante.client.history_transfer.importing import Importer
from restante.crypto import backups
from restante.crypto.randomness import SystemRandomness
from restante.store.client_database import open_client_database
from restante.store.client_rows import Rows
from restante.store.seam import Database, open_loop
from restante.store.sqlcipher import DatabaseKey

COUNT = int(os.environ.get("RESTANTE_BENCH_MESSAGES", "1000000"))
CONVERSATIONS = 20
RANDOM = SystemRandomness()
NOW_MS = 1_800_000_000_000

Row = dict[str, object]


def run() -> Iterator[Row]:
    """Yield the figures of one history, in the order in which a person would meet them."""
    with tempfile.TemporaryDirectory() as folder:
        yield from trio.run(_measure, Path(folder))


async def _measure(folder: Path) -> list[Row]:
    rows: list[Row] = []
    key, file = backups.generate_key(RANDOM), folder / "a.backup"
    own = bytes(byte ^ 0xFF for byte in _conversation(0))

    def told(bench: str, value: float, unit: str, how: str) -> None:
        rows.append(
            {"bench": f"backup.{bench}", "value": round(value, 2), "unit": unit, "how": how}
        )

    def took(bench: str, began: float, watch: _Memory, how: str) -> None:
        told(f"{bench}_s", time.perf_counter() - began, "s", how)
        told(f"{bench}_growth", watch.growth_mib(), "MiB", f"resident memory, at most, {bench}")

    async with open_loop():
        async with open_client_database(folder / "profile.db", _key()) as database:
            for number in range(CONVERSATIONS):
                await fill(database, _conversation(number), COUNT // CONVERSATIONS)
            size_mib = (folder / "profile.db").stat().st_size / 2**20
            told("database", size_mib, "MiB", f"{COUNT} messages in {CONVERSATIONS} conversations")
            order = Order(
                database=database,
                key=key,
                account=own,
                address="alice@relay.example",
                own_device=OWN_DEVICE,
                generation=1,
                now_ms=NOW_MS,
                randomness=RANDOM,
            )
            with _Memory() as watch:
                began = time.perf_counter()
                await trio.to_thread.run_sync(write_backup, order, file, _nobody)
                took("create", began, watch, f"{COUNT} messages, one snapshot, one thread, fsync")
            told("file", file.stat().st_size / 2**20, "MiB", "padded; not compressed")
        with _Memory() as watch:
            began = time.perf_counter()
            await check_backup(
                file, key, scratch=folder, randomness=RANDOM, now_ms=NOW_MS, told=_nobody
            )
            took("verify", began, watch, "read through, taken in by a sandbox, compared row by row")
        async with open_client_database(folder / "restored.db", _key()) as restored:
            with _Memory() as watch:
                began = time.perf_counter()
                whole = await trio.to_thread.run_sync(read_through, file, key, _nobody)
                importer = Importer(
                    own_account=own,
                    own_device=bytes(16),
                    put_record=keep_record_alone,
                    now_ms=NOW_MS,
                )
                groups = GroupFiler(account_id=own, shelf=Shelf(), now_ms=NOW_MS)
                items = (item for _, item in read_middle(file, key, whole))
                async for _ in take_in(items, partial(_write, restored), importer, groups, _silent):
                    pass
                took("restore", began, watch, "read through, then filed, 512 rows a transaction")
    return rows


async def _write(database: Database, work: object) -> Changes:
    return await database.write_raw(lambda raw: work(Rows(raw)))  # type: ignore[operator]


class _Memory:
    """How much resident memory grew in a block, looked at ten times a second."""

    def __init__(self) -> None:
        self._begun = self._most = _resident_bytes()
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Memory:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watcher.join()

    def growth_mib(self) -> float:
        return (max(self._most, _resident_bytes()) - self._begun) / 2**20

    def _watch(self) -> None:
        while not self._is_over.wait(0.1):
            self._most = max(self._most, _resident_bytes())


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def _conversation(number: int) -> bytes:
    return bytes([65 + number]) * 16


def _key() -> DatabaseKey:
    return DatabaseKey(bytes(32))


def _nobody(_done: int, _total: int) -> None:
    """Hears how far it is."""


def _silent(_done: int) -> None:
    """Hears how far it is."""
