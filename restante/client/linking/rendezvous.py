"""The slots of one linking at the account's relay: put, looked into, waited for.

Rule: a link of its own that says nothing of who we are, on no other link's circuit. A relay that is
lost on the way is asked again until the caller's deadline; what it refuses the caller hears. Knows
no message of a linking. Spec: docs/protocol/relay.md, section 10.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import trio

from restante.client.failures import RefusedError, UnreachableError
from restante.client.link import open_link
from restante.client.socket import Route
from restante.errors import WireCode
from restante.protocol import frames as f

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.client.context import EngineContext
    from restante.client.link import Link
    from restante.protocol.address import RelayAddress
    from restante.protocol.ids import SlotId

A = TypeVar("A", bound=f.Frame)

_PASSING = frozenset(
    {
        WireCode.SLOW_DOWN,
        WireCode.FULL,
        WireCode.GOING_AWAY,
        WireCode.INTERNAL,
        WireCode.TIMED_OUT,
    }
)
"""Refusals that another try may not meet."""

PARTING_PATIENCE_S = 5.0

_LONGEST_STEP = 4
"""Of the backoff: a code lives for ten minutes, and two people wait."""


@contextmanager
def parting(context: EngineContext) -> Iterator[None]:
    """Say the last things, also when cancelled, for a few seconds at most."""
    patience_s = min(PARTING_PATIENCE_S, context.tuning.link_patience_s)
    with trio.CancelScope(shield=True), trio.move_on_after(patience_s):
        yield


class Rendezvous:
    """The slots at one relay. Its link lives in the caller's nursery; `close` ends it."""

    def __init__(
        self,
        context: EngineContext,
        nursery: trio.Nursery,
        relay: RelayAddress,
        *,
        any_key: bool = False,
    ) -> None:
        self._context = context
        self._nursery = nursery
        self._relay = relay
        self._any_key = any_key
        self._isolation = "linking-" + context.randomness.random(8).hex()
        self._link: Link | None = None

    async def link(self) -> Link:
        """Return the link, opened if need be. Raises RelayError."""
        if self._link is None or self._link.reason is not None:
            route = Route(proxy=self._context.proxy, isolation=self._isolation)
            self._link = await open_link(
                self._nursery, self._relay, route=route, any_key=self._any_key
            )
        return self._link

    def goes_on_at(self, relay: RelayAddress) -> None:
        """Insist on the relay's key from now on; the link that is open stays."""
        self._relay, self._any_key = relay, False

    async def close(self) -> None:
        """Hang up."""
        if self._link is not None:
            await self._link.close()
            self._link = None

    async def put(self, slot: SlotId, sealed: bytes) -> None:
        """Put something into a slot, until it is there.

        Raises RefusedError with CONFLICT if somebody else's lies there, or another RelayError that
        waiting doesn't mend.
        """
        await self.ask(f.Done, lambda n: f.PutSlot(request=n, slot=slot, sealed=sealed))

    async def look(self, slot: SlotId) -> bytes | None:
        """Return what lies in a slot; None: nothing, or nothing any more. Raises RelayError."""
        try:
            found = await self.ask(f.SlotFound, lambda n: f.FetchSlot(request=n, slot=slot))
        except RefusedError as error:
            if error.code is WireCode.NOT_FOUND:
                return None
            raise
        return found.sealed

    async def wait_for(self, *slots: SlotId) -> tuple[SlotId, bytes]:
        """Wait until something lies in one of the slots; return which, and what.

        Raises RelayError.
        """
        while True:
            for slot in slots:
                if (sealed := await self.look(slot)) is not None:
                    return slot, sealed
            await trio.sleep(self._context.tuning.slot_poll_s)

    async def ask(self, answer: type[A], make: Callable[[int], f.Frame]) -> A:
        """Ask as `Link.ask` does, again and again while that may help. Raises RelayError."""
        attempts = 0
        while True:
            try:
                return await (await self.link()).ask(answer, make)
            except UnreachableError as error:
                wait_s = error.retry_after_s
            except RefusedError as error:
                if error.code not in _PASSING:
                    raise
                wait_s = error.retry_after_s
            attempts = min(attempts + 1, _LONGEST_STEP)
            await trio.sleep(self._context.backoff_s(attempts, at_least_s=wait_s))
