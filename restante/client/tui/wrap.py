"""Breaking text into terminal lines: by cells, not by characters. Pure.

Rule: no line is wider than it may be, whatever script or emoji it holds, and no grapheme is torn.
Knows no style and no message. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, split_graphemes

_PIECES = re.compile(" +|[^ ]+")


def cells(text: str) -> int:
    """How many terminal cells a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` cells (never less than 2 are assumed).

    Breaks at line ends and spaces; between characters where the script has no spaces, or where a
    word alone is wider than a line. A space at a break vanishes, indentation stays.
    """
    width = max(width, 2)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        if len(paragraph) <= width and cells(paragraph) <= width:
            lines.append(paragraph)
        else:
            lines.extend(_wrap_paragraph(paragraph, width))
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> list[str]:
    lines: list[str] = []
    line: list[str] = []
    used = 0
    for piece in _PIECES.findall(paragraph):
        size = cells(piece)
        if used + size <= width:
            line.append(piece)
            used += size
            continue
        if piece[0] == " ":
            lines.append("".join(line))
            line, used = [], 0
            continue
        has_no_spaces = size * 2 >= len(piece) * 3  # mostly wide characters: breaks anywhere
        if not has_no_spaces and used:
            lines.append("".join(line).rstrip(" "))
            line, used = [], 0
        if used + size <= width:
            line.append(piece)
            used += size
            continue
        for grapheme, grapheme_size in _graphemes(piece):
            if used + grapheme_size > width:
                lines.append("".join(line).rstrip(" "))
                line, used = [], 0
            line.append(grapheme)
            used += grapheme_size
    lines.append("".join(line).rstrip(" "))
    return lines


def _graphemes(text: str) -> list[tuple[str, int]]:
    if text.isascii():
        return [(character, 1) for character in text]
    spans, _ = split_graphemes(text)
    return [(text[start:end], size) for start, end, size in spans]


def shorten(text: str, width: int, *, ellipsis: str) -> str:
    """Return a text's first words that fit `width` cells, with an ellipsis if there were more.

    A word is cut only where the first one alone is too wide, or the script has no spaces.
    """
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if room <= 0:
        return ellipsis[: max(width, 0)]
    kept: list[str] = []
    used = 0
    for grapheme, size in _graphemes(text):
        if used + size > room:
            break
        kept.append(grapheme)
        used += size
    cut = "".join(kept)
    if text[len(cut)] != " " and (space := cut.rfind(" ")) > room // 2:
        cut = cut[:space]
    return cut.rstrip(" ,;:") + ellipsis


def pad(text: str, width: int) -> str:
    """Fill a text up to `width` cells with spaces."""
    return text + " " * (width - cells(text))


def centred(label: str, width: int, *, rule: str) -> str:
    """Return a label in the middle of a rule that is exactly `width` cells, or the label alone."""
    room = width - cells(label) - 2
    if room < 2:
        return label
    return f"{rule * (room // 2)} {label} {rule * (room - room // 2)}"
