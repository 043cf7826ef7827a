"""A wire tap: a TCP proxy before the relay that keeps every byte and reads every frame.

What the network's owner would see without TLS, and what a relay sees in any case. It forwards
faithfully; `cut` ends all connections, as a network does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import trio

from restante.protocol import frames as f
from restante.protocol.codec import decode_tagged

_CLIENT_FRAMES = f.by_tag(f.ClientFrame)
_RELAY_FRAMES = f.by_tag(f.RelayFrame)


@dataclass
class Talk:
    """What was said on one connection."""

    by_client: list[f.Frame] = field(default_factory=list)
    by_relay: list[f.Frame] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    """Every WebSocket message, either way, unmasked."""

    def keep(self, message: bytes, *, by_client: bool) -> None:
        self.messages.append(message)
        if by_client:
            self.by_client.append(decode_tagged(message, _CLIENT_FRAMES))
        else:
            self.by_relay.append(decode_tagged(message, _RELAY_FRAMES))


@dataclass
class Tap:
    """All that went through."""

    port: int = 0
    upstream_port: int = 0
    talks: list[Talk] = field(default_factory=list)
    """One for each connection, in the order in which they were opened."""
    _scopes: set[trio.CancelScope] = field(default_factory=set)

    def deposits(self) -> list[f.DepositItem]:
        """Every envelope that was deposited, with repetitions, in order."""
        return [
            item
            for talk in self.talks
            for frame in talk.by_client
            if isinstance(frame, f.Deposit)
            for item in frame.items
        ]

    def cut(self) -> None:
        """End all connections; new ones are let through."""
        for scope in self._scopes:
            scope.cancel()

    async def serve(self, client: trio.SocketStream) -> None:
        talk = Talk()
        self.talks.append(talk)
        scope = trio.CancelScope()
        self._scopes.add(scope)
        with scope, suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            upstream = await trio.open_tcp_stream("127.0.0.1", self.upstream_port)
            async with upstream, trio.open_nursery() as nursery:

                async def pump(
                    source: trio.SocketStream, sink: trio.SocketStream, reader: WireReader
                ) -> None:
                    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                        async for chunk in source:
                            for _, message in reader.feed(bytes(chunk)):
                                if message is not None:
                                    talk.keep(message, by_client=source is client)
                            await sink.send_all(chunk)
                    nursery.cancel_scope.cancel()

                nursery.start_soon(pump, client, upstream, WireReader())
                nursery.start_soon(pump, upstream, client, WireReader())
        self._scopes.discard(scope)
        await trio.aclose_forcefully(client)


class WireReader:
    """Takes one direction's bytes apart: an HTTP head, then WebSocket frames (RFC 6455, 5.2)."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._is_open = False
        self._parts: list[bytes] = []

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes | None]]:
        """Return what this chunk completes, each as it was on the wire, in order.

        Beside the last frame of a binary message stands the message; beside anything else, None.
        """
        self._data += chunk
        found: list[tuple[bytes, bytes | None]] = []
        if not self._is_open:
            head, end, rest = bytes(self._data).partition(b"\r\n\r\n")
            if not end:
                return []
            assert b"permessage-deflate" not in head, "compression was negotiated"
            self._is_open, self._data = True, bytearray(rest)
            found.append((head + end, None))
        while (frame := self._frame()) is not None:
            raw, opcode, is_final, payload = frame
            message = None
            if opcode in {0, 2}:  # else a ping, pong or close
                self._parts.append(payload)
                if is_final:
                    message = b"".join(self._parts)
                    self._parts = []
            found.append((raw, message))
        return found

    def _frame(self) -> tuple[bytes, int, bool, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        length, at = data[1] & 0x7F, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            if len(data) < at + size:
                return None
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        mask = b""
        if data[1] & 0x80:
            mask, at = bytes(data[at : at + 4]), at + 4
        if len(data) < at + length:
            return None
        payload = bytes(data[at : at + length])
        raw, opcode, is_final = bytes(data[: at + length]), data[0] & 0x0F, bool(data[0] & 0x80)
        del data[: at + length]
        if mask:
            key = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
            payload = (int.from_bytes(payload, "big") ^ key).to_bytes(length, "big")
        return raw, opcode, is_final, payload


@asynccontextmanager
async def a_tap() -> AsyncIterator[Tap]:
    """Listen on a free port of loopback; `upstream_port` is to be set before anybody connects."""
    tap = Tap()
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, tap.serve, 0, host="127.0.0.1"))
        tap.port = listeners[0].socket.getsockname()[1]
        yield tap
        nursery.cancel_scope.cancel()
