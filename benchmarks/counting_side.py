"""A SOCKS5 proxy in a process of its own that counts what goes up through it.

`python -m benchmarks.counting_side`: prints its port; for each line on stdin, the bytes so far.
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress

import trio

_sent = 0


async def serve(client: trio.SocketStream) -> None:
    """Forward one connection; the client speaks without a password, and by name or IPv4."""
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
        greeting = await client.receive_some(512)
        method = 2 if b"\x02" in greeting[2:] else 0
        await client.send_all(bytes([5, method]))
        if method:
            await client.receive_some(1024)
            await client.send_all(b"\x01\x00")
        request = await client.receive_some(512)
        port = int.from_bytes(request[-2:], "big")
        named = request[5:-2].decode() if request[3] == 3 else socket.inet_ntoa(request[4:-2])
        upstream = await trio.open_tcp_stream(named, port)
        await client.send_all(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        async with upstream, client, trio.open_nursery() as nursery:
            nursery.start_soon(_pump, client, upstream, True)
            await _pump(upstream, client, False)
            nursery.cancel_scope.cancel()


async def _pump(source: trio.SocketStream, sink: trio.SocketStream, is_up: bool) -> None:
    global _sent  # noqa: PLW0603  # one number of one process
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        async for chunk in source:
            if is_up:
                _sent += len(chunk)
            await sink.send_all(chunk)
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        await sink.send_eof()


async def main() -> None:
    """Serve until stdin ends."""
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        print(listeners[0].socket.getsockname()[1], flush=True)
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        while await trio.to_thread.run_sync(sys.stdin.readline):
            print(_sent, flush=True)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
