"""What the scripted engine is made of: its clock, its people, its streams of events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

import trio

from restante.client.interface import (
    AlertLevel,
    ContactState,
    Event,
    GroupLine,
    Member,
    Message,
    Resync,
    Trust,
)

NOW = datetime(2024, 6, 4, 14, 36, tzinfo=UTC)
"""Where the clock of every story stands: a Tuesday."""


def rfc3339(moment: datetime) -> str:
    """Spell a time as the engine does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Stream:
    """A bounded subscription."""

    def __init__(self, streams: list[Stream]) -> None:
        self._streams = streams
        self.sender, self._receiver = trio.open_memory_channel[Event](256)
        self.is_behind = False

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Event:
        if self.is_behind and not self._receiver.statistics().current_buffer_used:
            self.is_behind = False
            return Resync()
        try:
            return await self._receiver.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Stream:
        self._streams.append(self)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._streams.remove(self)
        self.sender.close()


class Person:
    """One conversation's script and state."""

    def __init__(
        self, address: str, *, petname: str | None, trust: Trust, state: ContactState
    ) -> None:
        self.address = address
        self.key = sha256(address.encode()).hexdigest()[:32]
        self.petname = petname
        self.timer_s = 0
        self.draft = ""
        self.is_online: bool | None = None
        self.muted_until: str | None = None
        self.alerts: AlertLevel = "all"
        self.is_pinned = False
        self.is_archived = False
        self.is_marked = False
        self.trust = trust
        self.state = state
        self.messages: Sequence[Message] = []
        self.unread: list[str] = []
        self.group: GroupLine | None = None
        self.members: list[Member] = []

    @property
    def name(self) -> str:
        """What the person is called."""
        return self.petname or self.address
