"""QR codes as text: two modules in a character, black on white in any theme.

Rule: a code of at most 78 bytes gives 33 modules a side, which with its quiet zone is 21 lines of
41 cells: it fits 80x24. The only module that draws QR codes. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

import segno

QUIET_ZONE = 4
"""Modules of white on each side: scanners are allowed to need them (ISO 18004)."""

_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_ASCII = {False: "  ", True: "##"}


def qr_lines(text: str) -> list[str]:
    """Return the lines of a QR code: a block is a dark module, to be drawn black on white.

    At error correction level L. Lines are as wide as the code has modules, quiet zone included.
    """
    rows = _modules(text)
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return [
        "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def qr_svg(text: str, *, scale: int = 4) -> str:
    """Return a QR code as an `<svg>` element for a page, `scale` pixels a module."""
    code = segno.make_qr(text, error="m")
    return code.svg_inline(scale=scale, border=QUIET_ZONE, dark="#000", light="#fff")


def qr_lines_for_terminal(text: str, *, is_ascii: bool) -> list[str]:
    """Return the lines for a terminal with light text on dark, without colours: inverted.

    Plain ASCII takes two characters for a module, so it is twice as large.
    """
    rows = _modules(text)
    if is_ascii:
        return ["".join(_ASCII[not dark] for dark in row) for row in rows]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return [
        "".join(_BLOCKS[not top, not bottom] for top, bottom in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def _modules(text: str) -> list[list[bool]]:
    code = segno.make_qr(text, error="l", boost_error=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET_ZONE)]
