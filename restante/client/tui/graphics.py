"""What a terminal draws pictures with besides letters: kitty's graphics or sixel, if it has them.

Rule: the terminal is asked once, before the interface starts, and only one that is likely to
answer; what is drawn are pixels, which were decoded elsewhere. The library (the extra `pictures`)
is known here alone. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from restante.values import dataclass

if TYPE_CHECKING:
    from textual.widget import Widget

    from restante.client.interface import Pixels

MOST_SIDE: Final = 1200
"""More pixels than that are slow to send to a terminal."""

_PLACEHOLDERS_SINCE: Final = (0, 28)
"""The first kitty that puts pictures in the place of letters, as the library has them put; one
before it says that it has graphics, and shows the letters."""

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


def draws_placeholders(version: str) -> bool:
    """Whether a terminal draws pictures in the place of letters, by its answer to XTVERSION."""
    kitty = re.search(r"kitty\((\d{1,4})\.(\d{1,4})", version)
    if kitty is not None:
        return (int(kitty[1]), int(kitty[2])) >= _PLACEHOLDERS_SINCE
    return "ghostty" in version


def find_graphics(environment: Mapping[str, str]) -> Graphics | None:
    """Ask the terminal what it draws with; None: letters alone, or the extra isn't installed."""
    if not is_likely(environment):
        return None
    try:
        from textual_image import _terminal, renderable, widget  # noqa: PLC0415  (asks as imported)
    except ImportError:
        return None
    kinds = {
        renderable.SixelImage: widget.SixelImage,
        renderable.TGPImage: widget.TGPImage,
    }
    kind = kinds.get(renderable.Image)
    if kind is None or (kind is widget.TGPImage and not draws_placeholders(_version(_terminal))):
        return None
    cell = _terminal.get_cell_size()
    return Graphics(kind=kind, cell_width=cell.width, cell_height=cell.height)


def _version(terminal: Any) -> str:
    """Ask the terminal what it is (XTVERSION); empty: it doesn't say."""
    output = sys.__stdout__
    if output is None:
        return ""
    try:
        with terminal.capture_terminal_response("\x1bP>|", "\x1b\\", timeout=0.1) as answer:
            output.write("\x1b[>q")
            output.flush()
    except (terminal.TerminalError, TimeoutError):
        return ""
    return str(answer.sequence)
