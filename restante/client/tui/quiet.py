"""Hours in which nothing calls: `22-7`, `mo-fr 22:30-7, sa su 0-10`. Pure.

Rule: what is no such thing is said with what could be; hours that go over midnight belong to the
day on which they begin. Spec: docs/tui.md, section 12.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

NEVER: Final = "off"
DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")

_DAY: Final = "(?:" + "|".join(DAYS) + ")"
_TIME: Final = r"(\d{1,2})(?::(\d{2}))?"
_PART: Final = re.compile(rf"((?:{_DAY}(?:-{_DAY})?\s+)*){_TIME}\s*-\s*{_TIME}")

Span = tuple[frozenset[int], int, int]
"""Days, counted from Monday, and from which minute of the day to which."""


def read_quiet(text: str) -> list[Span] | None:
    """Read hours; None: they are none."""
    if text == NEVER:
        return []
    spans: list[Span] = []
    for part in text.casefold().split(","):
        found = _PART.fullmatch(part.strip())
        if found is None:
            return None
        begin, end = _minutes(found[2], found[3]), _minutes(found[4], found[5])
        if begin is None or end is None:
            return None
        spans.append((_days(found[1].split()), begin, end))
    return spans


def is_quiet(hours: str, now: datetime) -> bool:
    """Whether a time lies in hours that were read before; what is none is never quiet."""
    minute, today = now.hour * 60 + now.minute, now.weekday()
    for days, begin, end in read_quiet(hours) or []:
        if begin < end:
            if today in days and begin <= minute < end:
                return True
        elif (today in days and minute >= begin) or ((today - 1) % 7 in days and minute < end):
            return True
    return False


def _minutes(hour: str, minute: str | None) -> int | None:
    at = int(hour) * 60 + int(minute or 0)
    return at if at <= 24 * 60 and int(minute or 0) < 60 else None


def _days(words: list[str]) -> frozenset[int]:
    if not words:
        return frozenset(range(7))
    found: set[int] = set()
    for word in words:
        first, _, last = word.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {at % 7 for at in range(begin, end + 1 if end >= begin else end + 8)}
    return frozenset(found)
