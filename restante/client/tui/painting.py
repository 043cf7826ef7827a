"""The colours of a picture's cells as the terminal is told them.

Rule: a style is made once for each pair of colours. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color
from rich.style import Style

from restante.client.tui.roles import Paint


@lru_cache(maxsize=4096)
def style_of(paint: Paint) -> Style:
    """Return the style of a cell that is drawn as an upper half-block."""
    lower = None if paint.lower is None else Color.from_rgb(*paint.lower)
    return Style(color=Color.from_rgb(*paint.upper), bgcolor=lower)
