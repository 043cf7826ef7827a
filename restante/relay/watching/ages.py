"""How long envelopes wait, though nothing says when one came.

Rule: nothing is stored for it, and nothing is known of a single envelope: it is enough to remember
how far the order of arrivals had come at some times. Pure: the time is passed in.
Spec: docs/watching.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import Final, NamedTuple

NOTE_EVERY_S: Final = 300
MOST_NOTES: Final = 4096
"""Two weeks of them."""


class _Note(NamedTuple):
    last_seq: int
    at_s: float


class Ages:
    """Until which envelope all had come, and when."""

    def __init__(self) -> None:
        self._notes: deque[_Note] = deque(maxlen=MOST_NOTES)

    def note(self, last_seq: int, now_s: float) -> None:
        """Note what came last of all that waits; more often than needed does no harm."""
        if self._notes:
            newest = self._notes[-1]
            if now_s - newest.at_s < NOTE_EVERY_S or last_seq <= newest.last_seq:
                return
        self._notes.append(_Note(last_seq, now_s))

    def at_least_s(self, seq: int, now_s: float) -> float:
        """Return for how long at least an envelope has been here; 0 for none, or a new one."""
        found = bisect_left(self._notes, seq, key=lambda note: note.last_seq)
        if not seq or found == len(self._notes):
            return 0.0
        return now_s - self._notes[found].at_s
