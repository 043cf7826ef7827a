"""A WebSocket's client side: what it takes, what it answers, and that nothing gets past it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    TextMessage,
)

from restante.client.websocket import (
    MAX_BODY_BYTES,
    QUEUED_MESSAGES,
    ClosedError,
    TurnedAway,
    WebSocket,
)
from restante.protocol.limits import MAX_FRAME_BYTES

PATIENCE_S = 30


class Peer:
    """The other side, which says what it is told to."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.wire = WSConnection(ConnectionType.SERVER)

    async def say(self, *events: Event) -> None:
        for event in events:
            await self.stream.send_all(self.wire.send(event))

    async def hear(self) -> list[Event]:
        data = await self.stream.receive_some(65_536)
        self.wire.receive_data(bytes(data) or None)
        return list(self.wire.events())


@asynccontextmanager
async def between(*answer: Event) -> AsyncIterator[tuple[WebSocket, Peer, TurnedAway | None]]:
    """Open a connection that the peer answers so."""
    ours, theirs = trio.testing.memory_stream_pair()
    peer, socket = Peer(theirs), WebSocket(ours)
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:

            async def answered() -> None:
                await peer.hear()
                await peer.say(*answer)

            nursery.start_soon(answered)
            refusal = await socket.open(nursery, host="relay", target="/", subprotocol="r.v1")
            yield socket, peer, refusal
            nursery.cancel_scope.cancel()


ACCEPTED = AcceptConnection(subprotocol="r.v1")


async def test_messages_come_whole_and_a_ping_in_between_is_answered() -> None:
    async with between(ACCEPTED) as (socket, peer, refusal):
        assert (refusal, socket.subprotocol) == (None, "r.v1")
        await peer.say(
            BytesMessage(data=b"in ", message_finished=False),
            Ping(payload=b"there?"),
            BytesMessage(data=b"parts", message_finished=True),
            TextMessage(data="hello"),
        )
        assert await socket.receive() == b"in parts"
        assert await socket.receive() == ""
        assert [bytes(each.payload) for each in await peer.hear()] == [b"there?"]
        await socket.send(b"out")
        assert [bytes(each.data) for each in await peer.hear()] == [b"out"]


async def test_a_ping_waits_for_its_own_answer_or_the_end() -> None:
    async with between(ACCEPTED) as (socket, peer, _), trio.open_nursery() as nursery:
        nursery.start_soon(socket.ping)
        (asked,) = await peer.hear()
        assert isinstance(asked, Ping)
        await peer.say(asked.response())
    async with between(ACCEPTED) as (socket, peer, _), trio.open_nursery() as nursery:

        async def hang_up() -> None:
            await peer.hear()
            await peer.stream.aclose()

        nursery.start_soon(hang_up)
        with pytest.raises(ClosedError):
            await socket.ping()


async def test_what_came_before_the_end_is_still_received() -> None:
    async with between(ACCEPTED) as (socket, peer, _):
        await peer.say(BytesMessage(data=b"last words"), CloseConnection(code=1001))
        assert await socket.receive() == b"last words"
        with pytest.raises(ClosedError):
            await socket.receive()
        with pytest.raises(ClosedError):
            await socket.send(b"too late")
        await socket.aclose()


async def test_closing_says_goodbye_though_nobody_took_what_came() -> None:
    async with between(ACCEPTED) as (socket, peer, _), trio.open_nursery() as nursery:
        for _ in range(QUEUED_MESSAGES + 2):
            await peer.say(BytesMessage(data=b"unread"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(socket.aclose)
        (goodbye,) = await peer.hear()
        assert isinstance(goodbye, CloseConnection)
        await peer.say(goodbye.response())


@pytest.mark.parametrize("parts", [1, 4])
async def test_a_message_past_the_bound_ends_the_connection(parts: int) -> None:
    async with between(ACCEPTED) as (socket, peer, _), trio.open_nursery() as nursery:
        piece = b"x" * (MAX_FRAME_BYTES // parts + 1)

        async def flood() -> None:
            for _ in range(parts):
                await peer.say(BytesMessage(data=piece, message_finished=False))

        nursery.start_soon(flood)
        with pytest.raises(ClosedError):
            await socket.receive()
        (ended,) = await peer.hear()
        assert isinstance(ended, CloseConnection)
        assert ended.code == 1009


@pytest.mark.parametrize("size", [12, MAX_BODY_BYTES + 1])
async def test_being_turned_away_is_an_answer_with_a_bounded_body(size: int) -> None:
    rejected = RejectConnection(status_code=429, headers=[(b"retry-after", b"7")], has_body=True)
    body = RejectData(data=b"b" * size, body_finished=True)
    async with between(rejected, body) as (socket, _, refusal):
        assert refusal is not None
        assert (refusal.status_code, socket.subprotocol) == (429, None)
        assert (b"retry-after", b"7") in refusal.headers
        assert refusal.body == (b"b" * size if size <= MAX_BODY_BYTES else b"")


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_make_the_reader_raise(noise: bytes, is_accepted: bool) -> None:
    async def main() -> None:
        ours, theirs = trio.testing.memory_stream_pair()
        peer, socket = Peer(theirs), WebSocket(ours)
        async with trio.open_nursery() as nursery:

            async def answered() -> None:
                await peer.hear()
                if is_accepted:
                    await peer.say(ACCEPTED)
                await theirs.send_all(noise)
                await theirs.aclose()

            nursery.start_soon(answered)
            await socket.open(nursery, host="relay", target="/", subprotocol="r.v1")
            with suppress(ClosedError):
                while True:
                    await socket.receive()

    trio.run(main)
