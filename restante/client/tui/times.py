"""Times as people read them. Pure: the clock and the zone are passed in.

Rule: a time is shown in the reader's zone, with that day's daylight saving. Knows no message.
Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from restante.client.language import _, plural

_WEEKDAYS = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
    _("Sunday"),
)  # fmt: skip
_MONTHS = (
    _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"),
    _("August"), _("September"), _("October"), _("November"), _("December"),
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
        half = _("pm") if moment.hour >= 12 else _("am")
        return f"{moment.hour % 12 or 12}:{moment.minute:02} {half}"
    return f"{moment.hour:02}:{moment.minute:02}"


def day_title(day: date, *, today: date) -> str:
    """`Tuesday 4 June`, with the year where it isn't this one."""
    weekday, month = _WEEKDAYS[day.weekday()], _MONTHS[day.month - 1]
    if day.year == today.year:
        return _("{weekday} {day} {month}", weekday=weekday, day=day.day, month=month)
    return _(
        "{weekday} {day} {month} {year}",
        weekday=weekday,
        day=day.day,
        month=month,
        year=day.year,
    )


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
    if minutes >= 1440:
        return plural("{count} day ago", "{count} days ago", minutes // 1440)
    if minutes >= 60:
        return plural("{count} hour ago", "{count} hours ago", minutes // 60)
    return plural("{count} minute ago", "{count} minutes ago", minutes) if minutes else _("now")


def short_age(moment: datetime, *, now: datetime, is_12_hours: bool = False) -> str:
    """When, in at most 8 cells: `now`, `14:31`, `Tue`, `4 Jun`, `Jun 2023`."""
    if timedelta() <= now - moment < timedelta(minutes=1):
        return _("now")
    days = (now.date() - moment.date()).days
    if days == 0:
        return clock_time(moment, is_12_hours=is_12_hours)
    if 0 < days < 7:
        return _WEEKDAYS[moment.weekday()][:3]
    month = _MONTHS[moment.month - 1][:3]
    if moment.year == now.year:
        return _("{day} {month}", day=moment.day, month=month)
    return _("{month} {year}", month=month, year=moment.year)
