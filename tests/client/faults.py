"""A bad network before the relay: it delays, cuts and repeats, as its seeded chance has it.

Every fault is one that TCP and the protocol allow: bytes come late, a connection ends in the middle
of anything, also between a deposit's commit and its answer, and a delivery comes twice. What
isn't allowed, such as changed bytes, is for the attack tests.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import trio

from restante.protocol import frames as f
from restante.protocol.codec import decode_tagged
from tests.client.tap import WireReader

_RELAY_FRAMES = f.by_tag(f.RelayFrame)


@dataclass
class BadNetwork:
    """A TCP proxy. The chances are of each message; all 0, as at first: it is faithful."""

    chance: random.Random
    port: int = 0
    upstream_port: int = 0
    """To be set before anybody connects."""
    delays: float = 0.0
    longest_delay_s: float = 0.02
    cuts: float = 0.0
    repeats: float = 0.0
    _scopes: set[trio.CancelScope] = field(default_factory=set)

    def trouble(self) -> None:
        """Make trouble from now on."""
        self.delays, self.cuts, self.repeats = 0.3, 0.02, 0.2

    def calm(self) -> None:
        """Be faithful from now on."""
        self.delays = self.cuts = self.repeats = 0.0

    def _happens(self, how_often: float) -> bool:
        return self.chance.random() < how_often

    def cut(self) -> None:
        """End all connections; new ones are let through."""
        for scope in self._scopes:
            scope.cancel()

    async def serve(self, client: trio.SocketStream) -> None:
        scope = trio.CancelScope()
        self._scopes.add(scope)
        with scope, suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            upstream = await trio.open_tcp_stream("127.0.0.1", self.upstream_port)
            async with upstream, trio.open_nursery() as nursery:

                async def pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
                    from_relay = source is upstream
                    reader = WireReader()
                    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                        async for chunk in source:
                            for raw, message in reader.feed(bytes(chunk)):
                                if not await self._pass_on(
                                    sink, raw, message, from_relay=from_relay
                                ):
                                    nursery.cancel_scope.cancel()
                                    return
                    nursery.cancel_scope.cancel()

                nursery.start_soon(pump, client, upstream)
                nursery.start_soon(pump, upstream, client)
        self._scopes.discard(scope)
        await trio.aclose_forcefully(client)

    async def _pass_on(
        self, sink: trio.SocketStream, raw: bytes, message: bytes | None, *, from_relay: bool
    ) -> bool:
        """Send one frame on; False if the connection is to end here."""
        if message is None:
            await sink.send_all(raw)
            return True
        if self._happens(self.delays):
            await trio.sleep(self.chance.random() * self.longest_delay_s)
        if self._happens(self.cuts):
            await sink.send_all(raw[: self.chance.randrange(len(raw) + 1)])
            return False
        await sink.send_all(raw)
        if from_relay and isinstance(decode_tagged(message, _RELAY_FRAMES), f.Deliver):
            while self._happens(self.repeats):
                await sink.send_all(raw)
        return True


@asynccontextmanager
async def a_bad_network(chance: random.Random) -> AsyncIterator[BadNetwork]:
    """Listen on a free port of loopback, before a relay."""
    network = BadNetwork(chance=chance)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, network.serve, 0, host="127.0.0.1"))
        network.port = listeners[0].socket.getsockname()[1]
        yield network
        nursery.cancel_scope.cancel()
