"""Anonymous links, one for each relay, opened when they are needed and closed when they idle.

A relay can tell whose a link is if it names what is one account's: its other devices' mailboxes,
its own name. Rule: that is said on a link apart, and nothing else is said there; no two links, nor
the device's own, share a route (each another Tor circuit). Knows no content.
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

    _Place = tuple[RelayAddress, bool]

IDLE_S: Final = 60
"""Long enough for a conversation's pauses, short enough that a relay rarely sees one for hours."""


class AnonymousLinks:
    """The pool. Its links live in the engine's nursery."""

    def __init__(self, nursery: trio.Nursery, *, proxy: str | None, randomness: Randomness) -> None:
        self._nursery = nursery
        self._proxy = proxy
        self._randomness = randomness
        self._links: dict[_Place, Link] = {}
        self._users: dict[_Place, int] = {}
        self._returned_at: dict[_Place, float] = {}
        self._opening: dict[_Place, trio.Lock] = {}

    @asynccontextmanager
    async def use(self, relay: RelayAddress, *, about_us: bool = False) -> AsyncIterator[Link]:
        """Borrow the link to a relay, opened if need be. Raises RelayError.

        `about_us`: the one for what is said of our own account, which is never the others' one.
        """
        place = (relay, about_us)
        lock = self._opening.setdefault(place, trio.Lock())
        async with lock:
            link = self._links.get(place)
            if link is None or link.reason is not None:
                link = await open_link(self._nursery, relay, route=self._route())
                self._links[place] = link
        self._users[place] = self._users.get(place, 0) + 1
        try:
            yield link
        finally:
            self._users[place] -= 1
            if not self._users[place]:
                self._returned_at[place] = trio.current_time()
                self._nursery.start_soon(self._close_when_idle, place, link)

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

    async def _close_when_idle(self, place: _Place, link: Link) -> None:
        """Close a link that nobody has borrowed for IDLE_S."""
        with trio.move_on_after(IDLE_S):
            await link.lost.wait()
        is_idle = (
            not self._users[place] and trio.current_time() >= self._returned_at[place] + IDLE_S
        )
        if self._links.get(place) is link and (is_idle or link.reason is not None):
            del self._links[place]
            await link.close()
