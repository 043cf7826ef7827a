"""Blobs and the disk that they lie on: cut short, full, slow, and what of it is told to whom."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.ids import BlobId
from restante.protocol.limits import MAX_BLOB_PART_BYTES
from restante.relay.blob_files import BlobDirectory
from restante.relay.blobs import Blobs
from restante.relay.limits import Limits
from restante.relay.refusal import Refusal
from tests.relay.answers import code_of
from tests.relay.blob import PART, Blob, a_place
from tests.relay.wire import (
    anonymous,
    deposit,
    item,
    relay_at,
)


async def test_files_and_rows_agree_again_at_the_start(tmp_path: Path) -> None:
    whole, cut, lost, orphan = Blob(), Blob(), Blob(), Blob()
    async with a_place(tmp_path) as (_, _, device, _):
        for blob in (whole, cut, lost):
            await blob.put_all(device)
    with cut.file(tmp_path).open("r+b") as held:
        held.truncate(PART)
    lost.file(tmp_path).unlink()
    orphan.file(tmp_path).parent.mkdir(exist_ok=True)
    orphan.file(tmp_path).write_bytes(orphan.data)
    strange = orphan.file(tmp_path).with_name("README")
    strange.write_text("not ours")
    async with relay_at(tmp_path) as relay, anonymous(relay) as reader:
        assert (await whole.fetch(reader)).data == whole.data
        assert (await cut.fetch(reader)).data == cut.data[:PART]
        assert (await lost.fetch(reader)).data == b""
        assert code_of(await orphan.fetch(reader)) == WireCode.NOT_FOUND
    assert not orphan.file(tmp_path).exists()
    assert strange.exists()


async def test_a_blob_whose_file_was_cut_under_the_relay_gets_no_hole(tmp_path: Path) -> None:
    blob = Blob()
    async with a_place(tmp_path) as (_, _, device, _):
        await blob.open(device)
        await blob.put(device, 0, 2 * PART)
        with blob.file(tmp_path).open("r+b") as held:
            held.truncate(PART)
        assert code_of(await blob.put(device, 2 * PART)) == WireCode.INTERNAL
        blob.file(tmp_path).unlink()
        assert code_of(await blob.put(device, 2 * PART)) == WireCode.INTERNAL
        assert not blob.file(tmp_path).exists()


async def test_a_file_that_the_disk_refuses_stays_one_blobs_trouble(tmp_path: Path) -> None:
    bad, good = Blob(), Blob()
    async with a_place(tmp_path) as (_, _, device, reader):
        await bad.open(device)
        await bad.put(device, 0)
        bad.file(tmp_path).unlink()
        bad.file(tmp_path).mkdir()
        assert code_of(await bad.put(device, PART)) == WireCode.INTERNAL
        assert code_of(await bad.fetch(reader)) == WireCode.INTERNAL
        assert isinstance(await device.ask(f.DeleteBlob, blob=bad.id), f.Done)
        assert code_of(await bad.fetch(reader)) == WireCode.NOT_FOUND
        await good.put_all(device)
        assert (await good.fetch(reader)).data == good.data
        good.file(tmp_path).unlink()
        assert code_of(await good.fetch(reader)) == WireCode.NOT_FOUND
    bad.file(tmp_path).rmdir()


class BusyDisk(BlobDirectory):
    """A directory whose disk takes its time with every write, until it is told to go on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, leaves_bytes=0)
        self.is_asked = trio.Event()
        self.goes_on = trio.Event()

    async def write(self, blob: BlobId, offset: int, data: bytes) -> None:
        self.is_asked.set()
        await self.goes_on.wait()
        await super().write(blob, offset, data)


async def test_who_waits_too_long_for_the_disk_is_told_to_come_back(tmp_path: Path) -> None:
    blob, disk = Blob(), BusyDisk(tmp_path / "blobs")
    async with a_place(tmp_path) as (relay, bob, _, _):
        services = relay.services
        blobs = Blobs(services.db, disk, limits=services.limits, clock=services.clock, turn_s=0.05)
        found = await services.registry.device(bob.device.key)
        assert found is not None
        size = len(blob.data)
        opening = f.OpenBlob(request=1, blob=blob.id, size_bytes=size, ttl_s=0)
        await blobs.open(opening, found.account)
        part = f.PutBlob(request=2, blob=blob.id, offset=0, data=blob.data[:PART])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(blobs.put, part, found.account)
            await disk.is_asked.wait()
            with pytest.raises(Refusal) as refused:
                await blobs.put(part, found.account)
            assert refused.value.code is WireCode.SLOW_DOWN
            assert refused.value.retry_after_s > 0
            disk.goes_on.set()
        assert (await blobs.put(part, found.account)).received_bytes == PART


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    """Let the system refuse to make any file larger, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_refuses_parts_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    most = 2 * 1024 * 1024
    blob = Blob(most + PART)
    async with a_place(tmp_path) as (_, bob, device, reader):
        state = await blob.open(device)
        with no_file_beyond(most - PART):
            while not isinstance(state, f.Refused):
                received = state.received_bytes
                state = await blob.put(device, received, MAX_BLOB_PART_BYTES)
            assert code_of(state) == WireCode.FULL
            assert state.retry_after_s > 0
            assert (await blob.open(device)).received_bytes == received
            (stored,) = await deposit(reader, item(bob))
            assert stored.outcome == f.Outcome.STORED
        await blob.put_all(device)
        assert blob.file(tmp_path).read_bytes() == blob.data


async def test_blobs_leave_room_for_messages(tmp_path: Path) -> None:
    blob = Blob()
    limits = Limits(blobs_leave_bytes=2**60)
    async with a_place(tmp_path, limits=limits) as (_, bob, device, reader):
        await blob.open(device)
        full = await blob.put(device, 0)
        assert code_of(full) == WireCode.FULL
        assert full.reason.endswith("(blobs_leave_bytes)")
        assert full.retry_after_s > 0
        (stored,) = await deposit(reader, item(bob))
        assert stored.outcome == f.Outcome.STORED
