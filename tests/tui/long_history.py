"""A history of any length that takes no memory: each message follows from its position."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import overload

from restante.client.interface import Message, MessageState, Sender
from tests.tui.scripted_parts import NOW, rfc3339

_WORDS = (
    *("the", "tide", "was", "out", "when", "we", "came", "down", "to", "the", "harbour", "and"),
    *("nobody", "had", "seen", "the", "boat", "since", "morning", "so", "we", "sat", "on", "the"),
    *("wall", "waiting", "for", "the", "wind", "to", "turn"),
)


class LongHistory(Sequence[Message]):
    """`count` messages between two people, one every ten minutes, the last one now."""

    def __init__(self, count: int, *, conversation: str, them: Sender, me: Sender) -> None:
        self._count = count
        self._conversation = conversation
        self._senders = (them, me)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Message: ...
    @overload
    def __getitem__(self, at: slice) -> list[Message]: ...
    def __getitem__(self, at: int | slice) -> Message | list[Message]:
        if isinstance(at, slice):
            return [self._message(n) for n in range(*at.indices(self._count))]
        return self._message(at if at >= 0 else self._count + at)

    def _message(self, position: int) -> Message:
        if not 0 <= position < self._count:
            raise IndexError(position)
        sender = self._senders[position // 3 % 2]
        words = 3 + position * 7919 % 40
        start = position % len(_WORDS)
        body = " ".join((_WORDS * 3)[start : start + words])
        sent = rfc3339(NOW - timedelta(minutes=10) * (self._count - 1 - position))
        return Message(
            id=f"{position + 1:032x}",
            conversation=self._conversation,
            position=position,
            sender=sender,
            sent_at=sent,
            received_at=None if sender.is_me else sent,
            body=f"{position} {body}",
            kind="text",
            state=MessageState.READ if sender.is_me else MessageState.DELIVERED,
        )
