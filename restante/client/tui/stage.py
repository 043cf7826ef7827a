"""What every screen stands on: the engine, the clock, the signs. Pure.

Rule: whatever would differ between two runs of the same story (time, zone, patience) is here, so
that a test can hold it still. Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import field
from datetime import UTC, datetime, tzinfo
from typing import Final

from restante.client.interface import Engine, FileProgress
from restante.client.tui.glyphs import ASCII, UNICODE, Glyphs, choose_glyphs
from restante.client.tui.graphics import Graphics, find_graphics
from restante.client.tui.page import Page
from restante.client.tui.preferences import Preferences
from restante.client.tui.times import until_words
from restante.client.voice.device import play, record
from restante.values import dataclass

CALM_S = 5.0
"""Notices come no closer together than this."""

PATIENCE_S = 2.0
"""A connection that is away for less is nobody's business."""

_SIGNS: Final = {"ascii": ASCII, "unicode": UNICODE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The profiles of this machine, by name: the one that is open, and the others."""

    current: str
    others: tuple[str, ...] = ()


class Whereabouts:
    """Where the user is: what they sent or said last, in memory alone and told nobody."""

    here: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`now` returns an aware time in `zone` (None: the machine's own)."""

    engine: Engine
    now: Callable[[], datetime]
    zone: tzinfo | None
    usual_glyphs: Glyphs
    """What this terminal can show."""
    preferences: Preferences = field(default_factory=Preferences)
    patience_s: float = PATIENCE_S
    calm_s: float = CALM_S
    accounts: Accounts = Accounts(current="default")
    play: Callable[..., None] = play
    """Plays samples; as `voice.device.play`."""
    record: Callable[..., bytes] = record
    """Records samples; as `voice.device.record`."""
    whereabouts: Whereabouts = field(default_factory=Whereabouts)
    under_way: dict[str, FileProgress] = field(default_factory=dict)
    """How far files are, by message: those that move now."""
    found_graphics: Graphics | None = None
    """What this terminal draws pictures with, besides letters."""

    @property
    def glyphs(self) -> Glyphs:
        """The signs that are wanted now."""
        return _SIGNS.get(self.preferences["glyphs"], self.usual_glyphs)

    def key_of(self, action: str, usual: str) -> str:
        """Spell the key that an action of the app or its screen has now."""
        return self.preferences.names_of_keys.get(action.rpartition(".")[2], usual)

    @property
    def graphics(self) -> Graphics | None:
        """What pictures are drawn with, besides letters, if that is wanted."""
        return self.found_graphics if self.preferences["pictures"] == "auto" else None

    @property
    def shows_pictures(self) -> bool:
        """Whether pictures are drawn: they need the block elements of Unicode."""
        return self.preferences["pictures"] != "off" and self.glyphs is UNICODE

    @property
    def is_12_hours(self) -> bool:
        """How times of day are written."""
        return self.preferences["clock"] == "12h"

    def page(self, width: int) -> Page:
        """Return what a text of this width in cells is laid out for, now."""
        return Page(
            width=width,
            glyphs=self.glyphs,
            zone=self.zone,
            now=self.now(),
            is_12_hours=self.is_12_hours,
            is_compact=self.preferences["density"] == "compact",
            shows_pictures=self.shows_pictures,
            here=self.whereabouts.here,
            under_way=self.under_way,
        )

    def until_words(self, rfc3339: str | None) -> str:
        """Say a time of today as that, any other with its day; empty for one that never comes."""
        return until_words(rfc3339, self.zone, now=self.now(), is_12_hours=self.is_12_hours)

    @classmethod
    def here(cls, engine: Engine, accounts: Accounts, preferences: Preferences) -> Stage:
        """This machine's clock, zone and terminal."""
        return cls(
            engine=engine,
            now=lambda: datetime.now(UTC).astimezone(),
            zone=None,
            usual_glyphs=choose_glyphs(os.environ),
            preferences=preferences,
            accounts=accounts,
            found_graphics=find_graphics(os.environ) if preferences["pictures"] == "auto" else None,
        )
