"""Sending everybody away, one after the other, before a relay ends.

Rule: who is sent away is told to come back; a thousand clients that come back at once would be a
flood at whatever they come back to. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from restante.errors import WireCode

if TYPE_CHECKING:
    from restante.relay.services import Services


@dataclass(slots=True)
class Drain:
    """Whether the relay was asked to send everybody away, and within what time."""

    asked: trio.Event = field(default_factory=trio.Event)
    hurried: trio.Event = field(default_factory=trio.Event)
    """Set when whoever is left is to be sent away at once."""
    over_s: int = 0

    def hurry(self) -> None:
        """End now, also in the middle of sending everybody away."""
        self.hurried.set()
        self.asked.set()

    def ask(self, *, over_s: int) -> None:
        """Ask for it."""
        self.over_s = over_s
        self.asked.set()


async def send_away(services: Services) -> None:
    """End the connections one by one within the time that was asked for; new ones aren't taken."""
    sessions = list(services.sessions)
    for session in sessions:
        with trio.move_on_after(services.drain.over_s / len(sessions)):
            await services.drain.hurried.wait()
        if services.drain.hurried.is_set():
            return  # all at once, as at any end
        await services.writer.barrier()  # what it deposited before is answered first
        session.close(WireCode.GOING_AWAY, "the relay is stopping", retry_after_s=1)
