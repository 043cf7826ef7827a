"""How far a place is, in which direction, and a small sketch of both. Pure.

Rule: numbers alone: nothing is fetched, and no map is drawn. Distances on a sphere, within half a
percent of the earth. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

import math
from typing import Final

from restante.client.language import _

EARTH_M: Final = 6_371_009
"""The mean radius (IUGG)."""

COLUMNS, ROWS = 8, 4
"""Of the sketch, in cells: sixteen dots each way, as braille has two by four."""

_DIRECTIONS: Final = (
    *(_("north"), _("north-east"), _("east"), _("south-east")),
    *(_("south"), _("south-west"), _("west"), _("north-west")),
)
_BRAILLE: Final = 0x2800
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_RADIUS: Final = 7.0
_CENTRE: Final = 7.5

Degrees = tuple[float, float]
"""Latitude and longitude, WGS 84."""


def distance_m(here: Degrees, there: Degrees) -> float:
    """Return how far it is over the surface, in metres."""
    (north, east), (other_north, other_east) = (map(math.radians, each) for each in (here, there))
    half = (
        math.sin((other_north - north) / 2) ** 2
        + math.cos(north) * math.cos(other_north) * math.sin((other_east - east) / 2) ** 2
    )
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def bearing(here: Degrees, there: Degrees) -> float:
    """Return the direction in which one would set out, in degrees from north over east."""
    (north, east), (other_north, other_east) = (map(math.radians, each) for each in (here, there))
    across = math.sin(other_east - east) * math.cos(other_north)
    up = math.cos(north) * math.sin(other_north) - math.sin(north) * math.cos(other_north) * (
        math.cos(other_east - east)
    )
    return math.degrees(math.atan2(across, up)) % 360


def direction(degrees: float) -> str:
    """Name one of eight directions."""
    return _DIRECTIONS[round(degrees / 45) % 8]


def distance_text(metres: float) -> str:
    """`40 m`, `3.2 km`, `1,240 km`."""
    if metres < 1000:
        return f"{round(metres / 10) * 10} m"
    kilometres = metres / 1000
    return f"{kilometres:.1f} km" if kilometres < 100 else f"{kilometres:,.0f} km"


def ring_m(metres: float) -> int:
    """Return the round number that the sketch reaches to: 1, 2 or 5 with noughts."""
    nought: int = 10 ** int(math.log10(max(metres, 10)))
    steps = (nought, 2 * nought, 5 * nought, 10 * nought)
    return next(each for each in steps if each >= metres)


def sketch(metres: float, degrees: float) -> tuple[str, ...]:
    """Draw where one is, in the middle of a ring, and where the place is; north is up."""
    dots = {(7, 7), (8, 7), (7, 8), (8, 8)}
    for step in range(40):
        dots.add(_dot(_RADIUS, step * 9.0))
    away = _RADIUS * min(1.0, metres / ring_m(metres))
    column, row = _dot(max(away, 2.0), degrees)
    dots |= {(column + right, row + down) for right in (0, 1) for down in (0, 1)}
    lines = []
    for top in range(0, 4 * ROWS, 4):
        cells = (
            sum(
                bit
                for down, bits in enumerate(_DOTS)
                for right, bit in enumerate(bits)
                if (left + right, top + down) in dots
            )
            for left in range(0, 2 * COLUMNS, 2)
        )
        lines.append("".join(chr(_BRAILLE + each) for each in cells))
    return tuple(lines)


def _dot(away: float, degrees: float) -> tuple[int, int]:
    angle = math.radians(degrees)
    return (
        round(_CENTRE + away * math.sin(angle)),
        round(_CENTRE - away * math.cos(angle)),
    )
