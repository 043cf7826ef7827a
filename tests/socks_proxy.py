"""A SOCKS5 proxy of the tests' own, which leads to this machine whatever it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio


@asynccontextmanager
async def a_socks_proxy(seen: list[tuple[str, str, str, int]]) -> AsyncIterator[int]:
    """A SOCKS5 proxy that notes (user, password, host, port) of each connection."""

    async def serve(client: trio.SocketStream) -> None:
        received = bytearray()

        async def take(count: int) -> bytes:
            while len(received) < count:
                received.extend(await client.receive_some(4096))
            taken = bytes(received[:count])
            del received[:count]
            return taken

        _, methods = await take(2)
        assert 2 in await take(methods), "the client offers no user name"
        await client.send_all(b"\x05\x02")
        user = (await take((await take(2))[1])).decode()
        password = (await take((await take(1))[0])).decode()
        await client.send_all(b"\x01\x00")
        kind = (await take(4))[3]
        assert kind in {1, 3, 4}
        host_bytes = await take({1: 4, 4: 16}.get(kind) or (await take(1))[0])
        host = host_bytes.decode() if kind == 3 else ".".join(map(str, host_bytes))
        port = int.from_bytes(await take(2), "big")
        seen.append((user, password, host, port))
        upstream = await trio.open_tcp_stream("localhost", port)
        await client.send_all(b"\x05\x00\x00\x01" + bytes(6))

        async def pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
            try:
                async for chunk in source:
                    await sink.send_all(chunk)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass

        async with upstream, trio.open_nursery() as nursery:
            nursery.start_soon(pump, client, upstream)
            await pump(upstream, client)
            nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()
