"""Anonymous links, one for each relay, opened when they are needed and closed when they idle.

Rule: nothing that this account owns is ever said on one of these; they are no part of the route of
the device's own link (another Tor circuit), and not of each other's. Knows no content.
Spec: docs/protocol/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import trio

from restante.client.link import Link, open_link
from restante.client.socket import Route

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness
    from restante.protocol.address import RelayAddress

IDLE_S: Final = 60
"""Long enough for a conversation's pauses, short enough that a relay rarely sees one for hours."""


class AnonymousLinks:
    """The pool. Its links live in the engine's nursery."""

    def __init__(self, nursery: trio.Nursery, *, proxy: str | None, randomness: Randomness) -> None:
        self._nursery = nursery
        self._proxy = proxy
        self._randomness = randomness
        self._links: dict[RelayAddress, Link] = {}
        self._users: dict[RelayAddress, int] = {}
        self._returned_at: dict[RelayAddress, float] = {}
        self._opening: dict[RelayAddress, trio.Lock] = {}

    @asynccontextmanager
    async def use(self, relay: RelayAddress) -> AsyncIterator[Link]:
        """Borrow the link to a relay, opened if need be. Raises RelayError."""
        lock = self._opening.setdefault(relay, trio.Lock())
        async with lock:
            link = self._links.get(relay)
            if link is None or link.reason is not None:
                link = await open_link(self._nursery, relay, route=self._route())
                self._links[relay] = link
        self._users[relay] = self._users.get(relay, 0) + 1
        try:
            yield link
        finally:
            self._users[relay] -= 1
            if not self._users[relay]:
                self._returned_at[relay] = trio.current_time()
                self._nursery.start_soon(self._close_when_idle, relay, link)

    @asynccontextmanager
    async def once(self, relay: RelayAddress, *, any_key: bool) -> AsyncIterator[Link]:
        """Open a link for one look-up, shared with nobody. Raises RelayError."""
        link = await open_link(self._nursery, relay, route=self._route(), any_key=any_key)
        try:
            yield link
        finally:
            await link.close()

    def _route(self) -> Route:
        # A name of its own for each link: no two of them share a circuit.
        name = "anonymous-" + self._randomness.random(8).hex()
        return Route(proxy=self._proxy, isolation=name)

    async def _close_when_idle(self, relay: RelayAddress, link: Link) -> None:
        """Close a link that nobody has borrowed for IDLE_S."""
        with trio.move_on_after(IDLE_S):
            await link.lost.wait()
        is_idle = (
            not self._users[relay] and trio.current_time() >= self._returned_at[relay] + IDLE_S
        )
        if self._links.get(relay) is link and (is_idle or link.reason is not None):
            del self._links[relay]
            await link.close()
