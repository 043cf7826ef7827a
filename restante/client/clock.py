"""The wall clock, as a seam: what is written into messages, manifests and rows.

Rule: wall time is for people and for what must outlive the process; deadlines and pauses use
trio's own clock, which doesn't jump. A wall clock that is an hour off shifts what is shown and
hurts nothing else.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the wall time comes from."""

    def now_ms(self) -> int:
        """Return unix time in milliseconds."""


class SystemClock:
    """The machine's own clock."""

    __slots__ = ()

    def now_ms(self) -> int:
        """Return unix time in milliseconds."""
        return time.time_ns() // 1_000_000


def read_rfc3339(text: str) -> int:
    """Return the moment that RFC 3339 writes, in unix milliseconds. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return max(int(moment.timestamp() * 1000), 0)


def rfc3339(at_ms: int) -> str:
    """Write a moment as RFC 3339 in UTC, to the millisecond: 2026-02-03T04:05:06.789Z.

    A time that no calendar holds (a peer may claim any) is written as the nearest one that does.
    """
    last_ms = 253_402_300_799_999  # the end of the year 9999
    seconds, millis = divmod(min(max(at_ms, 0), last_ms), 1000)
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"
