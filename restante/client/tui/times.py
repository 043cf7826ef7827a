"""Times as people read them. Pure: the clock and the zone are passed in.

Rule: a time is shown in the reader's zone, with that day's daylight saving. Knows no message.
Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def local(rfc3339: str, zone: tzinfo | None) -> datetime:
    """Read an RFC 3339 time into a zone (None: the machine's own)."""
    moment = datetime.fromisoformat(rfc3339)
    try:
        return moment.astimezone(zone)
    except OverflowError:  # a peer may claim the last hour of the year 9999
        return moment


def clock_time(moment: datetime, *, is_12_hours: bool = False) -> str:
    """`14:28`, or `2:28 pm`."""
    if is_12_hours:
        half = "pm" if moment.hour >= 12 else "am"
        return f"{moment.hour % 12 or 12}:{moment.minute:02} {half}"
    return f"{moment.hour:02}:{moment.minute:02}"


def day_title(day: date, *, today: date) -> str:
    """`Tuesday 4 June`, with the year where it isn't this one."""
    title = f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return title if day.year == today.year else f"{title} {day.year}"


FOR_EVER = "9999-12-31T23:59:59Z"
"""What stands for a time that never comes."""

_NEAR_FOR_EVER = 9000


def spell_when(moment: datetime) -> str:
    """Spell a time as the engine takes it: RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def until_words(
    rfc3339: str | None, zone: tzinfo | None, *, now: datetime, is_12_hours: bool = False
) -> str:
    """Say until when: `15:36` today, else `Tuesday 4 June, 15:36`; empty for ever."""
    if rfc3339 is None or datetime.fromisoformat(rfc3339).year > _NEAR_FOR_EVER:
        return ""
    moment = local(rfc3339, zone)
    at = clock_time(moment, is_12_hours=is_12_hours)
    here = now.date()
    return at if moment.date() == here else f"{day_title(moment.date(), today=here)}, {at}"


def age(moment: datetime, *, now: datetime) -> str:
    """How long ago: `now`, `1 minute ago`, `3 hours ago`, `2 days ago`."""
    minutes = max(int((now - moment).total_seconds() // 60), 0)
    for unit, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= unit:
            count = minutes // unit
            return f"{count} {name}{'s' * (count != 1)} ago"
    return "now"


def short_age(moment: datetime, *, now: datetime, is_12_hours: bool = False) -> str:
    """When, in at most 8 cells: `now`, `14:31`, `Tue`, `4 Jun`, `Jun 2023`."""
    if timedelta() <= now - moment < timedelta(minutes=1):
        return "now"
    days = (now.date() - moment.date()).days
    if days == 0:
        return clock_time(moment, is_12_hours=is_12_hours)
    if 0 < days < 7:
        return _WEEKDAYS[moment.weekday()][:3]
    month = _MONTHS[moment.month - 1][:3]
    return f"{moment.day} {month}" if moment.year == now.year else f"{month} {moment.year}"
