"""The last gate before the terminal: what no string may carry there.

Strings from others were cleaned when they came in (restante.protocol.text). Rule: nothing relies
on that alone; texts are cleaned again where they are laid out, and a filter over every line drops
what is left, since one ESC in a title would drive the terminal (attack 49). Spec: docs/tui.md,
section 6.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from restante.protocol.text import printable

TAB = 4
"""Cells a tab moves on to a multiple of."""

# C0 and C1 controls, DEL, and the invisible signs that turn the direction of the text round.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_PICTOGRAPH = "\u2190-\u2bff\U0001f000-\U0001faff"
# A joiner between anything but pictographs would be measured as if it swallowed its neighbour.
_STRAY_JOINER = re.compile(
    f"\u200d(?![{_PICTOGRAPH}])|(?<![{_PICTOGRAPH}\ufe0f\U0001f3fb-\U0001f3ff])\u200d"
)


def clean(text: str) -> str:
    """Return a text of any number of lines without what could drive or deface a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return _STRAY_JOINER.sub("", printable(text.expandtabs(TAB), multiline=True))


def clean_line(text: str) -> str:
    """Return a text as one line without what could drive or deface a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return _STRAY_JOINER.sub("", printable(text, multiline=False))


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
