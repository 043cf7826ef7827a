"""The relay's side of connections: whole binary messages in and out, each within its deadline.

A connection is one task, which reads and calls the handler for each message; what it sends is
queued, and written by a task that lives only while there is something to write: an idle connection
costs little, a busy one few wake-ups. Rules: no exception of one connection reaches another; every
wait for a peer has a deadline, and what waits for it is bounded. Knows no frame and no WebSocket.
Spec: docs/protocol/wire.md, section 1.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import trio

from restante.protocol.limits import PING_INTERVAL_S
from restante.relay.refusal import Headers, TurnedAway
from restante.relay.turns import Turns
from restante.relay.websocket import CLOSE_TIMEOUT_S, ENDS, MessageHandler, WebSocket

WRITE_PIECE_BYTES: Final = 65_536
"""What must have left within the write deadline: 20 s for it is the speed of a bad modem."""

MAX_QUEUED_BYTES: Final = 16 * 1024 * 1024
"""Past every window and every answer: who lets so much pile up is cut off."""

_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)

Spawn = Callable[[Callable[[], Awaitable[None]]], None]
"""Starts a task that never raises, in a nursery that outlives the connection."""


class Outgoing:
    """When connections write: each by a task of its own, or those of one commit at its end."""

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn
        self._together: list[MessageSocket] | None = None

    def write_soon(self, socket: MessageSocket) -> None:
        """Have a connection write that has begun to queue."""
        if self._together is None:
            self._spawn(socket.write)
        else:
            self._together.append(socket)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what the block queues at its end, in order, as far as nobody has to be waited for.

        A task for each is dearer than what it writes, and begins a turn of the loop later.
        """
        sockets: list[MessageSocket] = []
        self._together = sockets
        try:
            yield
        finally:
            self._together = None
            for socket in sockets:
                if not socket.write_now():
                    self._spawn(socket.write)


class MessageSocket:
    """An accepted connection that carries whole binary messages."""

    def __init__(
        self,
        stream: trio.abc.Stream,
        *,
        network: bytes,
        outgoing: Outgoing,
        write_s: float,
        turns: Turns,
    ) -> None:
        self.turns = turns
        self.network = network
        """The peer's IPv4 address or IPv6 /64, packed: to count by, never to log or store."""
        self._stream = stream
        self._outgoing = outgoing
        self._write_s = write_s
        self._connection = WebSocket(stream, self)
        self.on_request: Callable[[Headers], TurnedAway | None] | None = None
        """Asked once, with the request's headers, whether the connection may come in."""
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._is_writing = False
        self._written: trio.Event | None = None
        self._has_room: trio.Event | None = None
        self._is_ending = False
        self._life = trio.CancelScope()
        self._pinged_at = trio.current_time()

    async def serve(self, on_open: Callable[[], None], on_message: MessageHandler) -> None:
        """Shake hands and read until either side ends. Calls `on_open` once, then `on_message`.

        Raises what the two raise, and nothing else.
        """
        self._connection.on_open = on_open
        self._connection.on_message = on_message
        try:
            with self._life, suppress(*ENDS, *_GONE):
                await self._connection.read()
                # Read to the end: what is queued (a goodbye, a refusal) still goes out.
                if self._is_writing:
                    self._written = trio.Event()
                    await self._written.wait()
                await self._connection.linger()
        finally:
            self._is_ending = True
            self._out.clear()
            self._connection.let_go()
            await trio.aclose_forcefully(self._stream)

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is read or sent."""
        return self._is_ending

    def send_soon(self, message: bytes) -> None:
        """Queue one message. Never waits and never raises; after the end it does nothing."""
        if not self._is_ending and self._connection.is_open:
            self._connection.queue_message(message)

    async def room(self, most_bytes: int) -> None:
        """Wait until no more than so much is queued: an answer to come is not worth its memory.

        Ends with the connection, whose writing has a deadline.
        """
        while self._out_bytes > most_bytes and not self._is_ending:
            self._has_room = trio.Event()
            await self._has_room.wait()

    def end_soon(self) -> None:
        """Say goodbye after what is queued, read nothing more, and be gone within the timeout."""
        if self._is_ending:
            return
        if self._connection.is_open:
            self._connection.say_goodbye()
        self._is_ending = True
        self._tell_room()
        self._life.deadline = min(
            self._life.deadline, trio.current_time() + CLOSE_TIMEOUT_S + self._write_s
        )

    def _tell_room(self) -> None:
        if self._has_room is not None:
            self._has_room.set()
            self._has_room = None

    def abort(self) -> None:
        """Close without a goodbye, now."""
        self._is_ending = True
        self._life.cancel()

    def end_by(self, deadline: float) -> None:
        """Be gone at a time of trio's clock, whatever happens; `math.inf` takes that back."""
        self._life.deadline = deadline

    def watch(self, now: float, *, idle_s: float, message_s: float) -> str:
        """Ping a silent peer; return which limit it has passed by its silence, or an empty text."""
        self._connection.pings = 0
        began_at = self._connection.message_began_at
        if now - self._connection.heard_at > idle_s:
            return "idle_s"
        if began_at is not None and now - began_at > message_s:
            return "message_s"
        if now - max(self._connection.heard_at, self._pinged_at) >= PING_INTERVAL_S:
            self._pinged_at = now
            if self._connection.is_open and not self._is_ending:
                self._connection.ping_soon()
        return ""

    def put(self, data: bytes) -> None:
        """Queue bytes of the connection's own."""
        self._out.append(data)
        self._out_bytes += len(data)
        if self._out_bytes > MAX_QUEUED_BYTES:
            self.abort()
        elif not self._is_writing:
            self._is_writing = True
            self._outgoing.write_soon(self)

    def write_now(self) -> bool:
        """Write what the system takes at once; False: `write` is to follow. Never raises."""
        if not isinstance(self._stream, trio.SocketStream):
            return False
        data = self._taken()
        try:
            left = data[os.write(self._stream.socket.fileno(), data) :]
        except OSError:  # it can't take any now, or is broken, which `write` meets again
            left = data
        self._out_bytes -= len(data) - len(left)
        if left:
            self._out.append(left)
            return False
        self._has_written()
        return True

    def _taken(self) -> bytes:
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        return data

    async def write(self) -> None:
        """Write what is queued, a piece within each deadline. Never raises."""
        try:
            while self._out:
                data = self._taken()
                view = memoryview(data)
                for start in range(0, len(view), WRITE_PIECE_BYTES):
                    with trio.move_on_after(self._write_s) as scope:
                        await self._stream.send_all(view[start : start + WRITE_PIECE_BYTES])
                    if scope.cancelled_caught:
                        # Half a frame may have left: nothing that follows would be understood.
                        self.abort()
                        return
                self._out_bytes -= len(data)
                self._tell_room()
        except _GONE:
            self.abort()
        finally:
            self._has_written()

    def _has_written(self) -> None:
        self._is_writing = False
        self._tell_room()
        if self._is_ending:  # the goodbye has left: what remains is the peer's answer
            answered_by = trio.current_time() + CLOSE_TIMEOUT_S
            self._life.deadline = min(self._life.deadline, answered_by)
        if self._written is not None:
            self._written.set()
