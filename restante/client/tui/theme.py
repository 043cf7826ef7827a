"""Our two themes, and what they add to Textual's variables. Pure.

Rule: every text stands at a contrast of at least 4.5 to 1 on what it is drawn on (a test computes
it), and no state is told by colour alone. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from textual.color import Color
from textual.theme import Theme

DARK: Final = Theme(
    name="restante-dark",
    dark=True,
    primary="#8ab0ff",
    secondary="#bf9fff",
    accent="#bf9fff",
    warning="#e5b567",
    error="#ff8f9c",
    success="#93cf82",
    foreground="#ccd1e0",
    background="#171922",
    surface="#1c1f2a",
    panel="#252938",
    variables={
        "faint": "#9aa1b7",
        "line": "#343a4d",
        "chosen": "#2d3047",
        "chosen-focus": "#353557",
        "warning-tint": "#362f22",
        "error-tint": "#42262f",
        "note-tint": "#23293a",
        "bar": "#232839",
        "input-selection-background": "#40406a",
        "block-cursor-background": "#353557",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "scrollbar": "#343a4d",
        "scrollbar-hover": "#4a516b",
        "scrollbar-active": "#8b92a9",
        "scrollbar-background": "#171922",
        "scrollbar-background-hover": "#171922",
        "scrollbar-background-active": "#171922",
    },
)

LIGHT: Final = Theme(
    name="restante-light",
    dark=False,
    primary="#1f55c4",
    secondary="#6a35b8",
    accent="#6a35b8",
    warning="#855000",
    error="#b01f38",
    success="#1d6825",
    foreground="#262a35",
    background="#fbfaf7",
    surface="#f4f2ec",
    panel="#e9e6dd",
    variables={
        "faint": "#585d70",
        "line": "#d3cfc3",
        "chosen": "#ebe7f6",
        "chosen-focus": "#dfd7f5",
        "warning-tint": "#f8ecd2",
        "error-tint": "#fae1e3",
        "note-tint": "#e7ecf7",
        "bar": "#ebe8e0",
        "input-selection-background": "#d6caf0",
        "block-cursor-background": "#dfd7f5",
        "block-cursor-foreground": "#16181f",
        "block-cursor-text-style": "none",
        "scrollbar": "#d3cfc3",
        "scrollbar-hover": "#b5b0a2",
        "scrollbar-active": "#61667a",
        "scrollbar-background": "#fbfaf7",
        "scrollbar-background-hover": "#fbfaf7",
        "scrollbar-background-active": "#fbfaf7",
    },
)

CONTRAST: Final = Theme(
    name="restante-contrast",
    dark=True,
    primary="#9cd2ff",
    secondary="#e0c4ff",
    accent="#e0c4ff",
    warning="#ffd24d",
    error="#ff9f9f",
    success="#8df08d",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    variables={
        "faint": "#d8d8d8",
        "line": "#b0b0b0",
        "chosen": "#1c1c1c",
        "chosen-focus": "#002b5c",
        "warning-tint": "#000000",
        "error-tint": "#000000",
        "note-tint": "#000000",
        "bar": "#000000",
        "input-selection-background": "#004a99",
        "block-cursor-background": "#002b5c",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "scrollbar": "#b0b0b0",
        "scrollbar-hover": "#ffffff",
        "scrollbar-active": "#ffffff",
        "scrollbar-background": "#000000",
        "scrollbar-background-hover": "#000000",
        "scrollbar-background-active": "#000000",
    },
)

_READABLE: Final = 4.5
"""WCAG 2.2, 1.4.3, level AA."""

_NO_GROUND: Final = dict.fromkeys(
    ("warning-tint", "error-tint", "note-tint", "bar"), "ansi_default"
)
_ANSI_DARK: Final = {
    **_NO_GROUND,
    "faint": "ansi_white",
    "line": "ansi_bright_black",
    "chosen": "ansi_bright_black",
    "chosen-focus": "ansi_bright_black",
}
_ANSI_LIGHT: Final = {
    **_NO_GROUND,
    "faint": "ansi_bright_black",
    "line": "ansi_bright_black",
    "chosen": "ansi_white",
    "chosen-focus": "ansi_white",
}
"""Of the terminal's own colours nobody knows which can be read on which: little ground is laid."""


def tints(theme: Theme) -> dict[str, str]:
    """Return our names for the colours of a theme that is not ours."""
    if theme.ansi:
        return dict(_ANSI_DARK if theme.dark else _ANSI_LIGHT)
    colours = theme.to_color_system().generate()
    ground, text = Color.parse(colours["background"]), Color.parse(colours["foreground"])
    primary, panel = Color.parse(colours["primary"]), Color.parse(colours["panel"])
    faint = next(
        (
            shade
            for shade in (text.blend(ground, part / 100) for part in range(40, 0, -5))
            if min(contrast(shade, ground), contrast(shade, panel)) >= _READABLE
        ),
        text,
    )
    mixed = {
        "faint": faint,
        "line": ground.blend(text, 0.2),
        "chosen": ground.blend(primary, 0.14),
        "chosen-focus": ground.blend(primary, 0.26),
        "warning-tint": ground.blend(Color.parse(colours["warning"]), 0.12),
        "error-tint": ground.blend(Color.parse(colours["error"]), 0.16),
        "note-tint": ground.blend(primary, 0.10),
        "bar": panel,
    }
    return {name: colour.hex for name, colour in mixed.items()}


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colours as WCAG 2.2 defines it, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(shown: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (shown.r / 255, shown.g / 255, shown.b / 255)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
