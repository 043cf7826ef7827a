"""A WebSocket over a stream, the client's side: whole messages in, whole messages out.

wsproto knows the protocol; here are the stream, its one reader, and the bounds. Rule: the reader
never raises, whatever comes; a message is bounded in bytes and fragments, and what nobody has taken
holds the peer up. Knows no relay. Spec: docs/protocol/wire.md.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from restante.protocol.limits import MAX_FRAGMENTS, MAX_FRAME_BYTES
from restante.values import dataclass

if TYPE_CHECKING:
    from wsproto.events import Event

RECEIVE_BUFFER_BYTES: Final = 65_536
"""4 KiB, which is usual, make a frame of 30 KB 2.6 times as dear."""

QUEUED_MESSAGES: Final = 8
MAX_BODY_BYTES: Final = 4096
"""Of an answer that turns the connection away; more of it isn't read."""

GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)

_TOO_BIG, _NORMAL = 1009, 1000


class ClosedError(Exception):
    """The connection is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """An answer of HTTP's instead of a WebSocket."""

    status_code: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class WebSocket:
    """One connection. Its reader lives in the nursery that `open` was given."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._wire = WSConnection(ConnectionType.CLIENT)
        self._write_turn = trio.StrictFIFOLock()
        self._incoming, self._messages = trio.open_memory_channel[bytes | str](QUEUED_MESSAGES)
        self._pings: dict[bytes, trio.Event] = {}
        self._opened, self._over = trio.Event(), trio.Event()
        self._parts: list[bytes] = []
        self._size_bytes = self._fragments = 0
        self._refusal: TurnedAway | None = None
        self.subprotocol: str | None = None

    async def open(
        self, nursery: trio.Nursery, *, host: str, target: str, subprotocol: str
    ) -> TurnedAway | None:
        """Ask for a WebSocket; return the answer that was none, if one came.

        It is one if `subprotocol` is set after this; else what answered hung up, or is no such.
        """
        nursery.start_soon(self._read)
        with suppress(ClosedError):
            await self._write(Request(host=host, target=target, subprotocols=[subprotocol]))
            await self._opened.wait()
        return self._refusal

    async def receive(self) -> bytes | str:
        """Wait for the next message, for ever; a text is a str, without what it said. ClosedError.

        What came before the end is still received.
        """
        try:
            return await self._messages.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            raise ClosedError from None

    async def send(self, message: bytes) -> None:
        """Send a message. Cancelled, half of it may have left. ClosedError."""
        await self._write(BytesMessage(data=message))

    async def ping(self) -> None:
        """Wait until the peer has answered a ping. ClosedError."""
        payload = os.urandom(8)
        answered = self._pings[payload] = trio.Event()
        try:
            await self._write(Ping(payload=payload))
            await answered.wait()
        finally:
            del self._pings[payload]
        if self._over.is_set():
            raise ClosedError

    async def aclose(self) -> None:
        """Say goodbye, wait for the peer's, and close; cancelled, close at once."""
        self._messages.close()
        try:
            with suppress(ClosedError):
                if self._wire.state is ConnectionState.OPEN:
                    await self._write(CloseConnection(code=_NORMAL))
                await self._over.wait()
        finally:
            await trio.aclose_forcefully(self._stream)

    # ---- inside -----------------------------------------------------------------------------

    async def _write(self, event: Event) -> None:
        async with self._write_turn:
            try:
                await self._stream.send_all(self._wire.send(event))
            except (ProtocolError, *GONE):
                raise ClosedError from None

    async def _read(self) -> None:
        # An exception that left this task would stop every other service of the engine.
        try:
            is_open = True
            while is_open:
                data = bytes(await self._stream.receive_some(RECEIVE_BUFFER_BYTES))
                self._wire.receive_data(data or None)
                for event in self._wire.events():
                    is_open = await self._take(event) and is_open
                is_open = is_open and bool(data)
        except (ClosedError, ProtocolError, *GONE):
            pass
        finally:
            self._over.set()
            self._opened.set()
            self._incoming.close()
            for answered in self._pings.values():
                answered.set()
            await trio.aclose_forcefully(self._stream)

    async def _take(self, event: Event) -> bool:
        """Do what an event asks for; return whether the connection goes on."""
        match event:
            case AcceptConnection():
                self.subprotocol = event.subprotocol
                self._opened.set()
            case RejectConnection():
                headers = tuple((bytes(name), bytes(value)) for name, value in event.headers)
                self._refusal = TurnedAway(status_code=event.status_code, headers=headers, body=b"")
                return event.has_body
            case RejectData():
                return self._take_body(bytes(event.data)) and not event.body_finished
            case BytesMessage() | TextMessage():
                await self._take_part(event)
            case Ping():
                await self._write(event.response())
            case Pong():
                if (answered := self._pings.get(bytes(event.payload))) is not None:
                    answered.set()
            case CloseConnection():
                if self._wire.state is ConnectionState.REMOTE_CLOSING:
                    await self._write(event.response())
                return False
        return True

    def _take_body(self, data: bytes) -> bool:
        before = self._refusal
        if before is None or len(before.body) + len(data) > MAX_BODY_BYTES:
            return False
        self._refusal = TurnedAway(
            status_code=before.status_code, headers=before.headers, body=before.body + data
        )
        return True

    async def _take_part(self, event: BytesMessage | TextMessage) -> None:
        # Empty continuation frames cost the sender 6 bytes, and us a list entry, for ever.
        self._fragments += 1
        self._size_bytes += len(event.data)
        if self._fragments > MAX_FRAGMENTS or self._size_bytes > MAX_FRAME_BYTES:
            await self._write(CloseConnection(code=_TOO_BIG))
            raise ClosedError
        if isinstance(event, BytesMessage):
            self._parts.append(bytes(event.data))
        if not event.message_finished:
            return
        whole, self._parts = b"".join(self._parts), []
        self._size_bytes = self._fragments = 0
        try:
            await self._incoming.send(whole if isinstance(event, BytesMessage) else "")
        except trio.BrokenResourceError:
            return  # nobody listens any more: it is being closed
