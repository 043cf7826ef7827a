"""Quiet hours: over midnight, by weekday; what are none is refused."""

from __future__ import annotations

from datetime import datetime

import pytest

from restante.client.tui.quiet import is_quiet, read_quiet


@pytest.mark.parametrize(
    ("hours", "hour", "expected"),
    [("off", 3, False), ("22-7", 21, False), ("22-7", 22, True), ("22-7", 6, True),
     ("22-7", 7, False), ("0-8", 0, True), ("0-8", 8, False)],
)  # fmt: skip
def test_quiet_hours_go_over_midnight(hours: str, hour: int, expected: bool) -> None:
    assert is_quiet(hours, datetime(2026, 3, 1, hour, 30).astimezone()) is expected


@pytest.mark.parametrize(
    ("hours", "when", "expected"),
    [
        ("mo-fr 22:30-7", "2024-06-04T22:29", False),  # a Tuesday
        ("mo-fr 22:30-7", "2024-06-04T22:30", True),
        ("mo-fr 22:30-7", "2024-06-08T06:59", True),  # Saturday morning: it began on Friday
        ("mo-fr 22:30-7", "2024-06-08T23:00", False),
        ("mo-fr 22:30-7", "2024-06-10T06:59", False),  # Monday morning: Sunday has none
        ("mo-fr 22-7, sa su 0-10", "2024-06-09T09:59", True),
        ("mo-fr 22-7, sa su 0-10", "2024-06-09T10:00", False),
        ("fr-mo 12-13", "2024-06-09T12:30", True),
        ("fr-mo 12-13", "2024-06-05T12:30", False),
        ("su 9-9", "2024-06-10T08:00", True),
    ],
)
def test_quiet_hours_by_weekday_belong_to_the_day_on_which_they_begin(
    hours: str, when: str, expected: bool
) -> None:
    assert is_quiet(hours, datetime.fromisoformat(when)) is expected


@pytest.mark.parametrize("hours", ["", "22", "25-7", "22-7-8", "mo22-7", "xx 22-7", "22:60-7", ","])
def test_what_are_no_hours_is_refused(hours: str) -> None:
    assert read_quiet(hours) is None
