"""Somebody at one address who floods a relay, in a process of its own.

`python -m benchmarks.flood_side KIND HOST:PORT [MAILBOX TOKEN]` until it is killed. The kinds:
`deposits` with a contact's token, `requests` of strangers, `connects`, and `hellos` of TLS, which
all speak at the same moments. It reads what it is told, and heeds none of it. `nothing` works as
hard and sends it to nobody but itself.
"""

from __future__ import annotations

import os
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import msgspec
import trio

from benchmarks.relay_load import packed_frame

SOURCE: Final = "127.93.84.75" if sys.platform == "linux" else "127.0.0.1"
"""Where the flood comes from: on Linux all of 127/8 is loopback."""

CONNECTIONS: Final = 64
TOGETHER_EVERY_S: Final = 0.5
AT_A_TIME: Final = 16
"""Frames of one burst."""

_OPENING: Final = (
    b"GET / HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: restante.v1\r\n\r\n"
)
_GREETING: Final = packed_frame(msgspec.msgpack.encode([32, 1]))
_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)


def main(arguments: list[str]) -> int:
    """Flood until killed."""
    kind, place, *target = arguments
    if hasattr(os, "nice"):
        try:
            os.nice(-10)  # who measures goes first (`go_first`); other work starves no flood
        except PermissionError:
            os.nice(19)  # who measures shares the core, and must not wait for us
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    host, _, port = place.rpartition(":")
    mailbox, token = (bytes.fromhex(part) for part in (*target, "", "")[:2])
    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "deposits": lambda: _pipeline(host, int(port), _deposits(mailbox, token)),
        "requests": lambda: _pipeline(host, int(port), _requests(mailbox)),
        "connects": lambda: _connects(host, int(port)),
        "hellos": lambda: _hellos(host, int(port)),
        "nothing": lambda: _nothing(_deposits(mailbox, token)),
    }
    trio.run(_flood, ways[kind])
    return 0


async def _flood(one: Callable[[], Awaitable[None]]) -> None:
    async def for_ever() -> None:
        while True:
            try:
                await one()
            except* _GONE:
                pass
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for _ in range(CONNECTIONS):
            nursery.start_soon(for_ever)


def _frame(number: int, items: list[Any]) -> bytes:
    return packed_frame(msgspec.msgpack.encode([46, number, False, items]))


def _deposits(mailbox: bytes, token: bytes) -> Callable[[int], bytes]:
    payload = os.urandom(4096)

    def frame(number: int) -> bytes:
        return _frame(number, [[os.urandom(16), 60, False, payload, [[mailbox, token]]]])

    return frame


def _requests(mailbox: bytes) -> Callable[[int], bytes]:
    payload = os.urandom(4096)

    def frame(number: int) -> bytes:
        if number % 3:
            ask = [45, number, os.urandom(16)] if number % 3 == 1 else [43, number, "nobody", 0]
            return packed_frame(msgspec.msgpack.encode(ask))
        there = mailbox if number % 2 else os.urandom(16)
        return _frame(number, [[os.urandom(16), 60, False, payload, [[there, None]]]])

    return frame


async def _pipeline(host: str, port: int, make: Callable[[int], bytes]) -> None:
    """Send frames as fast as they are taken, and read the answers."""
    stream = await trio.open_tcp_stream(host, port, local_address=SOURCE)
    async with stream, trio.open_nursery() as nursery:
        nursery.start_soon(_drain, stream, nursery.cancel_scope)
        await stream.send_all(_OPENING + _GREETING)
        number = 0
        while True:
            frames = [make(number + place) for place in range(AT_A_TIME)]
            number += AT_A_TIME
            await stream.send_all(b"".join(frames))


async def _drain(stream: trio.SocketStream, scope: trio.CancelScope) -> None:
    with suppress(*_GONE):
        while await stream.receive_some(1 << 16):
            pass
    scope.cancel()


async def _connects(host: str, port: int) -> None:
    """Open, greet, go."""
    stream = await trio.open_tcp_stream(host, port, local_address=SOURCE)
    try:
        await stream.send_all(_OPENING + _GREETING)
        await stream.receive_some(4096)
    finally:
        await trio.aclose_forcefully(stream)


async def _hellos(host: str, port: int) -> None:
    """Open, and begin a handshake when all the others do; it costs the relay most, and us least."""
    stream = await trio.open_tcp_stream(host, port, local_address=SOURCE)
    try:
        now = time.monotonic()
        await trio.sleep(TOGETHER_EVERY_S - now % TOGETHER_EVERY_S)
        await stream.send_all(_HELLO)
        await stream.receive_some(4096)
    finally:
        await trio.aclose_forcefully(stream)


def _hello() -> bytes:
    """Return how a handshake begins; the same bytes may begin any number of them."""
    said = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), said, server_hostname="localhost"
    )
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return said.read()


_HELLO: Final = _hello()


async def _nothing(make: Callable[[int], bytes]) -> None:
    """Make frames, and send them as far as this program's other hand."""
    here, there = trio.socket.socketpair()
    with here, there:
        number = 0
        while True:
            for _ in range(AT_A_TIME):
                number += 1
                rest = memoryview(make(number))
                while rest:
                    rest = rest[await here.send(rest) :]
                    await there.recv(1 << 16)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
