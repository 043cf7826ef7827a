"""What a doctor finds: one value for each thing looked at. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Works, and won't for long, or not under load."""
    BAD = "bad"
    SKIPPED = "skipped"
    """Couldn't be looked at; `found` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, what was found, and what to do about it if anything."""

    check: str
    state: State
    found: str
    fix: str | None = None
