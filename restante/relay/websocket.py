"""WebSocket over a stream, the relay's side: bytes in, whole binary messages out, and the reverse.

The only module of the relay that knows trio-websocket. Rules: a message has bounded bytes and
fragments; nothing is ever compressed (its length would tell more than buckets do); after a goodbye
little is read, and slowly. Knows no frame, and no deadline but its goodbye's.
Spec: docs/protocol/wire.md, section 1.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

import trio
from trio_websocket import ConnectionClosed, HandshakeError, WebSocketConnection
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, Request, TextMessage
from wsproto.frame_protocol import XorMaskerSimple
from wsproto.utilities import ProtocolError

from restante.protocol.frames import SUBPROTOCOL
from restante.protocol.limits import MAX_FRAGMENTS, MAX_FRAME_BYTES
from restante.relay.refusal import Headers, TurnedAway
from restante.relay.turns import Turns

RECEIVE_BUFFER_BYTES: Final = 65_536
"""The library's 4 KiB make a frame of 30 KB 2.6 times as dear."""

MAX_PINGS: Final = 64
"""Pings of a peer between two looks at it, seconds apart: each costs us an answer."""

CLOSE_TIMEOUT_S: Final = 2
"""How long a peer may take to answer our goodbye."""

MAX_LATE_BYTES: Final = 2 * MAX_FRAME_BYTES
LATE_PAUSE_S: Final = 0.02
"""What is still read after our goodbye, and how slowly: somebody in the middle of a frame learns
why, and whoever just goes on sending costs no more than that."""

MAX_REQUEST_BYTES: Final = 8192
"""Of the HTTP request that opens a WebSocket."""

ENDS: Final = (HandshakeError, ConnectionClosed, ProtocolError)
"""What `read` raises when the peer speaks no WebSocket, or no more."""

_NORMAL: Final = 1000
_TOO_LARGE: Final = 1009
_NOT_BINARY: Final = 1003
_SLOW_DOWN: Final = 1008

_END_OF_REQUEST: Final = b"\r\n\r\n"
_WHOLE_BINARY: Final = 0x82
_MASKED: Final = 0x80
_LENGTH_OF_2: Final = 126
_LENGTH_OF_8: Final = 127
_SHORT_HEAD_BYTES: Final = 6
"""Two bytes and the mask."""

_HEAD: Final = struct.Struct("!BB")
_HEAD_OF_2: Final = struct.Struct("!BBH")
_HEAD_OF_8: Final = struct.Struct("!BBQ")

MessageHandler = Callable[[bytes], Awaitable[None]]


def receiver(stream: trio.abc.Stream) -> Callable[[], Awaitable[bytes | bytearray]]:
    """Return how to read from a stream, as `receive_some` does.

    The library reads before it waits, which finds nothing after nearly every frame.
    """
    if not isinstance(stream, trio.SocketStream):
        return partial(stream.receive_some, RECEIVE_BUFFER_BYTES)
    socket = stream.socket

    async def receive() -> bytes:
        while True:
            await trio.lowlevel.wait_readable(socket)
            with suppress(BlockingIOError):
                return os.read(socket.fileno(), RECEIVE_BUFFER_BYTES)

    return receive


class Owner(Protocol):
    """Whose connection it is: it writes the bytes, and says whether anything more is read."""

    turns: Turns
    network: bytes
    on_request: Callable[[Headers], TurnedAway | None] | None

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is read or sent."""

    def put(self, data: bytes) -> None:
        """Queue bytes."""


class WebSocket(WebSocketConnection):
    """The library's connection, with a reader of ours and a fast lane for whole binary messages.

    The library opens and closes, answers pings, joins fragments and refuses what is no WebSocket.
    A binary message in one frame, which is nearly all that comes, is unmasked here and handed on;
    the library would take it through twelve calls, a channel to another task, and, for what is
    sent, a lock and a turn of the scheduler each: two thirds of what a small message costs.
    """

    socket: Owner
    on_open: Callable[[], None]
    on_message: MessageHandler
    heard_at = 0.0
    message_began_at: float | None = None
    pings = 0
    has_refused = False
    _fragments = 0
    _late_bytes = 0

    def __init__(self, stream: trio.abc.Stream, socket: Owner) -> None:
        super().__init__(
            stream,
            WSConnection(ConnectionType.SERVER),
            message_queue_size=0,
            max_message_size=MAX_FRAME_BYTES,
            receive_buffer_size=RECEIVE_BUFFER_BYTES,
        )
        self.socket = socket

    async def read(self) -> None:
        """Read until the stream or the peer ends. Raises ENDS, and what a broken stream does."""
        self.heard_at = trio.current_time()
        receive = receiver(self._stream)
        buffer = bytearray()
        while not self.is_open:
            data = await receive()
            buffer += data
            end = buffer.find(_END_OF_REQUEST) + len(_END_OF_REQUEST)
            if not data or len(buffer) > MAX_REQUEST_BYTES:
                return
            if end >= len(_END_OF_REQUEST):
                network, turns = self.socket.network, self.socket.turns
                began, in_round = await turns.take(network)
                await self._by_library(bytes(buffer[:end]))
                turns.end(network, began, in_round)
                del buffer[:end]
                if not self.is_open:
                    return
        while await self._take_frames(buffer):
            if buffer:
                self.message_began_at = self.message_began_at or self.heard_at
            elif not self._message_parts:
                self.message_began_at = None
            data = await receive()
            if not data or not await self._still_listens(data):
                return
            buffer += data

    async def _still_listens(self, data: bytes | bytearray) -> bool:
        """After our goodbye: read on for the peer's, slowly, and not for ever."""
        if self.socket.is_ending or self.has_refused:
            self._late_bytes += len(data)
            await trio.sleep(LATE_PAUSE_S)
        return self._late_bytes <= MAX_LATE_BYTES

    async def _take_frames(self, buffer: bytearray) -> bool:
        """Take all whole frames off the buffer; False: read no further.

        Source: RFC 6455, section 5.2.
        """
        at, length = 0, len(buffer)
        network, turns = self.socket.network, self.socket.turns
        while length - at >= _SHORT_HEAD_BYTES and self._reader_running:
            first, second = buffer[at], buffer[at + 1]
            size, start = second & 0x7F, at + _SHORT_HEAD_BYTES
            least = 0
            if size == _LENGTH_OF_2:
                start, least = start + 2, _LENGTH_OF_2
                size = int.from_bytes(buffer[at + 2 : at + 4], "big")
            elif size == _LENGTH_OF_8:
                start, least = start + 8, 1 << 16
                if length < start:
                    break
                size = int.from_bytes(buffer[at + 2 : at + 10], "big")
            end = start + size
            if not second & _MASKED or size > self._max_message_size:
                await self._by_library(bytes(buffer[at:start]))
                self._refuse(_TOO_LARGE)
                break
            if length < end:
                break
            if first == _WHOLE_BINARY and size >= least and not self._message_parts:
                self.heard_at = trio.current_time()
                if not self.socket.is_ending:
                    began, in_round = turns.begin(network), turns.round
                    if began is None:
                        began, in_round = await turns.wait(network), turns.round
                    mask = XorMaskerSimple(bytes(buffer[start - 4 : start]))
                    await self.on_message(bytes(mask.process(buffer[start:end])))
                    turns.end(network, began, in_round)
            else:
                await self._by_library(bytes(buffer[at:end]))
            at = end
        del buffer[:at]
        return self._reader_running

    async def _by_library(self, data: bytes) -> None:
        """Have the library take bytes that end where a frame ends, and act on what they were."""
        try:
            self._wsproto.receive_data(data)
            for event in self._wsproto.events():
                if isinstance(event, Request):
                    await self._handle_request_event(event)
                elif isinstance(event, (BytesMessage, TextMessage)):
                    await self._handle_message_event(event)
                elif isinstance(event, Ping):
                    await self._handle_ping_event(event)
                elif isinstance(event, Pong):
                    self.heard_at = trio.current_time()
                elif isinstance(event, CloseConnection):
                    self._handle_goodbye(event)
        except ProtocolError as error:
            hint = getattr(error, "event_hint", None)
            if hint is not None:
                self.queue(hint)
            self._reader_running = False

    @property
    def is_open(self) -> bool:
        """Whether messages can still be sent."""
        return self._wsproto.state is ConnectionState.OPEN

    def queue_message(self, message: bytes) -> None:
        """Queue a binary message: unmasked, whole. The library would write the same bytes."""
        size = len(message)
        if size < _LENGTH_OF_2:
            head = _HEAD.pack(_WHOLE_BINARY, size)
        elif size < 1 << 16:
            head = _HEAD_OF_2.pack(_WHOLE_BINARY, _LENGTH_OF_2, size)
        else:
            head = _HEAD_OF_8.pack(_WHOLE_BINARY, _LENGTH_OF_8, size)
        self.socket.put(head + message)

    def say_goodbye(self) -> None:
        """Queue a normal end."""
        self.queue(CloseConnection(code=_NORMAL))

    def ping_soon(self) -> None:
        """Queue a ping."""
        self.queue(Ping())

    def queue(self, event: Event) -> None:
        """Queue any other event's bytes behind those before it."""
        self.socket.put(self._wsproto.send(event))

    async def _send(self, event: Event) -> None:
        self.queue(event)

    async def _handle_request_event(self, event: Request) -> None:
        if SUBPROTOCOL not in event.subprotocols:
            await self._reject(400, [], b"This is a Restante relay.\n")
            self._reader_running = False
            return
        asks, self.socket.on_request = self.socket.on_request, None
        refused = None if asks is None else asks([*event.extra_headers])
        if refused is not None:
            await self._reject(429, refused.headers, refused.body)
            self._reader_running = False
            return
        await self._accept(event, SUBPROTOCOL, [])
        self.on_open()

    async def _handle_message_event(self, event: BytesMessage | TextMessage) -> None:
        """Join fragments, and whatever else was no whole binary frame."""
        if self.socket.is_ending:
            return
        self.heard_at = trio.current_time()
        if isinstance(event, TextMessage):
            self._refuse(_NOT_BINARY)
            return
        self.message_began_at = self.message_began_at or self.heard_at
        # Empty continuation frames cost the sender 6 bytes each, and us some work, for ever.
        self._fragments += 1
        self._message_size += len(event.data)
        self._message_parts.append(bytes(event.data))
        if self._message_size > self._max_message_size or self._fragments > MAX_FRAGMENTS:
            self._refuse(_TOO_LARGE)
        elif event.message_finished:
            message = b"".join(self._message_parts)  # type: ignore[arg-type]  # all are bytes
            self._message_parts = []
            self._message_size = self._fragments = 0
            await self.on_message(message)

    async def _handle_ping_event(self, event: Ping) -> None:
        self.heard_at = trio.current_time()
        self.pings += 1
        if self.pings > MAX_PINGS:
            self._refuse(_SLOW_DOWN)
        elif self.is_open:
            self.queue(event.response())

    def _handle_goodbye(self, event: CloseConnection) -> None:
        if self._wsproto.state is ConnectionState.REMOTE_CLOSING:
            self.queue(event.response())
        elif self.is_open:  # the library's way to say that this was no WebSocket
            self._refuse(event.code)
        self._reader_running = False

    def _refuse(self, code: int) -> None:
        """End the connection with a code of WebSocket's: what came is no message of ours."""
        self._message_parts = []
        if self.is_open:
            self.queue(CloseConnection(code=code))
            self.has_refused = True
        self._reader_running = False

    def let_go(self) -> None:
        """Forget whom it served: it is over.

        What refers to itself is freed by the collector alone, late and many at once: after a
        thousand connections that was 25 ms in which nobody was served.
        """
        del self.on_open, self.on_message, self.socket

    async def linger(self) -> None:
        """Read on for nothing: unread bytes would make the goodbye a reset, and nobody saw why."""
        if self.has_refused:
            with trio.move_on_after(CLOSE_TIMEOUT_S):
                while data := await self._stream.receive_some(RECEIVE_BUFFER_BYTES):
                    if not await self._still_listens(data):
                        break
