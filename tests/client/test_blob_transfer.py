"""Files to the relay and back: byte by byte, however often and wherever they are interrupted."""

from __future__ import annotations

import os
import random
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from restante.client.blob_transfer.download import BlobGoneError, Download, Downloader
from restante.client.blob_transfer.pace import SLOW_S, SMALLEST_BYTES, Meter, Pace
from restante.client.blob_transfer.upload import Upload, Uploader
from restante.client.failures import RefusedError, RelayError, UnreachableError
from restante.client.links import AnonymousLinks
from restante.errors import UserError, WireCode
from restante.protocol import frames as f
from restante.protocol.address import Address
from restante.protocol.ids import BlobCapability, blob_id
from restante.protocol.limits import MAX_BLOB_PART_BYTES
from tests.client.relays import GENEROUS, Limits
from tests.client.world import World, a_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from restante.client.engine import LocalEngine

HOUR_S = 3600
SIZE = 2_000_001


class Person:
    """Somebody online who sends and fetches files."""

    def __init__(self, engine: LocalEngine, world: World, nursery: trio.Nursery) -> None:
        context = engine._context
        self.relay = Address.parse(world.address("alice")).relay
        self.links = AnonymousLinks(nursery, proxy=None, randomness=context.randomness)
        self.uploader = Uploader(context, engine._running().mailbox, Pace())
        self.downloader = Downloader(context, self.links, Pace())
        self.troubles: list[RelayError] = []

    def troubled(self, error: RelayError | None) -> None:
        if error is not None:
            self.troubles.append(error)

    def upload(self, path: Path, capability: BlobCapability) -> Upload:
        return Upload(
            path=path, blob=blob_id(capability), size_bytes=path.stat().st_size, ttl_s=HOUR_S
        )

    async def send(
        self, path: Path, capability: BlobCapability, told: Callable[[int], None] = lambda _: None
    ) -> None:
        with trio.fail_after(30):
            upload = self.upload(path, capability)
            await self.uploader.upload(upload, told=told, troubled=self.troubled)

    async def fetch(
        self,
        path: Path,
        capability: BlobCapability,
        told: Callable[[int], None] = lambda _: None,
        *,
        size_bytes: int = SIZE,
    ) -> None:
        download = Download(
            relay=self.relay, capability=capability, size_bytes=size_bytes, path=path
        )
        with trio.fail_after(30):
            await self.downloader.download(download, told=told, troubled=self.troubled)


@asynccontextmanager
async def somebody_of(world: World) -> AsyncIterator[Person]:
    async with world.online("alice") as engine, trio.open_nursery() as nursery:
        yield Person(engine, world, nursery)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def somebody(
    folder: Path, *, tapped: bool = False, limits: Limits = GENEROUS
) -> AsyncIterator[tuple[Person, World]]:
    async with (
        a_world(folder, tapped=tapped, limits=limits) as world,
        somebody_of(world) as person,
    ):
        yield person, world


def a_file(folder: Path, seed: int, size: int = SIZE) -> tuple[Path, BlobCapability]:
    path = folder / f"file-{seed}"
    path.write_bytes(random.Random(seed).randbytes(size))
    return path, BlobCapability(random.Random(f"capability {seed}").randbytes(32))


def copy_of(path: Path) -> Path:
    return path.with_suffix(".copy")


async def test_several_files_at_once_arrive_byte_by_byte(tmp_path: Path) -> None:
    sizes = (SIZE, 1, 262_144, 700_000)
    files = [a_file(tmp_path, seed, size) for seed, size in enumerate(sizes)]
    async with somebody(tmp_path) as (alice, _):
        async with trio.open_nursery() as nursery:
            for path, capability in files:
                nursery.start_soon(alice.send, path, capability)
        async with trio.open_nursery() as nursery:
            for (path, capability), size in zip(files, sizes, strict=True):
                fetch = partial(alice.fetch, size_bytes=size)
                nursery.start_soon(fetch, copy_of(path), capability)
        for path, _ in files:
            assert copy_of(path).read_bytes() == path.read_bytes()
        assert not alice.troubles


async def test_a_cut_network_costs_no_byte_that_had_arrived(tmp_path: Path) -> None:
    path, capability = a_file(tmp_path, 1)
    async with somebody(tmp_path, tapped=True) as (alice, world):
        tap = world.tap
        assert tap is not None
        sent: list[int] = []
        fetched: list[int] = []

        def cut_after(seen: list[int], held_bytes: int) -> None:
            seen.append(held_bytes)
            if len(seen) % 3 == 0 and len(seen) < 12:
                tap.cut()

        await alice.send(path, capability, partial(cut_after, sent))
        await alice.fetch(copy_of(path), capability, partial(cut_after, fetched))
        assert copy_of(path).read_bytes() == path.read_bytes()
        assert len(alice.troubles) >= 4
        for seen in (sent, fetched):
            assert seen == sorted(seen)
            assert seen[-1] == SIZE
        put = [
            frame for talk in tap.talks for frame in talk.by_client if isinstance(frame, f.PutBlob)
        ]
        assert sum(len(frame.data) for frame in put) < 2 * SIZE


async def test_a_restarted_client_and_relay_go_on_where_they_were(tmp_path: Path) -> None:
    path, capability = a_file(tmp_path, 2)
    starts: list[list[int]] = []

    async def some_of(move: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Begin, and be cancelled after two parts."""
        starts.append([])
        with trio.CancelScope() as scope:

            def stop_soon(held_bytes: int) -> None:
                starts[-1].append(held_bytes)
                if len(starts[-1]) > 2:
                    scope.cancel()

            await move(*args, stop_soon)

    async with a_world(tmp_path) as world:
        for _ in range(3):
            async with somebody_of(world) as alice:
                await some_of(alice.send, path, capability)
        await world.relay.stop()
        await world.relay.start()
        async with somebody_of(world) as alice:
            await alice.send(path, capability)
            for _ in range(3):
                await some_of(alice.fetch, copy_of(path), capability)
            await world.relay.stop()
            await world.relay.start()
            await alice.fetch(copy_of(path), capability)
        assert copy_of(path).read_bytes() == path.read_bytes()
        for sent in (starts[:3], starts[3:]):
            assert [each[0] for each in sent] == sorted(each[0] for each in sent)
            assert 0 < sent[1][0] < sent[2][0] < SIZE


async def test_who_reads_a_blob_says_nothing_of_who_they_are(tmp_path: Path) -> None:
    path, capability = a_file(tmp_path, 3, 300_000)
    async with somebody(tmp_path, tapped=True) as (alice, world):
        await alice.send(path, capability)
        await alice.fetch(copy_of(path), capability, size_bytes=300_000)
        tap = world.tap
        assert tap is not None
        of_fetch = [
            talk
            for talk in tap.talks
            if any(isinstance(each, f.FetchBlob) for each in talk.by_client)
        ]
        assert len(of_fetch) == 1
        kinds = {type(frame) for frame in of_fetch[0].by_client}
        assert kinds == {f.Anonymous, f.FetchBlob}
        assert not any(
            capability in message
            for talk in tap.talks
            if talk not in of_fetch
            for message in talk.messages
        )


async def test_a_blob_that_is_gone_or_another_one_is_not_waited_for(tmp_path: Path) -> None:
    path, capability = a_file(tmp_path, 4, 300_000)
    async with somebody(tmp_path) as (alice, _):
        with pytest.raises(BlobGoneError):
            await alice.fetch(copy_of(path), capability)
        await alice.send(path, capability)
        with pytest.raises(BlobGoneError):
            await alice.fetch(copy_of(path), capability, size_bytes=10 * 2**30)
        await alice.uploader.delete(blob_id(capability))
        await alice.uploader.delete(blob_id(capability))
        with pytest.raises(BlobGoneError):
            await alice.fetch(copy_of(path), capability, size_bytes=300_000)


async def test_a_longer_file_of_that_name_is_begun_anew(tmp_path: Path) -> None:
    path, capability = a_file(tmp_path, 5, 1000)
    async with somebody(tmp_path) as (alice, _):
        await alice.send(path, capability)
        copy_of(path).write_bytes(bytes(1001))
        await alice.fetch(copy_of(path), capability, size_bytes=1000)
        assert copy_of(path).read_bytes() == path.read_bytes()


async def test_a_quota_holds_an_upload_up_and_a_size_limit_ends_it(tmp_path: Path) -> None:
    limits = replace(GENEROUS, blob_max_bytes=400_000, blobs_bytes_per_account=500_000)
    first, second, large = (
        a_file(tmp_path, seed, size) for seed, size in ((6, 300_000), (7, 300_001), (8, 400_001))
    )
    async with somebody(tmp_path, limits=limits) as (alice, _), trio.open_nursery() as nursery:
        await alice.send(*first)
        nursery.start_soon(alice.send, *second)
        while not alice.troubles:
            await trio.testing.wait_all_tasks_blocked()
        held_up = alice.troubles[0]
        assert isinstance(held_up, RefusedError)
        assert held_up.code is WireCode.FULL
        with pytest.raises(RefusedError):
            await alice.send(*large)
        await alice.uploader.delete(blob_id(first[1]))  # and the second one goes on by itself


async def test_a_blob_that_the_relay_lost_the_end_of_is_gone(tmp_path: Path) -> None:
    path, capability = a_file(tmp_path, 11, 300_000)
    async with somebody(tmp_path) as (alice, world):
        await alice.send(path, capability)
        await world.relay.stop()
        (held,) = (tmp_path / "relay").rglob(blob_id(capability).hex())
        os.truncate(held, 200_000)
        await world.relay.start()
        with pytest.raises(BlobGoneError):
            await alice.fetch(copy_of(path), capability, size_bytes=300_000)
        assert copy_of(path).read_bytes() == path.read_bytes()[:200_000]


async def test_a_file_that_is_cut_or_gone_is_an_error_and_no_endless_attempt(
    tmp_path: Path,
) -> None:
    path, capability = a_file(tmp_path, 9, 300_000)
    async with somebody(tmp_path) as (alice, _):
        upload = alice.upload(path, capability)
        path.write_bytes(b"short")
        with pytest.raises(UserError), trio.fail_after(10):
            await alice.uploader.upload(upload, told=lambda _: None, troubled=alice.troubled)
        path.unlink()
        with pytest.raises(UserError), trio.fail_after(10):
            await alice.uploader.upload(upload, told=lambda _: None, troubled=alice.troubled)


def test_parts_grow_while_they_are_quick_and_shrink_when_they_are_not() -> None:
    pace = Pace()
    for _ in range(9):
        pace.took(0.1)
    assert pace.part_bytes == MAX_BLOB_PART_BYTES
    pace.took((SLOW_S) - 1)
    assert pace.part_bytes == MAX_BLOB_PART_BYTES
    pace.took(SLOW_S + 1)
    assert pace.part_bytes == MAX_BLOB_PART_BYTES // 2
    relay = Address.parse("a@relay.example").relay
    pace.failed(RefusedError(WireCode.FULL, relay))
    assert pace.part_bytes == MAX_BLOB_PART_BYTES // 2
    for _ in range(9):
        pace.failed(UnreachableError("gone"))
    assert pace.part_bytes == SMALLEST_BYTES


async def test_a_rate_is_that_of_the_last_seconds(autojump_clock: MockClock) -> None:
    meter = Meter(500)
    assert meter.left_s(10_000) is None
    for _ in range(60):
        await trio.sleep(1)
        meter.add(100)
    assert meter.rate_bytes_s == pytest.approx(100)
    assert meter.left_s(meter.done_bytes + 1000) == pytest.approx(10)
    for _ in range(20):
        await trio.sleep(1)
        meter.add(1000)
    assert meter.rate_bytes_s == pytest.approx(1000)
    assert meter.done_bytes == 500 + 6000 + 20_000


async def test_a_place_that_cannot_be_written_is_said_and_tried_no_further(tmp_path: Path) -> None:
    path, capability = a_file(tmp_path, 10, 1000)
    async with somebody(tmp_path) as (alice, _):
        await alice.send(path, capability)
        with pytest.raises(UserError, match="can't be written"):
            await alice.fetch(tmp_path / "no such folder" / "copy", capability, size_bytes=1000)
