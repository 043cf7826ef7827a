"""What a program wrote for a terminal, as the plain text that a person would see there.

Rule: pure, and bounded by what it is given. No escape sequence is left. Knows no message.
"""

from __future__ import annotations

import re
from typing import Final

_SEQUENCES: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-~])"
)
"""CSI; OSC and its like, up to their end; other escapes. Source: ECMA-48, section 5."""

_BACKSPACED: Final = re.compile(r"[^\x08\n]\x08")
_CUT: Final = "…\n"


def plain(data: bytes) -> str:
    """Return output as text: colours gone, what `\\r` and backspaces wrote over written over."""
    text = _SEQUENCES.sub("", data.decode("utf-8", "replace"))
    while _BACKSPACED.search(text):
        text = _BACKSPACED.sub("", text)
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def last_of(text: str, *, max_bytes: int, max_lines: int | None = None) -> str:
    """Return the end of a text, from the start of a line if that can be; says if it was cut."""
    body = text.rstrip("\n")
    lines = body.split("\n")
    was_cut = max_lines is not None and len(lines) > max_lines
    if was_cut:
        body = "\n".join(lines[-(max_lines or 0) :])
    packed = body.encode("utf-8", "replace")
    if len(packed) + was_cut * len(_CUT.encode()) > max_bytes:
        was_cut = True
        packed = packed[-(max_bytes - len(_CUT.encode())) :]
        body = packed.decode("utf-8", "ignore")
        body = body.partition("\n")[2] or body
    return _CUT + body if was_cut else body
