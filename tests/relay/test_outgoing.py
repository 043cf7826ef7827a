"""What a commit brings is written at its end: at once as far as it goes, the rest by a task."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio

from restante.relay.socket import MessageSocket, Outgoing
from restante.relay.turns import Turns

PATIENCE_S = 20
NETWORK = b"\x7f\0\0\1"


class Tasks:
    """Counts the tasks that were asked for, and runs them."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self.count = 0

    def spawn(self, task: Callable[[], Awaitable[None]]) -> None:
        self.count += 1
        self._nursery.start_soon(task)


@asynccontextmanager
async def connections(
    count: int,
) -> AsyncIterator[tuple[Tasks, Outgoing, list[tuple[MessageSocket, trio.SocketStream]]]]:
    """Yield our ends and the peers', whose buffers are small, and who has ours write."""
    async with trio.open_nursery() as nursery, AsyncExitStack() as stack:
        tasks = Tasks(nursery)
        outgoing = Outgoing(tasks.spawn)
        made: list[tuple[MessageSocket, trio.SocketStream]] = []
        for _ in range(count):
            ours, theirs = socket.socketpair()
            for end in (ours, theirs):
                end.setblocking(False)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            here, there = (
                trio.SocketStream(trio.socket.from_stdlib_socket(s)) for s in (ours, theirs)
            )
            turns = Turns()
            peer = MessageSocket(here, network=NETWORK, outgoing=outgoing, write_s=20, turns=turns)
            made.append((peer, there))
            for stream in (here, there):
                stack.push_async_callback(trio.aclose_forcefully, stream)
        yield tasks, outgoing, made


async def read(stream: trio.SocketStream, size: int) -> bytes:
    """Return so many bytes, once they have come."""
    data = b""
    with trio.fail_after(PATIENCE_S):
        while len(data) < size:
            data += await stream.receive_some(65_536)
    return data


async def test_what_fits_is_written_in_order_and_without_a_task() -> None:
    async with connections(2) as (tasks, outgoing, [(first, peer), (second, other)]):
        with outgoing.together():
            first.put(b"one ")
            second.put(b"two")
            first.put(b"three")
        assert await read(peer, 9) == b"one three"
        assert await read(other, 3) == b"two"
        assert tasks.count == 0
        first.put(b"later")
        assert tasks.count == 1
        assert await read(peer, 5) == b"later"


async def test_nothing_is_written_before_the_end() -> None:
    async with connections(1) as (_, outgoing, [(ours, peer)]):
        with outgoing.together():
            ours.put(b"late")
            with pytest.raises(BlockingIOError):
                os.read(peer.socket.fileno(), 1)
        assert await read(peer, 4) == b"late"


async def test_what_does_not_fit_follows_whole_and_in_order() -> None:
    async with connections(1) as (tasks, outgoing, [(ours, peer)]):
        data = bytes(range(256)) * 4096
        with outgoing.together():
            ours.put(data)
        assert tasks.count == 1
        with outgoing.together():
            ours.put(b"the end")
        assert tasks.count == 1, "the one that writes takes it along"
        assert await read(peer, len(data) + 7) == data + b"the end"


async def test_who_is_gone_disturbs_nobody() -> None:
    async with connections(2) as (_, outgoing, [(gone, peer), (there, other)]):
        await peer.aclose()
        with outgoing.together():
            gone.put(b"nobody reads this")
            there.put(b"this is read")
        assert await read(other, 12) == b"this is read"
        with trio.fail_after(PATIENCE_S):
            while not gone.is_ending:
                await trio.lowlevel.checkpoint()
