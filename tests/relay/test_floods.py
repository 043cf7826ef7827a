"""A flood from one network: the others are served in between, and what it costs is bounded."""

from __future__ import annotations

import gc
import os
import ssl
import weakref
from collections import Counter
from contextlib import suppress
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
from restante.relay.turns import LOOK_UPS, SLICE_S, Turns
from restante.relay.websocket import MAX_LATE_BYTES
from tests.relay.authority import Authority
from tests.relay.raw_socket import a_frame, a_raw_socket
from tests.relay.wire import anonymous, registered, relay_at, subscribed

TASKS = 20
PIECES = 10


async def _work(turns: Turns, network: bytes, seen: Counter[int]) -> None:
    """Do pieces of work, each as long as half a slice; count them by their round."""
    for _ in range(PIECES):
        began, in_round = await turns.take(network)
        seen[in_round] += 1
        while perf_counter() < began + SLICE_S / 2:
            pass
        turns.end(network, began, in_round)


async def _rounds_of_a_flood(*, has_company: bool) -> Counter[int]:
    turns, seen, others = Turns(), Counter[int](), Counter[int]()
    trio.lowlevel.add_instrument(turns)

    async def company() -> None:
        while True:
            turns.begin(b"other")
            others[turns.round] += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        if has_company:
            nursery.start_soon(company)
            await trio.lowlevel.checkpoint()
        async with trio.open_nursery() as flood:
            for _ in range(TASKS):
                flood.start_soon(_work, turns, b"flood", seen)
        nursery.cancel_scope.cancel()
    trio.lowlevel.remove_instrument(turns)
    assert seen.total() == TASKS * PIECES, "nobody is forgotten"
    assert not has_company or seen.keys() <= others.keys(), "others run in every round"
    return seen


async def test_in_company_a_network_gets_a_slice_of_each_round() -> None:
    seen = await _rounds_of_a_flood(has_company=True)
    assert max(seen.values()) <= 3


async def test_who_is_alone_has_all_of_the_time() -> None:
    seen = await _rounds_of_a_flood(has_company=False)
    assert max(seen.values()) > TASKS


async def test_what_cannot_be_cut_is_done_once_a_round() -> None:
    turns, seen = Turns(), Counter[int]()
    trio.lowlevel.add_instrument(turns)

    async def greeting() -> None:
        _, in_round = await turns.take(b"flood")
        turns.charge(b"flood")
        seen[in_round] += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        turns.begin(b"other")
        async with trio.open_nursery() as flood:
            for _ in range(TASKS):
                flood.start_soon(greeting)
        nursery.cancel_scope.cancel()
    trio.lowlevel.remove_instrument(turns)
    assert seen.total() == TASKS
    assert max(seen.values()) == 1


async def test_handshakes_in_tls_that_begin_together_are_signed_one_a_round(
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
    turns, seen = Turns(), Counter[int]()
    trio.lowlevel.add_instrument(turns)

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

    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        turns.begin(b"other")
        async with trio.open_nursery() as flood:
            for _ in range(TASKS):
                flood.start_soon(handshake)
        nursery.cancel_scope.cancel()
    trio.lowlevel.remove_instrument(turns)
    assert seen.total() == TASKS
    assert max(seen.values()) == 1


@pytest.mark.parametrize("has_company", [False, True])
async def test_of_one_network_few_look_things_up_at_a_time(*, has_company: bool) -> None:
    turns, under_way = Turns(), Counter[bytes]()
    for network in (b"flood", b"other")[: 1 + has_company]:
        turns.begin(network)
    most: Counter[bytes] = Counter()

    async def look_up(network: bytes) -> None:
        async with turns.look_up(network):
            under_way[network] += 1
            most[network] = max(most[network], under_way[network])
            await trio.lowlevel.checkpoint()
            under_way[network] -= 1

    async with trio.open_nursery() as nursery:
        for _ in range(5 * LOOK_UPS):
            nursery.start_soon(look_up, b"flood")
        nursery.start_soon(look_up, b"other")
    assert most == {b"flood": 1 if has_company else LOOK_UPS, b"other": 1}


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
