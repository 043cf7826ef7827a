"""What a terminal draws pictures with besides letters: kitty's graphics or sixel, if it has them.

Rule: the terminal is asked once, before the interface starts, and only one that is likely to
answer; what is drawn are pixels, which were decoded elsewhere. The library (the extra `pictures`)
is known here alone. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from restante.values import dataclass

if TYPE_CHECKING:
    from textual.widget import Widget

    from restante.client.interface import Pixels

MOST_SIDE: Final = 1200
"""More pixels than that are slow to send to a terminal."""

_LIKELY_TERMS: Final = ("xterm-kitty", "foot", "mlterm", "contour", "xterm-ghostty")
_LIKELY_PROGRAMS: Final = frozenset({"WezTerm", "iTerm.app", "ghostty", "vscode", "mintty"})
_LIKELY_NAMES: Final = frozenset({"KITTY_WINDOW_ID", "WEZTERM_PANE", "KONSOLE_VERSION"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Graphics:
    """How this terminal draws pictures: the library's widget, and the size of a cell in pixels."""

    kind: Any
    cell_width: int
    cell_height: int

    def box(self, columns: int, rows: int) -> tuple[int, int]:
        """Return how many pixels fill so many cells."""
        return (
            max(1, min(MOST_SIDE, columns * self.cell_width)),
            max(1, min(MOST_SIDE, rows * self.cell_height)),
        )

    def widget(self, pixels: Pixels, colours: bytes) -> Widget:
        """Return a widget that shows pixels."""
        from PIL import Image  # noqa: PLC0415  (only where it is drawn)

        picture = Image.frombytes("RGB", (pixels.width, pixels.height), colours)
        drawn = self.kind(picture)
        drawn.styles.width = max(1, -(-pixels.width // self.cell_width))
        drawn.styles.height = max(1, -(-pixels.height // self.cell_height))
        return cast("Widget", drawn)


def is_likely(environment: Mapping[str, str]) -> bool:
    """Whether a terminal may have graphics, by what it says of itself; tmux passes none on."""
    if "TMUX" in environment or "STY" in environment:
        return False
    is_term = environment.get("TERM", "").startswith(_LIKELY_TERMS)
    is_program = environment.get("TERM_PROGRAM", "") in _LIKELY_PROGRAMS
    return is_term or is_program or not _LIKELY_NAMES.isdisjoint(environment)


def find_graphics(environment: Mapping[str, str]) -> Graphics | None:
    """Ask the terminal what it draws with; None: letters alone, or the extra isn't installed."""
    if not is_likely(environment):
        return None
    try:
        from textual_image import renderable, widget  # noqa: PLC0415  (asks as it is imported)
        from textual_image._terminal import get_cell_size  # noqa: PLC0415  (the same)
    except ImportError:
        return None
    kinds = {
        renderable.SixelImage: widget.SixelImage,
        renderable.TGPImage: widget.TGPImage,
    }
    kind = kinds.get(renderable.Image)
    if kind is None:
        return None
    cell = get_cell_size()
    return Graphics(kind=kind, cell_width=cell.width, cell_height=cell.height)
