"""An engine in memory behind the profile's real socket, lock and files: what `running` needs.

It is the interface's own scripted engine, with what only commands use added. Rule: the part that is
real here is everything between a caller and the engine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from restante.client.interface import Engine, Message, Received
from restante.client.profile import Profile
from tests.tui.scripted_engine import ScriptedEngine


class ServedEngine(ScriptedEngine):
    """Adds the feed of `tail`, ids that the caller chooses, and doors to hold a call at."""

    def __init__(self) -> None:
        super().__init__()
        self.feed: list[Received] = []
        self.cursors: dict[str, int] = {}
        self.sent_by_id: dict[str, Message] = {}
        self.calls: list[str] = []
        self.breaks_on_status: Exception | None = None
        self.hold_synchronise = trio.Event()

    async def status(self) -> Any:
        self.calls.append("status")
        if self.breaks_on_status is not None:
            raise self.breaks_on_status
        return await super().status()

    async def send(
        self,
        conversation: str,
        text: str,
        *,
        quote: str | None = None,
        message_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        self.calls.append("send")
        if message_id in self.sent_by_id:
            return self.sent_by_id[message_id]
        message = await super().send(conversation, text, quote=quote, message_id=message_id)
        if message_id is not None:
            self.sent_by_id[message_id] = message
        return message

    async def synchronise(self, *, timeout_s: float) -> bool:
        self.calls.append("synchronise")
        await self.hold_synchronise.wait()
        return True

    async def consume(self, consumer: str, *, limit: int = 256, **_chosen: Any) -> list[Received]:
        await trio.lowlevel.checkpoint()
        after = self.cursors.get(consumer, 0)
        return [received for received in self.feed if received.cursor > after][:limit]

    async def acknowledge(self, consumer: str, *, cursor: int) -> None:
        await trio.lowlevel.checkpoint()
        self.cursors[consumer] = max(cursor, self.cursors.get(consumer, 0))


def make_profile(place: Path, name: str = "default") -> Profile:
    """Create a profile in a test's own place."""
    profile = Profile(name=name, directory=place / "profiles" / name)
    profile.create()
    return profile


def opener_of(
    engine: Engine, opened: Callable[[], None] = lambda: None
) -> Callable[[Profile], Any]:
    """Make the opener that `running` asks for; tells each time it opens."""

    @asynccontextmanager
    async def opener(profile: Profile) -> AsyncIterator[Engine]:
        opened()
        yield engine

    return opener
