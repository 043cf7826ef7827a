"""The engine's pure parts: pauses, clock, states of a message, events for slow watchers."""

from __future__ import annotations

from itertools import product

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from restante.client.backoff import backoff_s, unit_interval
from restante.client.clock import rfc3339
from restante.client.events import MAX_QUEUED_EVENTS, EventHub
from restante.client.failures import RefusedError, wire_code
from restante.client.interface import ConnectionPhase, MessageState, Resync, Status, StatusChanged
from restante.client.states import MAY_BECOME, moved, overall
from restante.errors import ExitCode, WireCode
from restante.protocol.address import RelayAddress


@given(
    st.integers(1, 1000),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1000),
)
def test_a_pause_is_bounded_and_no_shorter_than_the_relay_asked(
    attempts: int, chance: float, at_least_s: float
) -> None:
    pause = backoff_s(attempts, chance, first_s=1.0, longest_s=300.0, at_least_s=at_least_s)
    assert pause >= at_least_s
    assert pause <= max(300.0, 1.25 * at_least_s)
    assert pause >= 0.5


def test_pauses_grow_and_differ_by_chance() -> None:
    quiet = [backoff_s(n, 0.0, first_s=1.0, longest_s=300.0) for n in range(1, 12)]
    assert quiet == sorted(quiet)
    assert quiet[0] == 0.5
    assert quiet[-1] == 150.0
    assert backoff_s(3, 0.9, first_s=1.0, longest_s=300.0) > quiet[2]


@given(st.binary(min_size=7, max_size=7))
def test_chance_is_in_the_unit_interval(drawn: bytes) -> None:
    assert 0 <= unit_interval(drawn) < 1


@pytest.mark.parametrize(
    ("at_ms", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_770_000_000_007, "2026-02-02T02:40:00.007Z"),
        (2**62, "9999-12-31T23:59:59.999Z"),
        (-5, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_any_time_a_peer_claims_can_be_written(at_ms: int, written: str) -> None:
    assert rfc3339(at_ms) == written


def test_nothing_undoes_what_the_recipient_has_said() -> None:
    for state, to in product(MessageState, MessageState):
        if state is MessageState.READ:
            assert moved(state, to) is None
        if state is MessageState.DELIVERED:
            assert moved(state, to) in {None, MessageState.READ}
    for state in MessageState:
        if state not in {MessageState.READ, MessageState.DELIVERED}:
            assert MAY_BECOME[state] >= {MessageState.DELIVERED, MessageState.READ}


def test_a_message_to_several_is_as_far_as_its_slowest_part() -> None:
    m = MessageState
    assert overall([m.RELAYED, m.QUEUED]) is m.QUEUED
    assert overall([m.RELAYED, m.AWAITING_ACCEPTANCE]) is m.AWAITING_ACCEPTANCE
    assert overall([m.FAILED, m.RELAYED]) is m.RELAYED
    assert overall([m.FAILED, m.FAILED]) is m.FAILED


def an_event(number: int) -> StatusChanged:
    return StatusChanged(
        status=Status(
            profile=str(number),
            address=None,
            device=None,
            phase=ConnectionPhase.OFFLINE,
            since="",
            retry_in_s=None,
            outbox_count=0,
            error=None,
            pid=0,
        )
    )


async def test_a_slow_watcher_gets_one_resync_and_then_what_is_new() -> None:
    hub = EventHub()
    async with hub.subscribe() as slow:
        hub.publish(an_event(number) for number in range(MAX_QUEUED_EVENTS + 1))
        hub.publish([an_event(-1)])
        with trio.fail_after(5):
            assert isinstance(await anext(slow), Resync)
            assert await anext(slow) == an_event(-1)
    assert not hub.is_watched


async def test_closing_the_hub_ends_every_watch() -> None:
    hub = EventHub()
    seen: list[object] = []

    async def watch() -> None:
        async with hub.subscribe() as events:
            seen.extend([event async for event in events])

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            while not hub.is_watched:
                await trio.lowlevel.checkpoint()
            hub.publish([an_event(1)])
            hub.close()
    assert seen == [an_event(1)]


def test_every_refusal_is_a_sentence_with_an_exit_code() -> None:
    relay = RelayAddress(host="relay.example")
    for code in WireCode:
        error = RefusedError(code, relay, retry_after_s=7)
        assert str(error).endswith("Try again in 7 s.")
        assert error.exit_code not in {ExitCode.OK, ExitCode.BUG}
        assert error.code is code
    assert wire_code(250) is WireCode.INTERNAL


@pytest.mark.parametrize(
    ("reason", "limit"),
    [
        ("too many requests (fetches_per_network)", "fetches_per_network"),
        ("call 0900 (now)(a)", ""),
        ("\x1b]0;owned\x07 (\x1b[31mred)", ""),
        ("(blobs) and more", ""),
        ("", ""),
    ],
)
def test_of_a_relays_reason_only_a_limits_name_is_ever_shown(reason: str, limit: str) -> None:
    relay = RelayAddress(host="relay.example")
    error = RefusedError(WireCode.SLOW_DOWN, relay, reason=reason)
    assert error.limit == limit
    assert (f"called {limit}." in str(error)) is bool(limit)
    assert "\x1b" not in str(error)
