"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from restante.client.commands.moments import moment
from restante.errors import UserError

NOW = datetime(2026, 11, 21, 14, 30, 15)  # noqa: DTZ001  (the person's own zone)


def local(*parts: int) -> str:
    at = datetime(*parts).astimezone(UTC)  # type: ignore[arg-type,misc]
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("+90m", local(2026, 11, 21, 16, 0, 15)),
        ("+1w", local(2026, 11, 28, 14, 30, 15)),
        ("15:00", local(2026, 11, 21, 15, 0)),
        ("08:00", local(2026, 11, 22, 8, 0)),
        ("14:30", local(2026, 11, 22, 14, 30)),
        ("2026-12-24 18:00", local(2026, 12, 24, 18, 0)),
        ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"),
        ("2026-12-24T18:00:00+02:00", "2026-12-24T16:00:00Z"),
    ],
)
def test_it_is_what_they_mean(typed: str, meant: str) -> None:
    assert moment(typed, NOW) == meant


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "08:61", "+5", "+5y", "2026-13-01 08:00"])
def test_anything_else_is_refused_with_what_can_be_written(typed: str) -> None:
    with pytest.raises(UserError, match="Write "):
        moment(typed, NOW)
