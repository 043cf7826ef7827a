"""A flood from one network: the others are served in between, and what it costs is bounded."""

from __future__ import annotations

import gc
import os
import ssl
import weakref
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter

import pytest
import trio
import trio.testing

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.codec import encode
from restante.relay.handshakes import shake_hands
from restante.relay.limits import Limits
from restante.relay.turns import LOOK_UP_S, LOOK_UPS, SHARE, SLICE_S, Turns
from restante.relay.websocket import MAX_LATE_BYTES
from tests.relay.authority import Authority
from tests.relay.raw_socket import a_frame, a_raw_socket
from tests.relay.wire import anonymous, registered, relay_at, subscribed

TASKS = 20
PIECES = 10
AT_ONCE = 5
"""One or two, but for a machine that stands still for longer than somebody waits."""


@asynccontextmanager
async def turns_of_a_flood(*, has_company: bool) -> AsyncIterator[Turns]:
    """Yield turns that are looked after, of a network that is alone or isn't."""
    turns = Turns()
    trio.lowlevel.add_instrument(turns)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        for network in (b"flood", b"other")[: 1 + has_company]:
            turns.begin(network)
        yield turns
        nursery.cancel_scope.cancel()
    trio.lowlevel.remove_instrument(turns)


def _busy(span_s: float) -> None:
    until = perf_counter() + span_s
    while perf_counter() < until:
        pass


async def _rounds_of_a_flood(*, has_company: bool) -> tuple[Counter[int], float]:
    """Do pieces of work, each half a slice long; return their rounds, and how long all took."""
    seen = Counter[int]()
    async with turns_of_a_flood(has_company=has_company) as turns:

        async def work() -> None:
            for _ in range(PIECES):
                began, in_round = await turns.take(b"flood")
                seen[in_round] += 1
                _busy(SLICE_S / 2)
                turns.end(b"flood", began, in_round)

        began = perf_counter()
        async with trio.open_nursery() as flood:
            for _ in range(TASKS):
                flood.start_soon(work)
        took_s = perf_counter() - began
    assert seen.total() == TASKS * PIECES, "nobody is forgotten"
    return seen, took_s


async def test_in_company_a_network_gets_its_share_of_the_time_in_slices() -> None:
    seen, took_s = await _rounds_of_a_flood(has_company=True)
    assert max(seen.values()) <= AT_ONCE
    assert took_s > TASKS * PIECES * SLICE_S / 2 / SHARE - 2 * SLICE_S / SHARE


async def test_who_is_alone_has_all_of_the_time() -> None:
    seen, _ = await _rounds_of_a_flood(has_company=False)
    assert max(seen.values()) > TASKS


async def test_nobody_else_waits_for_the_share_of_a_flood() -> None:
    async with turns_of_a_flood(has_company=True) as turns:
        turns.spend(b"flood", SLICE_S * 2)
        assert turns.begin(b"flood") is None
        assert turns.begin(b"other") is not None


async def test_who_comes_with_many_devices_is_not_served_later_for_it() -> None:
    async with turns_of_a_flood(has_company=True) as turns:
        for _ in range(TASKS // 4):
            await turns.greet(b"office")
        assert turns.begin(b"office") is not None


async def test_what_cannot_be_cut_is_done_one_after_the_other() -> None:
    seen = Counter[int]()
    async with turns_of_a_flood(has_company=True) as turns:

        async def greeting() -> None:
            await turns.greet(b"flood")
            seen[turns.round] += 1

        async with trio.open_nursery() as flood:
            for _ in range(TASKS):
                flood.start_soon(greeting)
    assert seen.total() == TASKS
    assert max(seen.values()) <= AT_ONCE


@pytest.mark.parametrize("has_company", [False, True])
async def test_what_is_looked_up_for_a_network_is_of_its_share(*, has_company: bool) -> None:
    late = 0
    async with turns_of_a_flood(has_company=has_company) as turns:
        for _ in range(5):
            async with turns.look_up(b"flood"):
                _busy(LOOK_UP_S)
            late += turns.begin(b"flood") is None
    assert bool(late) == has_company


async def test_handshakes_in_tls_that_begin_together_are_not_signed_all_at_once(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    authority.write()
    signs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signs.load_cert_chain(*authority.files.values())
    client, hello = ssl.create_default_context(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        client.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="relay").do_handshake()
    said = hello.read()
    seen = Counter[int]()

    async def answered() -> None:
        seen[turns.round] += 1

    async def handshake() -> None:
        ours, theirs = trio.testing.memory_stream_pair()
        theirs.send_stream.send_all_hook = answered
        await ours.send_all(said)
        await ours.send_eof()
        stream = trio.SSLStream(theirs, signs, server_side=True, https_compatible=True)
        with suppress(trio.BrokenResourceError):
            await shake_hands(stream, network=b"flood", turns=turns)
        assert stream.transport_stream is theirs

    async with turns_of_a_flood(has_company=True) as turns, trio.open_nursery() as flood:
        for _ in range(TASKS):
            flood.start_soon(handshake)
    assert seen.total() == TASKS
    assert max(seen.values()) <= AT_ONCE


@pytest.mark.parametrize("has_company", [False, True])
async def test_of_one_network_few_look_things_up_at_a_time(*, has_company: bool) -> None:
    under_way, most = Counter[bytes](), Counter[bytes]()

    async def look_up(network: bytes) -> None:
        async with turns.look_up(network):
            under_way[network] += 1
            most[network] = max(most[network], under_way[network])
            await trio.sleep(4 * LOOK_UP_S / SHARE)  # its share would let the next one begin
            under_way[network] -= 1

    async with turns_of_a_flood(has_company=has_company) as turns, trio.open_nursery() as nursery:
        for _ in range(5 * LOOK_UPS):
            nursery.start_soon(look_up, b"flood")
        if has_company:
            nursery.start_soon(look_up, b"other")
    assert most == ({b"flood": 1, b"other": 1} if has_company else {b"flood": LOOK_UPS})


async def test_who_is_told_to_slow_down_and_does_not_is_read_more_slowly(tmp_path: Path) -> None:
    limits = Limits(refusals_per_network=1, requests_per_network=1, request_burst=1)
    async with relay_at(tmp_path, limits=limits) as relay, anonymous(relay) as wire:
        asked = 20
        for _ in range(asked):
            await wire.send(f.FetchCode(request=wire.number(), lookup_id=os.urandom(16)))
        answers = [(await wire.frame()).code for _ in range(asked // 2)]
        assert answers.count(WireCode.SLOW_DOWN) == asked // 2 - 1
        answered = len(answers)
        with trio.move_on_after(0.5):
            while answered < asked:
                await wire.frame()
                answered += 1
        assert answered < asked, "not all at once"
        await wire.frame()  # but it goes on


async def test_what_comes_after_a_goodbye_is_not_read_for_ever(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, a_raw_socket(relay.address) as socket:
        await socket.open()
        await socket.send(a_frame(encode(f.Anonymous(version=200))))
        sent, chunk = 0, a_frame(bytes(60_000))
        while await socket.send(chunk):
            sent += len(chunk)
            assert sent < 20 * MAX_LATE_BYTES


async def test_a_connection_that_has_ended_leaves_nothing_to_the_collector(tmp_path: Path) -> None:
    """Thousands of them at once, freed by the collector, would be a pause for everybody."""
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        while relay.services.sessions:
            await trio.testing.wait_all_tasks_blocked(0.01)
        gc.disable()
        try:
            async with subscribed(relay, bob), anonymous(relay):
                ended = [weakref.ref(session) for session in relay.services.sessions]
            assert len(ended) == 2
            with trio.fail_after(10):
                while [session for session in ended if session() is not None]:
                    await trio.testing.wait_all_tasks_blocked(0.01)
        finally:
            gc.enable()
