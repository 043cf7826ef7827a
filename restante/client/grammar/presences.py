"""Who has said that they are there, and when: in memory alone, for as long as it can be true.

Rule: coarse, and never stored. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

import time
from dataclasses import field
from typing import Final

from restante.values import dataclass

STEP_S: Final = 300
"""Times of presence are multiples of this: nobody learns more than which five minutes."""

BELIEVED_S: Final = 2.2 * STEP_S
"""Who says nothing for so long isn't there any more."""

MAX_PRESENCES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What somebody said: whether they were there, and in which five minutes (unix time)."""

    is_online: bool
    seen_at_s: int
    heard_at: float
    """By the clock that never goes back."""

    @property
    def is_there(self) -> bool:
        """Whether they are there, as far as one can still say."""
        return self.is_online and time.monotonic() < self.heard_at + BELIEVED_S


@dataclass(slots=True, kw_only=True)
class Presences:
    """What everybody said last, by account id."""

    _heard: dict[bytes, Presence] = field(default_factory=dict)

    def note(self, account_id: bytes, *, is_online: bool, seen_at_s: int, now_s: int) -> None:
        """Note what somebody says; a time of the future is now."""
        if len(self._heard) >= MAX_PRESENCES and account_id not in self._heard:
            del self._heard[next(iter(self._heard))]
        self._heard[account_id] = Presence(
            is_online=is_online,
            seen_at_s=coarse_s(min(seen_at_s, now_s)),
            heard_at=time.monotonic(),
        )

    def of(self, account_id: bytes) -> Presence | None:
        """Return what somebody said last; None if nothing."""
        return self._heard.get(account_id)


def coarse_s(at_s: int) -> int:
    """Return the beginning of the five minutes that a moment lies in."""
    return at_s - at_s % STEP_S
