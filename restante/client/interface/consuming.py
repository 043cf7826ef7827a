"""The part of the engine's interface for programs that read what arrives, each at its own place.

Rule: as in engine.py. Spec: docs/engine.md, section 20.
"""

from __future__ import annotations

from typing import Literal, Protocol

from restante.client.interface.message_values import Message
from restante.client.interface.view import ConversationKey, View

ReceivedType = Literal["message", "request", "receipt", "change", "gap", "notice", "error"]


class Received(View, frozen=True):
    """What `tail` prints: everything that arrived, in the order of arrival. `cursor` grows."""

    cursor: int
    type: ReceivedType
    """`change`: somebody edited, deleted, reacted to or pinned it. `notice`: a contact's key
    changed, or they moved or left."""
    message: Message


class Consumer(View, frozen=True):
    """Who reads the feed under a name, and how far that is."""

    name: str
    cursor: int
    waiting: int
    """Lines past its cursor."""


class DeadLetter(View, frozen=True):
    """A line of the feed that a consumer's program would not take, after all its tries."""

    consumer: str
    error: str
    died_at: str
    """RFC 3339 UTC."""
    received: Received


class Consuming(Protocol):
    """What consumers ask."""

    async def consume(
        self,
        consumer: str,
        *,
        limit: int = 256,
        after: int | None = None,
        since: str | None = None,
        conversation: ConversationKey | None = None,
    ) -> list[Received]:
        """Return what arrived past the consumer's cursor, oldest first. Moves nothing.

        `after` takes the cursor's place; `since` (RFC 3339) and `conversation` leave the rest out.
        """

    async def acknowledge(self, consumer: str, *, cursor: int) -> None:
        """Move a consumer's cursor; it never moves back."""

    async def consumers(self) -> list[Consumer]:
        """Return all consumers that have acknowledged anything, by name."""

    async def consumer_forget(self, consumer: str) -> None:
        """Forget a consumer and its dead letters. UserError: there is none."""

    async def dead_letter(self, consumer: str, *, cursor: int, error: str) -> None:
        """Put a line aside that a consumer's program won't take, and move its cursor past it."""

    async def dead_letters(self) -> list[DeadLetter]:
        """Return all that was put aside, by consumer and order of arrival."""

    async def dead_letter_drop(self, consumer: str, *, cursor: int) -> None:
        """Take a line off that list: done after all, or given up. UserError: not there."""
