"""Every frame in every state, at a live relay: what isn't allowed ends the connection, by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import msgpack
import pytest

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.codec import encode
from restante.protocol.connection import CLIENT_MAY_SEND, State
from restante.relay.limits import Limits
from restante.relay.server import RunningRelay
from tests.protocol.strategies import CLIENT_FRAMES, RELAY_FRAMES
from tests.protocol.test_connection_table import DEVICE_REQUESTS, SAMPLES
from tests.relay.wire import (
    Person,
    Wire,
    anonymous,
    authenticated,
    dialed,
    person,
    registered,
    relay_at,
    subscribed,
)

MANY = Limits(connects_per_network=100_000)


@asynccontextmanager
async def _challenged(relay: RunningRelay, _: Person) -> AsyncIterator[Wire]:
    async with dialed(relay.address) as wire:
        await wire.frame()
        yield wire


@asynccontextmanager
async def _anonymous(relay: RunningRelay, _: Person) -> AsyncIterator[Wire]:
    async with anonymous(relay) as wire:
        yield wire


Reach = Callable[[RunningRelay, Person], AbstractAsyncContextManager[Wire]]
WAYS: dict[State, Reach] = {
    State.CHALLENGED: _challenged,
    State.ANONYMOUS: _anonymous,
    State.DEVICE: authenticated,
    State.SUBSCRIBED: subscribed,
}


async def _end(reach: Reach, relay: RunningRelay, bob: Person, message: bytes) -> int:
    """Send a message in a state; return the code of the relay's Close."""
    async with reach(relay, bob) as wire:
        await wire.socket.send_message(message)
        return int((await wire.closed()).code)


@pytest.mark.parametrize("state", WAYS)
async def test_what_a_state_does_not_allow_ends_the_connection(
    tmp_path: Path, state: State
) -> None:
    allowed = CLIENT_MAY_SEND[state].keys()
    async with relay_at(tmp_path, limits=MANY) as relay:
        bob = await registered(relay, "bob")
        codes = {
            kind.__name__: await _end(WAYS[state], relay, bob, encode(SAMPLES[kind]))
            for kind in (*CLIENT_FRAMES, *RELAY_FRAMES)
            if kind not in allowed
        }
    for kind in RELAY_FRAMES:
        assert codes.pop(kind.__name__) == WireCode.BAD_FRAME, "a relay's frame is none of a client"
    assert codes, "something is forbidden in every state"
    assert set(codes.values()) == {WireCode.BAD_STATE}, codes


async def test_a_frame_with_a_field_too_few_or_too_many_ends_the_connection(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path, limits=MANY) as relay:
        bob = await registered(relay, "bob")
        for kind in CLIENT_FRAMES:
            fields = msgpack.unpackb(encode(SAMPLES[kind]))
            for wrong in (fields[:-1], [*fields, 1]):
                message = msgpack.packb(wrong)
                code = await _end(_anonymous, relay, bob, message)
                assert code == WireCode.BAD_FRAME, kind


async def test_who_is_listed_by_no_account_may_register_and_nothing_else(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, authenticated(relay, person("eve")) as wire:
        for kind in {*DEVICE_REQUESTS, f.Subscribe} - {f.Register}:
            fields: dict[str, Any] = {
                name: getattr(SAMPLES[kind], name) for name in kind.__struct_fields__
            }
            del fields["request"]
            answer = await wire.ask(kind, **fields)
            assert (type(answer), answer.code) == (f.Refused, WireCode.FORBIDDEN), kind


_BILLIONS = b"\xdd\xff\xff\xff\xff"
"""The head of an array of 2^32-1 elements."""


@pytest.mark.parametrize(
    "message",
    [
        _BILLIONS,
        b"\x94\x2e\x01\xc2" + _BILLIONS,
        b"\x94\x2e\x01\xc2\x91\x95\xc4\x10" + bytes(16) + b"\x00\xc2\xc4\x01x" + _BILLIONS,
        b"\x92\x2a" + _BILLIONS,
        b"\x95\x2c\x01\xa1a" + _BILLIONS,
        b"\x94\x2e\x01\xc2\xdc\xff\xff" + b"\xc0" * 65_535,
        b"\x94\x2e\x01\xc2\xc6\xff\xff\xff\xff",
    ],
)
async def test_a_batch_of_billions_costs_no_more_than_its_bytes(
    tmp_path: Path, message: bytes
) -> None:
    async with relay_at(tmp_path) as relay:
        bob = person("bob")
        assert await _end(_anonymous, relay, bob, message) == WireCode.BAD_FRAME
