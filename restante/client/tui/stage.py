"""What every screen stands on: the engine, the clock, the signs. Pure.

Rule: whatever would differ between two runs of the same story (time, zone, patience) is here, so
that a test can hold it still. Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from restante.client.interface import Engine
from restante.client.tui.glyphs import Glyphs, choose_glyphs

PATIENCE_S = 2.0
"""A connection that is away for less is nobody's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The profiles of this machine, by name: the one that is open, and the others."""

    current: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`now` returns an aware time in `zone` (None: the machine's own)."""

    engine: Engine
    now: Callable[[], datetime]
    zone: tzinfo | None
    glyphs: Glyphs
    patience_s: float = PATIENCE_S
    accounts: Accounts = Accounts(current="default")

    @classmethod
    def here(cls, engine: Engine, accounts: Accounts) -> Stage:
        """This machine's clock, zone and terminal."""
        return cls(
            engine=engine,
            now=lambda: datetime.now(UTC).astimezone(),
            zone=None,
            glyphs=choose_glyphs(os.environ),
            accounts=accounts,
        )
