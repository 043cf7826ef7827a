"""Neighbouring messages as they were read, with their layout. Pure.

Rule: messages and entries have the same length and order. Spec: docs/tui.md, section 3.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from restante.client.interface import Message
from restante.client.tui.entries import Entry


@dataclass(slots=True, eq=False)
class Chunk:
    """Messages of one chunk; `before` is the message in front of the first, if there is one."""

    messages: list[Message]
    before: Message | None
    entries: list[Entry] = field(default_factory=list)
    tops: list[int] = field(default_factory=lambda: [0])
    """Row of each entry within the chunk, and at the end their sum."""
    width: int = 0
    """What the entries were laid out for."""
    is_stale: bool = False
    """Positions moved under it: to be read again."""
    revision: int = 0
    """Grows with every change of a message."""
    strips: dict[tuple[int, bool], object] = field(default_factory=dict)
    """Rendered rows (row, is selected), kept here for whoever draws."""

    def set_entries(self, entries: list[Entry], width: int) -> None:
        """Take a finished layout."""
        self.entries = entries
        self.width = width
        self.tops = list(accumulate((entry.height for entry in entries), initial=0))
        self.strips.clear()

    def index_at(self, row: int) -> int:
        """Return the index of the entry that holds a row of the chunk."""
        # Entries of no height share their top with the next: the last of them is the one.
        return min(bisect_right(self.tops, row) - 1, len(self.entries) - 1)

    def find(self, message_id: str) -> int | None:
        """Return the index of a message."""
        return next(
            (n for n, message in enumerate(self.messages) if message.id == message_id), None
        )
