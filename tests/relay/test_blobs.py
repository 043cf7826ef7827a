"""Blobs: put in parts, resumed where they stand, read by capability, bounded, gone in time."""

from __future__ import annotations

import os
from pathlib import Path

import trio
import trio.testing

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.codec import decode_tagged, encode
from restante.protocol.limits import MAX_BLOB_PART_BYTES, MAX_PENDING_REQUESTS
from restante.relay.limits import Limits
from tests.relay.answers import Clock, code_of
from tests.relay.blob import DAY_S, HUGE, PART, Blob, a_place
from tests.relay.raw_socket import a_frame, a_raw_socket
from tests.relay.wire import (
    anonymous,
    authenticated,
    person,
    registered,
    relay_at,
)


async def test_a_blob_is_put_in_parts_and_read_in_any(tmp_path: Path) -> None:
    blob = Blob()
    size = len(blob.data)
    async with a_place(tmp_path) as (_, _, device, reader):
        assert code_of(await blob.fetch(reader)) == WireCode.NOT_FOUND
        begun = await blob.open(device, ttl_s=7200)
        assert begun.received_bytes == 0
        assert 7200 <= begun.expires_in_s < 7200 + 3600
        empty = await blob.fetch(reader)
        assert (empty.size_bytes, empty.data) == (size, b"")
        for at in range(0, size, PART):
            state = await blob.put(device, at)
            assert state.received_bytes == min(at + PART, size)
            # Whoever has the capability may read what came so far.
            part = await blob.fetch(reader)
            assert (part.size_bytes, part.data) == (size, blob.data[: at + PART])
        for offset, length in ((0, 1), (PART - 1, 2), (size - 1, 100), (5, size), (7, 0)):
            part = await blob.fetch(reader, offset, length)
            assert part.data == blob.data[offset : offset + length]
        for offset in (size, size + 1, HUGE):
            assert (await blob.fetch(reader, offset)).data == b""
    assert blob.file(tmp_path).read_bytes() == blob.data
    assert blob.file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert blob.file(tmp_path).parent.stat().st_mode & 0o777 == 0o700


async def test_a_blob_is_resumed_where_it_stands_also_after_a_restart(tmp_path: Path) -> None:
    blob = Blob()
    async with a_place(tmp_path) as (relay, bob, device, _):
        first = await blob.open(device, ttl_s=DAY_S)
        await blob.put(device, 0)
        async with authenticated(relay, bob) as again:
            resumed = await blob.open(again, ttl_s=9 * DAY_S)
            assert resumed.received_bytes == PART
            assert resumed.expires_in_s <= first.expires_in_s, "opening again prolongs nothing"
        name = relay.address.authority
    # The port is another one; the device logs in by the name that it knows.
    async with relay_at(tmp_path) as relay, anonymous(relay) as reader:
        assert (await blob.fetch(reader)).data == blob.data[:PART]
        async with authenticated(relay, bob, authority=name) as device:
            assert (await blob.open(device)).received_bytes == PART
            await blob.put_all(device)
        assert (await blob.fetch(reader)).data == blob.data


async def test_what_is_there_is_not_written_again_and_no_hole_is_left(tmp_path: Path) -> None:
    blob = Blob()
    size = len(blob.data)
    async with a_place(tmp_path) as (_, _, device, reader):
        await blob.open(device)
        await blob.put(device, 0, 2 * PART)
        hostile = os.urandom(PART)
        for offset in (0, PART):
            state = await device.ask(f.PutBlob, blob=blob.id, offset=offset, data=hostile)
            assert state.received_bytes == 2 * PART
        for offset in (2 * PART + 1, size, 10 * 2**30, HUGE):
            hole = await device.ask(f.PutBlob, blob=blob.id, offset=offset, data=b"x")
            assert code_of(hole) == WireCode.CONFLICT
        past = blob.data[2 * PART :] + b"x"
        beyond = await device.ask(f.PutBlob, blob=blob.id, offset=2 * PART, data=past)
        assert code_of(beyond) == WireCode.TOO_LARGE
        overlapping = hostile[: PART // 2] + blob.data[2 * PART : 3 * PART]
        state = await device.ask(
            f.PutBlob, blob=blob.id, offset=2 * PART - PART // 2, data=overlapping
        )
        assert state.received_bytes == 3 * PART
        assert (await blob.fetch(reader)).data == blob.data[: 3 * PART]
        await blob.put_all(device)
        assert (await blob.fetch(reader)).data == blob.data


async def test_another_accounts_blob_can_be_neither_opened_nor_changed(tmp_path: Path) -> None:
    blob = Blob()
    async with a_place(tmp_path) as (relay, _, device, reader):
        await blob.open(device)
        await blob.put(device, 0)
        eve = await registered(relay, "eve")
        async with authenticated(relay, eve) as other:
            assert code_of(await blob.open(other)) == WireCode.CONFLICT
            assert code_of(await blob.put(other, PART)) == WireCode.NOT_FOUND
            gone = await other.ask(f.DeleteBlob, blob=blob.id)
            assert code_of(gone) == WireCode.NOT_FOUND
        assert code_of(await blob.open(device, size_bytes=1)) == WireCode.CONFLICT
        # The id is not the capability: who saw the relay's disk reads nothing with it.
        answer = await reader.ask(f.FetchBlob, capability=blob.id, offset=0, length=1)
        assert code_of(answer) == WireCode.NOT_FOUND
        assert (await blob.fetch(reader)).data == blob.data[:PART]


async def test_a_device_of_nobody_has_no_blobs(tmp_path: Path) -> None:
    blob = Blob()
    async with relay_at(tmp_path) as relay, authenticated(relay, person("eve")) as wire:
        assert code_of(await blob.open(wire)) == WireCode.FORBIDDEN
        assert code_of(await blob.put(wire, 0)) == WireCode.FORBIDDEN


async def test_quotas_count_what_was_announced_and_deletion_gives_it_back(tmp_path: Path) -> None:
    limits = Limits(blob_max_bytes=8 * PART, blobs_bytes_per_account=10 * PART)
    first, second = Blob(6 * PART), Blob(6 * PART)
    async with a_place(tmp_path, limits=limits) as (_, _, device, reader):
        for size in (8 * PART + 1, 10 * 2**30, HUGE):
            answer = await first.open(device, size_bytes=size)
            assert code_of(answer) == WireCode.TOO_LARGE
            assert "blob_max_bytes" in answer.reason
        await first.put_all(device)
        full = await second.open(device)
        assert code_of(full) == WireCode.FULL
        assert "blobs_bytes_per_account" in full.reason
        assert str(6 * PART) in full.reason
        assert code_of(await second.put(device, 0)) == WireCode.NOT_FOUND
        assert isinstance(await device.ask(f.DeleteBlob, blob=first.id), f.Done)
        assert not first.file(tmp_path).exists()
        assert code_of(await first.fetch(reader)) == WireCode.NOT_FOUND
        await second.put_all(device)
        assert (await second.fetch(reader)).data == second.data


async def test_an_accounts_own_quota_is_that_of_its_blobs_too(tmp_path: Path) -> None:
    async with a_place(tmp_path) as (relay, _, device, _):
        await relay.services.db.outside_transactions(
            lambda raw: raw.execute(f"UPDATE accounts SET quota_bytes = {2 * PART}")  # noqa: S608
        )
        assert isinstance(await Blob(2 * PART).open(device), f.BlobState)
        assert code_of(await Blob(1).open(device)) == WireCode.FULL


async def test_the_number_of_blobs_and_their_sum_are_bounded(tmp_path: Path) -> None:
    limits = Limits(blobs_per_account=2, blobs_bytes=3 * PART)
    async with a_place(tmp_path, limits=limits) as (relay, _, device, _):
        for _ in range(2):
            assert isinstance(await Blob(PART).open(device), f.BlobState)
        full = await Blob(PART).open(device)
        assert (code_of(full), "blobs_per_account" in full.reason) == (WireCode.FULL, True)
        eve = await registered(relay, "eve")
        async with authenticated(relay, eve) as other:
            assert isinstance(await Blob(PART).open(other), f.BlobState)
            full = await Blob(1).open(other)
            assert (code_of(full), "(blobs_bytes)" in full.reason) == (WireCode.FULL, True)


async def test_a_blob_goes_when_its_time_is_over(tmp_path: Path) -> None:
    clock, blob = Clock(), Blob()
    limits = Limits(blob_ttl_s=7 * DAY_S, blobs_per_account=1)
    async with a_place(tmp_path, limits=limits, clock=clock) as (relay, _, device, reader):
        for ttl_s in (0, 2**32 - 1):
            assert (await blob.open(device, ttl_s=ttl_s)).expires_in_s == 7 * DAY_S
        await blob.put(device, 0)
        clock.now_s += 7 * DAY_S - 1
        assert (await blob.fetch(reader)).data == blob.data[:PART]
        clock.now_s += 1
        assert code_of(await blob.fetch(reader)) == WireCode.NOT_FOUND
        assert code_of(await blob.put(device, PART)) == WireCode.NOT_FOUND
        again = await blob.open(device, ttl_s=DAY_S)
        assert again.received_bytes == 0, "begun anew, before anybody has swept"
        clock.now_s += DAY_S
        assert await relay.services.blobs.expire() == 1
        assert not blob.file(tmp_path).exists()
        assert await relay.services.blobs.expire() == 0


async def test_guessing_capabilities_costs_a_rate(tmp_path: Path) -> None:
    limits = Limits(requests_per_network=1, request_burst=4)
    blob = Blob()
    async with a_place(tmp_path, limits=limits) as (_, _, device, reader):
        await blob.put_all(device)
        guesses = [code_of(await Blob(1).fetch(reader)) for _ in range(8)]
        assert set(guesses) == {WireCode.NOT_FOUND, WireCode.SLOW_DOWN}
        assert (await blob.fetch(reader)).data == blob.data, "who knows goes on"


async def test_parts_have_a_rate(tmp_path: Path) -> None:
    blob = Blob()
    limits = Limits(fetches_per_network=1)
    async with a_place(tmp_path, limits=limits) as (_, _, device, reader):
        await blob.put_all(device)
        answers = [await blob.fetch(reader) for _ in range(12)]
        assert WireCode.SLOW_DOWN in {getattr(answer, "code", 0) for answer in answers}


async def test_who_asks_for_much_and_reads_late_gets_all_of_it(tmp_path: Path) -> None:
    blob = Blob(MAX_BLOB_PART_BYTES)
    async with a_place(tmp_path) as (relay, _, device, _), a_raw_socket(relay.address) as reader:
        await blob.put_all(device)
        await reader.open()
        await reader.send(a_frame(encode(f.Anonymous(version=f.VERSION))))
        for number in range(MAX_PENDING_REQUESTS):  # 16 MiB of answers: who queues so much is gone
            request = f.FetchBlob(
                request=number, capability=blob.capability, offset=0, length=MAX_BLOB_PART_BYTES
            )
            await reader.send(a_frame(encode(request)))
        for _ in range(30):
            await trio.testing.wait_all_tasks_blocked(0.01)
            queued = max(session._socket._out_bytes for session in relay.services.sessions)
            assert queued <= 4 * MAX_BLOB_PART_BYTES
        got = []
        while len(got) < MAX_PENDING_REQUESTS:
            frame = decode_tagged((await reader.message())[1], f.by_tag(f.RelayFrame))
            if isinstance(frame, f.BlobPart):
                assert frame.data == blob.data
                got.append(frame.request)
        assert got == list(range(MAX_PENDING_REQUESTS))


async def test_many_connections_that_put_one_blob_make_one_blob(tmp_path: Path) -> None:
    blob = Blob(40 * PART)
    async with a_place(tmp_path) as (relay, bob, _, reader):

        async def put(step: int) -> None:
            async with authenticated(relay, bob) as wire:
                received = (await blob.open(wire)).received_bytes
                while received < len(blob.data):
                    received = (await blob.put(wire, received, step)).received_bytes

        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(put, PART + 100 * number)
        assert (await blob.fetch(reader)).data == blob.data
