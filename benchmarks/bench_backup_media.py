"""Backups of a profile with many large files: time, and memory that doesn't grow with them.

`RESTANTE_BENCH_MEDIA_MIB=10240` is ten gibibytes; they lie on the disk three times for a while.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import trio

from benchmarks.bench_backup import NOW_MS, RANDOM, Row, _conversation, _key, _Memory, _write
from benchmarks.history import OWN_DEVICE
from restante.client.backing_up.checking import check_backup
from restante.client.backing_up.group_items import GroupFiler
from restante.client.backing_up.media import FileSink, is_right, keep_file, lock_for
from restante.client.backing_up.reading import read_middle, read_through
from restante.client.backing_up.taking_in import keep_record_alone, take_in
from restante.client.backing_up.writing import Order, write_backup
from restante.client.files.vault import FOLDER
from restante.client.groups.ledger import Shelf
from restante.client.history_transfer.importing import Importer
from restante.crypto import backups
from restante.crypto.blobs import Sealer
from restante.crypto.keys import BackupKey, BlobKey
from restante.protocol.backup import BackupFile, BackupPiece
from restante.protocol.codec import encode
from restante.protocol.content import Content, File, Kind
from restante.protocol.history_part import Item
from restante.protocol.ids import BlobCapability, blob_id
from restante.protocol.order import order_key, rank_at
from restante.store import client_files
from restante.store.client_database import open_client_database
from restante.store.client_messages import MessageRow, insert_messages
from restante.store.client_rows import Rows
from restante.store.driver import RawConnection
from restante.store.seam import Database, open_loop

T = TypeVar("T")

MEDIA_MIB = int(os.environ.get("RESTANTE_BENCH_MEDIA_MIB", "1024"))
EACH_BYTES = 64 * 2**20
PIECE_BYTES = 2**20


def run() -> Iterator[Row]:
    """Yield the figures of one profile."""
    with tempfile.TemporaryDirectory() as folder:
        yield from trio.run(_measure, Path(folder))


async def _measure(folder: Path) -> list[Row]:
    rows: list[Row] = []
    count = max(MEDIA_MIB * 2**20 // EACH_BYTES, 1)
    what = f"{count} files of {EACH_BYTES >> 20} MiB"

    async def timed(bench: str, work: Callable[[], object]) -> None:
        with _Memory() as watch:
            began = time.perf_counter()
            done = work()
            if hasattr(done, "__await__"):
                await done
            took_s = time.perf_counter() - began
        rows.append(_row(f"{bench}_s", took_s, "s", what))
        rows.append(_row(f"{bench}_growth", watch.growth_mib(), "MiB", f"resident memory, {what}"))

    first, second = folder / "first", folder / "second"
    first.mkdir()
    second.mkdir()
    key, file = backups.generate_key(RANDOM), folder / "a.backup"
    async with open_loop():
        async with open_client_database(first / "profile.db", _key()) as database:
            for number in range(count):
                await trio.to_thread.run_sync(_add, first, number)
                await _insert_pending(database)
            order = Order(
                database=database,
                key=key,
                account=_own(),
                address="alice@relay.example",
                own_device=OWN_DEVICE,
                generation=1,
                now_ms=NOW_MS,
                randomness=RANDOM,
            )
            await timed("create", lambda: _in_thread(write_backup, order, file, _nobody))
        await timed(
            "verify",
            lambda: check_backup(
                file, key, scratch=folder, randomness=RANDOM, now_ms=NOW_MS, told=_nobody
            ),
        )
        async with open_client_database(second / "profile.db", _key()) as restored:
            await timed("restore", lambda: _restore(restored, second, file, key))
        kept = list((second / FOLDER).iterdir())
        if len(kept) != count:
            raise RuntimeError("not all files were restored")
    return rows


_pending: list[tuple[MessageRow, bytes, int]] = []


def _add(profile: Path, number: int) -> None:
    """Seal a file of chance bytes into a profile; its rows wait to be inserted."""
    (profile / FOLDER).mkdir(exist_ok=True)
    piece, place = RANDOM.random(PIECE_BYTES), RANDOM.random(16)
    key, capability = BlobKey(RANDOM.random(32)), BlobCapability(RANDOM.random(32))
    sealer = Sealer(key, content_bytes=EACH_BYTES, blob=blob_id(capability), randomness=RANDOM)
    digest = hashlib.sha256()
    with (profile / FOLDER / place.hex()).open("wb") as out:
        for _each in range(EACH_BYTES // PIECE_BYTES):
            digest.update(piece)
            out.write(sealer.push(piece))
        for sealed in sealer.finish():
            out.write(sealed)
        stored_bytes = out.tell()
    body = File(
        name=f"{number}.bin",
        media_type="application/octet-stream",
        role=0,
        size_bytes=EACH_BYTES,
        digest=digest.digest(),
        capability=bytes(capability),
        key=key.raw,
        sealed_bytes=stored_bytes,
        relay="relay.example",
        expires_at_s=0,
        caption="",
        quote=None,
        preview=b"",
        width=0,
        height=0,
        duration_ms=0,
        waveform=b"",
        mentions=[],
    )
    _pending.append((_message(number, encode(body)), place, stored_bytes))


def _message(number: int, body: bytes) -> MessageRow:
    message_id, rank = RANDOM.random(16), rank_at(NOW_MS - 10**9 + number)
    content = Content(
        version=1,
        kind=int(Kind.FILE),
        id=message_id,
        conversation=b"",
        counter=number + 1,
        rank=rank,
        sent_at_ms=NOW_MS,
        seen=[],
        disappears_after_s=0,
        body=body,
    )
    return MessageRow(
        id=message_id,
        conversation=_conversation(0),
        author=_conversation(0),
        device_id=_conversation(0),
        counter=number + 1,
        order_key=order_key(rank, message_id),  # type: ignore[arg-type]
        rank=rank,
        sent_at_ms=NOW_MS,
        received_at_ms=NOW_MS,
        kind="file",
        text="",
        body=content.to_bytes(),
        state="read",
        error=None,
        quote_id=None,
        quote_excerpt=None,
        expires_at_ms=None,
    )


async def _insert_pending(database: Database) -> None:
    def work(raw: RawConnection) -> None:
        rows = Rows(raw)
        while _pending:
            row, place, stored_bytes = _pending.pop()
            insert_messages(rows, row.conversation, [row])
            client_files.save_file(
                rows,
                client_files.FileRow(
                    message_id=row.id,
                    place=place,
                    state=client_files.HERE,
                    stored_bytes=stored_bytes,
                ),
            )

    await database.write_raw(work)


async def _restore(database: Database, profile: Path, file: Path, key: BackupKey) -> None:
    whole = await _in_thread(read_through, file, key, _nobody)
    importer = Importer(
        own_account=_own(), own_device=bytes(16), put_record=keep_record_alone, now_ms=NOW_MS
    )
    groups = GroupFiler(account_id=_own(), shelf=Shelf(), now_ms=NOW_MS)
    sink = FileSink(profile)

    def items() -> Iterator[Item]:
        for _, item in read_middle(file, key, whole):
            if isinstance(item, BackupFile | BackupPiece):
                sink.take(item)
            else:
                yield item

    async for _ in take_in(
        items(), partial(_write, database), importer, groups, lambda _done: None
    ):
        pass
    for message_id in sink.messages:
        path = sink.path(message_id)
        lock = await _in_rows(database, partial(_lock, message_id))
        if lock is None or not await _in_thread(is_right, path, lock):
            raise RuntimeError("a file did not come out as it went in")
        keep = partial(_keep, message_id, path.stat().st_size)
        place = await _in_rows(database, keep)
        path.rename(path.with_name((place or b"").hex()))
    with suppress(OSError):
        sink.clear()


def _lock(message_id: bytes, rows: Rows) -> object:
    return lock_for(rows, message_id)


def _keep(message_id: bytes, stored_bytes: int, rows: Rows) -> bytes | None:
    if client_files.file_of(rows, message_id) is None:
        client_files.save_file(
            rows,
            client_files.FileRow(
                message_id=message_id, place=RANDOM.random(16), state=client_files.OFFERED
            ),
        )
    return keep_file(rows, message_id, stored_bytes=stored_bytes)


async def _in_rows(database: Database, work: Callable[[Rows], T]) -> T:
    return await database.write_raw(lambda raw: work(Rows(raw)))


async def _in_thread(work: Callable[..., T], *args: object) -> T:
    return await trio.to_thread.run_sync(partial(work, *args))


def _own() -> bytes:
    return bytes(byte ^ 0xFF for byte in _conversation(0))


def _row(bench: str, value: float, unit: str, how: str) -> Row:
    return {"bench": f"backup_media.{bench}", "value": round(value, 2), "unit": unit, "how": how}


def _nobody(_done: int, _total: int) -> None:
    """Hears how far it is."""
