"""Our two themes, and what they add to Textual's variables. Pure.

Rule: every text stands at a contrast of at least 4.5 to 1 on what it is drawn on (a test computes
it), and no state is told by colour alone. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

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

FALLBACK: Final = {
    "faint": "$foreground 65%",
    "line": "$foreground 20%",
    "chosen": "$primary 15%",
    "chosen-focus": "$primary 30%",
    "warning-tint": "$warning 15%",
    "error-tint": "$error 20%",
    "note-tint": "$primary 10%",
    "bar": "$panel",
}
"""Our names for the colours of a theme that is not ours."""
