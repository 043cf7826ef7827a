"""A picture as half-blocks: two pixels a cell, one above the other, wherever there are colours.

Rule: what comes in are pixels, three bytes each, never a file; a picture is drawn no larger than it
is asked for. Pure. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from restante.client.tui.roles import Paint

if TYPE_CHECKING:
    from restante.client.interface import Preview

UPPER: Final = "\N{UPPER HALF BLOCK}"
MOST_COLUMNS: Final = 32
MOST_ROWS: Final = 9
"""Of a preview among messages: a third of a small screen."""

Painted = tuple[tuple[str, Paint], ...]


@lru_cache(maxsize=256)
def preview_lines(preview: Preview, width: int) -> tuple[Painted, ...]:
    """Draw the preview of a message, blurred as it is, within a width in cells."""
    columns, rows = preview.columns, preview.rows
    colours = bytes.fromhex(preview.colours)
    wide = max(1, min(width, MOST_COLUMNS))
    high = max(1, round(wide * rows / columns))
    if high > 2 * MOST_ROWS:
        wide, high = max(1, wide * 2 * MOST_ROWS // high), 2 * MOST_ROWS
    return painted(_smooth(colours, columns, rows, wide, high), wide, high)


def painted(colours: bytes, width: int, height: int) -> tuple[Painted, ...]:
    """Draw pixels, two rows of them in one line of cells; an odd last row stands alone."""
    stride = 3 * width
    lines: list[Painted] = []
    for top in range(0, height, 2):
        upper = colours[top * stride : (top + 1) * stride]
        lower = colours[(top + 1) * stride : (top + 2) * stride]
        runs: list[tuple[str, Paint]] = []
        for at in range(0, stride, 3):
            paint = Paint(upper[at : at + 3], lower[at : at + 3] or None)
            if runs and runs[-1][1] == paint:
                runs[-1] = (runs[-1][0] + UPPER, paint)
            else:
                runs.append((UPPER, paint))
        lines.append(tuple(runs))
    return tuple(lines)


def _smooth(colours: bytes, columns: int, rows: int, wide: int, high: int) -> bytes:
    """Stretch a picture, each new pixel between the four that it lies among."""
    made = bytearray()
    across = [_between(at, wide, columns) for at in range(wide)]
    for y in range(high):
        top, below, down = _between(y, high, rows)
        first, second = top * columns * 3, below * columns * 3
        for left, right, over in across:
            for part in range(3):
                a, b = colours[first + left * 3 + part], colours[first + right * 3 + part]
                c, d = colours[second + left * 3 + part], colours[second + right * 3 + part]
                upper = a + (b - a) * over
                made.append(int(upper + (c + (d - c) * over - upper) * down))
    return bytes(made)


def _between(at: int, many: int, few: int) -> tuple[int, int, float]:
    """Return between which two of the few one of the many lies, and how far from the first."""
    place = min(max((at + 0.5) * few / many - 0.5, 0.0), few - 1.0)
    first = int(place)
    return first, min(first + 1, few - 1), place - first
