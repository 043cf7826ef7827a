"""Days and moments as people type them, past and to come. Pure: the present is passed in.

Rule: what is meant is the reader's own day, in their zone (None: the machine's), with that day's
daylight saving; what is none gives None, and whoever asked says so. Spec: docs/tui.md, section 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_UNIT: Final = r"(m|h|d|w)(?:in|inute|our|ay|eek)?s?"
_WRITTEN: Final = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_NAMED: Final = re.compile(r"(\d{1,2})\.? ([a-z]{3,9})(?: (\d{4}))?")
_AGO: Final = re.compile(rf"(?:-(\d{{1,5}}) ?{_UNIT}|(\d{{1,5}}) ?{_UNIT} ago)")
_FROM_NOW: Final = re.compile(rf"(?:\+|in )(\d{{1,5}}) ?{_UNIT}")
_CLOCK: Final = re.compile(r"(?:at )?(\d{1,2})(?::(\d{2}))?(?: ?(am|pm))?")

_EPOCH: Final = datetime(1970, 1, 2, tzinfo=UTC)
"""Nothing was said before."""

MORNING: Final = time(9)
"""What a day to come means without a time of day."""


def past_day(text: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    """Return when what a text names begins, the last such; None: it names none.

    `today`, `yesterday`, `monday`, `-3d`, `3 days ago`, `2026-11-04`, `2026-11`, `2026`, `4 June`,
    `4 june 2025`.
    """
    said, today = _plain(text), now.date()
    if found := _AGO.fullmatch(said):
        ago = _duration(found[1] or found[3], found[2] or found[4])
        return now - ago if ago < now - _EPOCH else None
    day: date | None
    if said in {"today", "yesterday"}:
        day = today - timedelta(days=said == "yesterday")
    elif (weekday := _weekday(said)) is not None:
        day = today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    else:
        day = _written(said) or _latest(_named(said, today), today)
    return None if day is None or day < _EPOCH.date() else _begins(day, time(), zone)


def moment_to_come(text: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    """Return the moment that a text names, the next such; None: none, or one that has gone by.

    `+90m`, `in 2 hours`, `18:30`, `6 pm`, `tomorrow`, `tomorrow 9:00`, `monday 9`, `4 june 9:00`,
    `2026-11-22 08:00`. A day alone means its morning.
    """
    said, today = _plain(text), now.date()
    if found := _FROM_NOW.fullmatch(said):
        return now + _duration(found[1], found[2])
    if (clock := _clock(said)) is not None:
        moments = [_begins(today + timedelta(days=n), clock, zone) for n in (0, 1)]
        return next((moment for moment in moments if moment > now), None)
    cuts = (at for at, letter in enumerate([*said, " "]) if letter == " ")
    for cut in cuts:
        rest = said[cut:].strip()
        clock = _clock(rest) if rest else MORNING
        days = _coming(said[:cut], today)
        if clock is not None and days:
            moments = [_begins(day, clock, zone) for day in days]
            return next((moment for moment in moments if moment > now), None)
    return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace(",", " ").split())


def _duration(count: str, unit: str) -> timedelta:
    return timedelta(seconds=int(count) * _SECONDS[unit])


def _coming(said: str, today: date) -> list[date]:
    """Return the days that a text may mean, the next one first."""
    if said in {"today", "tomorrow"}:
        return [today + timedelta(days=said == "tomorrow")]
    if (weekday := _weekday(said)) is not None:
        ahead = (weekday - today.weekday()) % 7
        return [today + timedelta(days=ahead + more) for more in (0, 7)]
    if (day := _written(said)) is not None:
        return [day] if said.count("-") == 2 else []
    return sorted(day for day in _named(said, today) if day >= today)


def _written(said: str) -> date | None:
    found = _WRITTEN.fullmatch(said)
    return None if found is None else _day(int(found[1]), int(found[2] or 1), int(found[3] or 1))


def _named(said: str, today: date) -> list[date]:
    """Return the days that `4 june` may be: in the year named, else in this or one beside."""
    found = _NAMED.fullmatch(said)
    if found is None:
        return []
    months = [n for n, name in enumerate(_MONTHS, 1) if name.startswith(found[2])]
    years = [int(found[3])] if found[3] else [today.year + n for n in (-1, 0, 1)]
    days = (_day(year, month, int(found[1])) for year in years for month in months[:1])
    return [day for day in days if day is not None]


def _latest(days: Iterable[date], today: date) -> date | None:
    days = list(days)
    return max((day for day in days if day <= today), default=days[0] if len(days) == 1 else None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _weekday(said: str) -> int | None:
    if len(said) < 3:
        return None
    return next((n for n, name in enumerate(_WEEKDAYS) if name.startswith(said)), None)


def _clock(said: str) -> time | None:
    found = _CLOCK.fullmatch(said)
    if found is None or not (found[2] or found[3] or said.isdigit()):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _begins(day: date, clock: time, zone: tzinfo | None) -> datetime:
    wall = datetime.combine(day, clock)  # without a zone it is the machine's, which knows its own
    return wall.astimezone() if zone is None else wall.replace(tzinfo=zone)
