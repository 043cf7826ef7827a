"""What text is laid out for: a width, a set of signs, a clock. Pure.

Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, tzinfo

from restante.client.interface import FileProgress
from restante.client.tui.glyphs import Glyphs
from restante.values import dataclass

MAX_MEASURE = 96
"""Longer lines are hard to read; a wider pane stays empty on the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What entries are laid out for: the width of the text in cells, the signs, zone and day."""

    width: int
    glyphs: Glyphs
    zone: tzinfo | None
    now: datetime
    is_12_hours: bool = False
    is_compact: bool = False
    """One line for each message, instead of groups."""
    here: tuple[float, float] | None = None
    """Where the reader is, in degrees, if they have said so."""
    shows_pictures: bool = False
    """Whether previews stand among the messages."""
    under_way: Mapping[str, FileProgress] = field(default_factory=dict)
    """How far files are, by message."""

    @property
    def measure(self) -> int:
        """Width that is used."""
        return max(2, min(self.width, MAX_MEASURE))
