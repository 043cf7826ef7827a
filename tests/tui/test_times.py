"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from restante.client.tui.dates import moment_to_come, past_day
from restante.client.tui.times import clock_time, day_title, local, short_age, spell_when

NOW = datetime(2024, 6, 4, 14, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=5), "now"),
        (timedelta(minutes=5), "14:31"),
        (timedelta(hours=14, minutes=37), "Mon"),
        (timedelta(days=6), "Wed"),
        (timedelta(days=7), "28 May"),
        (timedelta(days=300), "Aug 2023"),
        (timedelta(seconds=-30), "14:36"),
        (timedelta(days=-2), "6 Jun"),
    ],
)
def test_an_age_is_said_in_at_most_eight_cells(ago: timedelta, shown: str) -> None:
    assert short_age(NOW - ago, now=NOW) == shown
    assert len(shown) <= 8


def test_a_day_has_its_year_only_when_it_is_another() -> None:
    assert day_title(date(2024, 6, 4), today=NOW.date()) == "Tuesday 4 June"
    assert day_title(date(2022, 12, 31), today=NOW.date()) == "Saturday 31 December 2022"


def test_a_time_is_shown_with_the_daylight_saving_of_its_own_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert clock_time(local("2024-01-15T12:00:00Z", berlin)) == "13:00"
    assert clock_time(local("2024-07-15T12:00:00.250Z", berlin)) == "14:00"


def test_the_last_hour_of_the_calendar_is_no_crash() -> None:
    assert local("9999-12-31T23:59:59.999Z", ZoneInfo("Asia/Tokyo")).year == 9999


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC")
CHANGES = ("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04")
"""Days on which clocks go forward or back in one of them, by an hour or by half of one."""


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("day", CHANGES)
def test_a_day_that_is_named_begins_where_its_zone_begins_it(name: str, day: str) -> None:
    zone = ZoneInfo(name)
    now = datetime.fromisoformat(f"{day}T12:00:00Z").astimezone(zone) + timedelta(days=2)
    begins = past_day(day, now, zone)
    assert begins is not None
    as_kept = local(spell_when(begins), zone)
    assert as_kept.date().isoformat() == day, "what is kept in UTC is the same day there"
    just_before = local(spell_when(begins - timedelta(seconds=1)), zone)
    assert just_before.date().isoformat() < day


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("day", CHANGES)
@pytest.mark.parametrize("clock", ["00:30", "02:30", "03:15", "9:00"])
def test_a_time_to_come_is_kept_as_a_moment_that_comes(name: str, day: str, clock: str) -> None:
    zone = ZoneInfo(name)
    now = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=zone) - timedelta(hours=20)
    moment = moment_to_come(f"{day} {clock}", now, zone)
    assert moment is not None
    assert now < moment
    shown = local(spell_when(moment), zone)
    hour, minute = (int(part) for part in clock.split(":"))
    wanted = timedelta(hours=hour, minutes=minute)
    got = timedelta(hours=shown.hour, minutes=shown.minute)
    # A time that the clocks leave out is shown as it will be: later by what they leave out.
    assert got - wanted in {timedelta(), timedelta(minutes=30), timedelta(hours=1)}
    assert shown.date().isoformat() == day
