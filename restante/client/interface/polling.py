"""The part of the engine's interface that asks several people, and counts what they say.

Rule: as in engine.py. Votes are by name: a voter's device signs what it says.
Spec: docs/rpc.md, docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import Protocol

from restante.client.interface.message_values import Message
from restante.client.interface.view import ConversationKey


class Polling(Protocol):
    """Polls: a question, two to twelve options, and everybody's vote."""

    async def send_poll(
        self,
        conversation: ConversationKey,
        *,
        question: str,
        options: list[str],
        multiple: bool = False,
        closes_at: str | None = None,
        message_id: str | None = None,
    ) -> Message:
        """Ask something, until a time (RFC 3339) or until it is closed. Same id twice: one poll.

        UserError: no question, fewer than two options or more than twelve, an end in the past.
        """

    async def vote(self, message_id: str, choices: list[int]) -> Message:
        """Choose options of a poll, counted from 1, in the place of one's choice before.

        No choice at all takes that back. UserError: it is over; several where one may be chosen.
        """

    async def close_poll(self, message_id: str) -> Message:
        """End a poll of one's own: later votes don't count. UserError: it is somebody else's."""
