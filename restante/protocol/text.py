"""What of a string from outside may reach a terminal. Pure; knows no terminal and no markup.

Rule: whatever goes in, what comes out has no control, no escape, no invisible reordering and no
tower of accents, and one more pass changes nothing. Every string that a peer wrote passes here
where it comes in (attack 49). Spec: docs/protocol/content.md, section 8.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

REPLACEMENT: Final = "\ufffd"
TAB: Final = "    "

MAX_MARKS: Final = 6
"""Marks kept on one character: a pointed Hebrew letter with its accent has four, a Sanskrit stack
in Tibetan six; variation selectors and joiners, in whose runs bytes can be hidden, count too."""

_LINE_BREAK = re.compile("\r\n|[\r\u2028\u2029]")

# A subdivision flag is the one use of tag characters, which are else an invisible alphabet.
_ODD = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{1,6}\U000e007f|[^\\w -~]")

_MARK_CATEGORIES = frozenset({"Mn", "Me"})
_JOINERS = frozenset("\u200c\u200d")
# Hangul vowels and finals are letters that take no room of their own.
_CONJOINING = "\u1160-\u11ff\ud7b0-\ud7ff"
_PERHAPS_STACKED = re.compile(
    f"\\A[^\\w -~]|\\A[{_CONJOINING}]"
    f"|[^\\w -~]{{{MAX_MARKS + 1}}}|[{_CONJOINING}]{{{MAX_MARKS + 1}}}"
)
_CONJOINING_LETTER = re.compile(f"[{_CONJOINING}]")

# Format characters with a meaning in writing: joiners, and the signs that Arabic, Syriac and Kaithi
# set before a number or a verse. All others (bidi controls, BOM, tags, annotations) only deceive.
_WRITTEN_FORMATS = frozenset(
    "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
    "\U000110bd\U000110cd"
)
# Reserved for pictographs for good: a newer emoji than our Unicode is still one.
_PICTOGRAPHS = range(0x1F000, 0x1FB00)


def printable(text: str, *, multiline: bool) -> str:
    r"""Return `text` without what could drive, reorder or deface a terminal.

    Line breaks of any kind become \n, or a space unless `multiline`; tabs stay, or become four
    spaces unless `multiline`: how far one goes is the screen's business. Other controls (ESC, C0,
    C1, DEL) and invisible formats (bidi controls) are dropped; surrogates, private and unassigned
    code points become U+FFFD; marks past `MAX_MARKS`, or with nothing to sit on, are dropped.
    Emoji sequences stay whole. Takes any string, however long; never raises.
    """
    if text.isascii() and text.isprintable():
        return text
    lines = _LINE_BREAK.sub("\n", text).split("\n")
    if multiline:
        return "\n".join(map(_clean_line, lines))
    return " ".join(map(_clean_line, lines)).replace("\t", TAB)


def _clean_line(line: str) -> str:
    if not line.isprintable():
        line = _ODD.sub(_clean_odd, line)
    if _PERHAPS_STACKED.search(line):
        line = _limit_marks(line)
    return line.rstrip("\u200c\u200d")


def _clean_odd(match: re.Match[str]) -> str:
    """Replace a character that is no letter, digit or ASCII; a flag's whole sequence is kept."""
    odd = match[0]
    if len(odd) > 1 or odd.isprintable() or odd == "\t" or odd in _WRITTEN_FORMATS:
        return odd
    kind = category(odd)
    if kind == "Zs" or (kind == "Cn" and ord(odd) in _PICTOGRAPHS):
        return odd
    return "" if kind in {"Cc", "Cf"} else REPLACEMENT


def _limit_marks(line: str) -> str:
    kept: list[str] = []
    marks = MAX_MARKS  # what opens a line has nothing of its own to sit on
    for character in line:
        if (
            character in _JOINERS
            or category(character) in _MARK_CATEGORIES
            or _CONJOINING_LETTER.match(character)
        ):
            if marks >= MAX_MARKS:
                continue
            marks += 1
        else:
            marks = 0
        kept.append(character)
    return "".join(kept)
