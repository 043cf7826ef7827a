"""What every line of every widget passes on its way to the terminal.

Rule: no control and no sign that turns the direction of the text gets through, wherever it came
from. Spec: docs/tui.md, section 7.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# C0 and C1 controls, DEL, and the invisible signs that turn the direction of the text round.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class ControlFilter(LineFilter):
    """Drops every control character from what is about to be written to the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without controls; the same list where there were none."""
        for text, _, _ in segments:
            if not text.isprintable() and _UNSAFE.search(text):
                return [Segment(_UNSAFE.sub("", text), style) for text, style, _ in segments]
        return segments


_PLAIN = str.maketrans("…·─│╭╮╰╯▕▌", ".--|++++||")


class PlainFilter(LineFilter):
    """Draws what frames the texts with ASCII alone; the texts stay as they are."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with plain lines and dots of the same width."""
        if all(text.isascii() for text, _, _ in segments):
            return segments
        return [Segment(text.translate(_PLAIN), style) for text, style, _ in segments]
