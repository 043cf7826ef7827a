"""The last gate before the terminal: what no string may carry there.

Strings from others were cleaned when they came in (restante.protocol.text). Rule: nothing relies
on that alone; texts are cleaned again where they are laid out, and a filter over every line
(filters.py) drops what is left, since one ESC in a title would drive the terminal (attack 49).
Pure. Spec: docs/tui.md, section 7.
"""

from __future__ import annotations

import re

from restante.protocol.text import printable

TAB = 4
"""Cells a tab moves on to a multiple of."""

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
