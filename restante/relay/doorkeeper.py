"""The doorkeeper: accepts connections, counts them by where they come from, serves each in a task.

Rule: no exception of one connection reaches another. Who meets a limit is told its name before it
is hung up on, unless that would cost more than serving it: a flood is told by silence. Where a
proxy brings a connection, its origin is known with the request, and counted then.
Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from restante.relay import log
from restante.relay.buckets import Buckets
from restante.relay.handshakes import shake_hands
from restante.relay.networks import NetworkAddress, network_of
from restante.relay.refusal import Headers, TurnedAway, turned_away
from restante.relay.session import Session
from restante.relay.socket import MessageSocket
from restante.relay.tls import Listener, address_of

if TYPE_CHECKING:
    from restante.relay.proxies import Proxies
    from restante.relay.services import Services

COME_BACK_S: Final = 5
"""When to try again that other connections may have ended by then."""

MAX_HELD: Final = 256
LEAST_HOLD_S: Final = 0.5
MOST_HOLD_S: Final = 2.0
"""So many of a flood of connections are kept waiting for so long, at the price of a file each; not
all for as long, or they would all be back at once."""

_GOLDEN: Final = 0.618
"""Steps of it through 0 to 1 never come near one another soon."""

FAREWELL_S: Final = 2
"""For telling somebody why they are hung up on."""

_GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)


@dataclass(slots=True)
class _Visit:
    """A connection: by what it is counted, once that is known."""

    network: bytes | None = None


class Doorkeeper:
    """Accepts connections, and serves each in a task of its own."""

    def __init__(self, services: Services, proxies: Proxies, *, proxies_alone: bool) -> None:
        self._services = services
        self._proxies = proxies
        self._proxies_alone = proxies_alone
        self._held = 0
        self._hold = 0.0
        self._farewells = Buckets(rate=1, burst=4)
        self._count = 0
        self._is_empty = trio.Event()
        self._is_empty.set()

    async def listen(
        self,
        listeners: list[Listener],
        *,
        task_status: trio.TaskStatus[trio.CancelScope] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Accept until the scope given to `task_status` is cancelled; served ones go on."""
        async with trio.open_nursery() as connections:
            with trio.CancelScope() as accepting:
                async with trio.open_nursery() as listening:
                    for listener in listeners:
                        await listening.start(
                            partial(
                                trio.serve_listeners,
                                self._serve,
                                [listener],
                                handler_nursery=connections,
                            )
                        )
                    task_status.started(accepting)

    async def wait_until_empty(self) -> None:
        """Wait until no connection is left."""
        await self._is_empty.wait()

    async def _serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection. Never raises: an exception here would end all the others."""
        address = address_of(stream)
        is_proxy = address is not None and self._proxies.trusts(address)
        if address is None or (self._proxies_alone and not is_proxy):
            await trio.aclose_forcefully(stream)
            return
        visit = _Visit()
        # Through a proxy the origin is known, and counted, with the request.
        refused = self._too_many() if is_proxy else self._come_in(visit, address)
        self._count += 1
        if self._is_empty.is_set():
            self._is_empty = trio.Event()
        try:
            if refused is not None:
                await self._hang_up(stream, network_of(address), refused)
            else:
                await self._talk(stream, visit, address if is_proxy else None)
        except Exception as error:  # the boundary: one connection's fault stays its own
            self._services.figures.faults += 1
            log.bug("connection failed", error)
        finally:
            self._count -= 1
            self._go(visit)
            if not self._count:
                self._is_empty.set()
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)

    # ---- counting -----------------------------------------------------------------------

    def _too_many(self) -> TurnedAway | None:
        if self._count >= self._services.limits.connections:
            return self._turned_away("connections")
        return None

    def _turned_away(self, limit: str) -> TurnedAway:
        self._services.figures.limits_hit[limit] += 1
        return TurnedAway(limit, COME_BACK_S)

    def _come_in(self, visit: _Visit, address: NetworkAddress) -> TurnedAway | None:
        """Count a connection by its origin, or say which limit it meets."""
        services, network = self._services, network_of(address)
        if (refused := self._too_many()) is not None:
            return refused
        if services.by_network[network] >= services.limits.connections_per_network:
            return self._turned_away("connections_per_network")
        if wait_s := services.gates.connects.take(network, 1, trio.current_time()):
            return TurnedAway("connects_per_network", wait_s)
        services.by_network[network] += 1
        visit.network = network
        return None

    def _go(self, visit: _Visit) -> None:
        by_network = self._services.by_network
        if visit.network is not None:
            by_network[visit.network] -= 1
            if not by_network[visit.network]:
                del by_network[visit.network]

    # ---- serving ------------------------------------------------------------------------

    async def _hang_up(self, stream: trio.abc.Stream, network: bytes, refused: TurnedAway) -> None:
        """Tell why, to a few of each network: a handshake in TLS costs more than it is worth.

        The others are held a while, as many as may be: who is hung up on comes back at once.
        """
        if self._farewells.take(network, 1, trio.current_time()):
            if self._held < MAX_HELD:
                self._held += 1
                try:
                    await trio.sleep(self._hold_s())
                finally:
                    self._held -= 1
            return
        with trio.move_on_after(FAREWELL_S), suppress(*_GONE):
            await stream.send_all(turned_away(refused))
            if isinstance(stream, trio.SSLStream):
                stream = stream.transport_stream
            if isinstance(stream, trio.SocketStream):
                await stream.send_eof()
            # Unread bytes would make the end a reset, and nobody saw why.
            while await stream.receive_some(4096):
                pass

    def _hold_s(self) -> float:
        self._hold = (self._hold + _GOLDEN) % 1
        return LEAST_HOLD_S + self._hold * (MOST_HOLD_S - LEAST_HOLD_S)

    async def _talk(
        self, stream: trio.abc.Stream, visit: _Visit, proxy: NetworkAddress | None
    ) -> None:
        services = self._services
        services.figures.opened += 1
        deadline = trio.current_time() + services.limits.handshake_s
        try:
            if visit.network is not None:
                # One of a network in a round: to greet somebody, in TLS or not, can't be cut.
                await services.turns.greet(visit.network)
            if isinstance(stream, trio.SSLStream):
                with trio.CancelScope(deadline=deadline) as scope:
                    network = visit.network or b""
                    await shake_hands(stream, network=network, turns=services.turns)
                if scope.cancelled_caught:
                    return
            socket = MessageSocket(
                stream,
                network=visit.network or b"",
                outgoing=services.outgoing,
                write_s=services.limits.write_s,
                turns=services.turns,
            )
            if proxy is not None:
                socket.on_request = self._asks_origin(socket, visit, proxy)
            socket.end_by(deadline)
            session = Session(services, socket)
            services.sessions.add(session)
            try:
                await socket.serve(session.opened, session.message)
            finally:
                services.sessions.discard(session)
                session.ended()
        except _GONE:
            return  # a handshake in TLS that failed: nothing was said yet

    def _asks_origin(
        self, socket: MessageSocket, visit: _Visit, proxy: NetworkAddress
    ) -> Callable[[Headers], TurnedAway | None]:
        def ask(headers: Headers) -> TurnedAway | None:
            refused = self._come_in(visit, self._proxies.origin(proxy, headers))
            socket.network = visit.network or b""
            return refused

        return ask
