"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from restante.client.tui.times import clock_time, day_title, local, short_age

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
