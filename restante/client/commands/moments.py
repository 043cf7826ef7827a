"""Times as people type them: a time of day, a date with one, or how long from now.

Rule: pure: the present is passed in. A time without a zone is the person's own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from restante.errors import UserError

_FROM_NOW: Final = re.compile(r"\+(\d{1,6})([smhdw])")
_AGO: Final = re.compile(r"-(\d{1,6})([smhdw])")
_TIME_OF_DAY: Final = re.compile(r"(\d{1,2}):(\d{2})")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str, now: datetime) -> str:
    """Return what a text means, as RFC 3339 in UTC. `now` is the person's own, without a zone.

    `+90m`; `08:00`, the next one; `2026-11-22 08:00`; RFC 3339. UserError: none of them.
    """
    said = text.strip()
    if found := _FROM_NOW.fullmatch(said):
        at = now.astimezone() + timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    elif found := _TIME_OF_DAY.fullmatch(said):
        at = _next(int(found[1]), int(found[2]), now, said)
    else:
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            raise _no_time(said) from None
    # Without a zone it is the machine's own, which knows its summers.
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def past_moment(text: str, now: datetime) -> str:
    """Return when a text says that something began: `-2h`, or what `moment` takes. UserError."""
    said = text.strip()
    if found := _AGO.fullmatch(said):
        at = now.astimezone() - timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    none = UserError(f"{said[:40]!r} is no time gone by. Write -2h, or 2026-11-21 08:00.")
    if _FROM_NOW.fullmatch(said) or _TIME_OF_DAY.fullmatch(said):
        raise none
    try:
        return moment(said, now)
    except UserError:
        raise none from None


def _next(hour: int, minute: int, now: datetime, said: str) -> datetime:
    try:
        today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        raise _no_time(said) from None
    return today if today > now else today + timedelta(days=1)


def _no_time(said: str) -> UserError:
    return UserError(
        f"{said[:40]!r} is no time. Write +90m, 08:00, or 2026-11-22 08:00. Nothing was sent."
    )
