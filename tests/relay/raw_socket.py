"""A client that minds no rule: bytes to a relay as one likes, and what comes back.

It speaks WebSocket by hand, so that it can break it anywhere.
"""

from __future__ import annotations

import base64
import os
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import trio

from restante.protocol.address import RelayAddress
from restante.protocol.frames import SUBPROTOCOL

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
HOSTILE_SOURCE = "127.93.84.75" if sys.platform == "linux" else "127.0.0.1"
"""Where hostile connections come from: on Linux all of 127/8 is loopback."""

PATIENCE_S = 60


def opening(
    *, subprotocol: str | None = SUBPROTOCOL, version: str = "13", key: bytes | None = None
) -> bytes:
    """Return the HTTP request that opens a WebSocket."""
    key = base64.b64encode(os.urandom(16)) if key is None else key
    lines = [
        b"GET / HTTP/1.1",
        b"Host: relay.example",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: " + key,
        b"Sec-WebSocket-Version: " + version.encode(),
    ]
    if subprotocol is not None:
        lines.append(b"Sec-WebSocket-Protocol: " + subprotocol.encode())
    return b"\r\n".join([*lines, b"", b""])


def a_frame(
    payload: bytes,
    *,
    opcode: int = BINARY,
    is_last: bool = True,
    is_masked: bool = True,
    reserved: int = 0,
    claimed_bytes: int | None = None,
) -> bytes:
    """Return a WebSocket frame. Its mask is zeros, which changes nothing and is allowed."""
    size = len(payload) if claimed_bytes is None else claimed_bytes
    first = (0x80 if is_last else 0) | reserved << 4 | opcode
    mask_bit = 0x80 if is_masked else 0
    if size < 126:
        head = struct.pack(">BB", first, mask_bit | size)
    elif size < 65_536:
        head = struct.pack(">BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack(">BBQ", first, mask_bit | 127, size)
    return head + (bytes(4) if is_masked else b"") + payload


class RawSocket:
    """A TCP connection to a relay."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._buffer = bytearray()

    async def send(self, data: bytes) -> bool:
        """Send bytes; False when the relay has hung up."""
        try:
            await self.stream.send_all(data)
        except trio.BrokenResourceError:
            return False
        return True

    async def finish(self) -> None:
        """Say that no more will come."""
        with suppress(trio.BrokenResourceError):  # the relay has hung up
            await self.stream.send_eof()

    async def open(self, request: bytes | None = None) -> None:
        """Open the WebSocket, by a request of one's own if there is one."""
        await self.send(opening() if request is None else request)
        head = await self._until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")

    async def message(self) -> tuple[int, bytes]:
        """Return opcode and payload of the relay's next frame; it fragments none."""
        first, second = await self._exactly(2)
        assert first & 0x80
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", await self._exactly(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", await self._exactly(8))
        return first & 0x0F, await self._exactly(size)

    async def read_to_the_end(self) -> int:
        """Read until the relay hangs up; return how many bytes came."""
        return len(await self.read_all())

    async def read_all(self) -> bytes:
        """Read until the relay hangs up; return what came."""
        with suppress(trio.BrokenResourceError):  # it hung up before it had read everything
            async for data in self.stream:
                self._buffer += data
        return bytes(self._buffer)

    async def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            await self._more()
        at = self._buffer.index(end) + len(end)
        return self._take(at)

    async def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            await self._more()
        return self._take(count)

    async def _more(self) -> None:
        data = await self.stream.receive_some(65_536)
        if not data:
            raise EOFError
        self._buffer += data

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


@asynccontextmanager
async def a_raw_socket(
    relay: RelayAddress, *, source: str = HOSTILE_SOURCE
) -> AsyncIterator[RawSocket]:
    """Connect to a relay on this machine for the length of the block, from one of its addresses."""
    with trio.fail_after(PATIENCE_S):
        stream = await trio.open_tcp_stream("127.0.0.1", relay.port, local_address=source)
        try:
            yield RawSocket(stream)
        finally:
            await trio.aclose_forcefully(stream)
