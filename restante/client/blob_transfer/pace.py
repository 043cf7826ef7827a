"""How large the next part is, and how fast it goes: a slow network gets small parts.

Rule: a part must fit its request's deadline on the network that there is, so its size follows how
long the last ones took. Time is trio's own; nothing is waited for here.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import trio

from restante.client.failures import RefusedError, RelayError
from restante.errors import WireCode
from restante.protocol.limits import MAX_BLOB_PART_BYTES

SMALLEST_BYTES: Final = 16 * 1024
"""At 2 KB/s, a modem behind a circuit, still within a third of a request's deadline."""

QUICK_S: Final = 2.0
SLOW_S: Final = 8.0
"""A part that took longer is followed by a smaller one: the deadline is REQUEST_TIMEOUT_S."""

WINDOW_S: Final = 10.0
"""The rate is that of the last ten seconds: long enough to be steady, short enough to be true."""


class Pace:
    """The size of parts on one way; shared by whoever uses that way."""

    def __init__(self) -> None:
        self.part_bytes = MAX_BLOB_PART_BYTES // 4

    def took(self, seconds: float) -> None:
        """Note how long a part of that size took."""
        if seconds < QUICK_S:
            self.part_bytes = min(self.part_bytes * 2, MAX_BLOB_PART_BYTES)
        elif seconds > SLOW_S:
            self._shrink()

    def failed(self, error: RelayError) -> None:
        """Note why a part didn't come through: after a refusal it may be as large again."""
        if not isinstance(error, RefusedError) or error.code is WireCode.TIMED_OUT:
            self._shrink()

    def _shrink(self) -> None:
        self.part_bytes = max(self.part_bytes // 2, SMALLEST_BYTES)


class Meter:
    """How much has gone, and how fast."""

    def __init__(self, done_bytes: int = 0) -> None:
        self.done_bytes = done_bytes
        self._seen: deque[tuple[float, int]] = deque([(trio.current_time(), done_bytes)])

    def add(self, count_bytes: int) -> None:
        """Note that so many bytes more have gone."""
        now = trio.current_time()
        self.done_bytes += count_bytes
        self._seen.append((now, self.done_bytes))
        while len(self._seen) > 2 and self._seen[1][0] < now - WINDOW_S:
            self._seen.popleft()

    def begin(self, count_bytes: int) -> None:
        """Note that so many bytes were there already: they say nothing of how fast it goes."""
        self.done_bytes += count_bytes
        self._seen = deque((at, seen + count_bytes) for at, seen in self._seen)

    @property
    def rate_bytes_s(self) -> float:
        """Return the bytes of a second, lately."""
        began, before = self._seen[0]
        passed_s = trio.current_time() - began
        return (self.done_bytes - before) / passed_s if passed_s > 0 else 0.0

    def left_s(self, total_bytes: int) -> float | None:
        """Return how long the rest will take at this rate; None if nobody can say."""
        rate = self.rate_bytes_s
        return max(total_bytes - self.done_bytes, 0) / rate if rate > 0 else None
