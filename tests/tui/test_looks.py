"""Themes, glyphs, codes, keys: what can be checked without running the interface."""

from __future__ import annotations

import locale

import pytest
import segno
from rich.cells import cell_len
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from restante.client.qr import QUIET_ZONE, qr_lines, qr_lines_for_terminal
from restante.client.tui import contact_words, words
from restante.client.tui.glyphs import ASCII, UNICODE, choose_glyphs
from restante.client.tui.theme import CONTRAST, DARK, LIGHT, contrast, tints

TEXTS = ("foreground", "primary", "secondary", "warning", "error", "success", "faint")
GROUNDS = {
    "background": TEXTS,
    "surface": TEXTS,
    "panel": ("foreground", "faint"),
    "bar": ("foreground", "primary", "warning", "success", "error", "faint"),
    "chosen": TEXTS,
    "chosen-focus": TEXTS,
    "warning-tint": ("warning",),
    "error-tint": ("error",),
    "note-tint": ("foreground",),
}


def colour(theme: Theme, name: str) -> Color:
    value = theme.variables.get(name) or getattr(theme, name)
    assert isinstance(value, str)
    return Color.parse(value)


@pytest.mark.parametrize("theme", [DARK, LIGHT, CONTRAST], ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_text_can_be_read_on_every_ground(theme: Theme, ground: str) -> None:
    least = 7 if theme is CONTRAST else 4.5  # WCAG 2.2: 1.4.6, level AAA; 1.4.3, level AA
    for name in GROUNDS[ground]:
        ratio = contrast(colour(theme, name), colour(theme, ground))
        assert ratio >= least, (name, ground, ratio)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_a_glyph_takes_one_cell_for_each_character(glyphs: object) -> None:
    for name in UNICODE.__slots__:
        value = getattr(glyphs, name)
        if isinstance(value, str):
            assert cell_len(value) == len(value), name


def test_states_differ_without_colour() -> None:
    for glyphs in (UNICODE, ASCII):
        trust = (glyphs.verified, glyphs.unverified, glyphs.alert)
        assert len(set(trust)) == 3
        connection = (glyphs.connected, glyphs.connecting, glyphs.offline)
        assert len(set(connection)) == 3
    assert len(set(contact_words.TRUST.values())) == 3
    assert len(set(words.STATE.values())) == len(words.STATE)


def test_ascii_signs_are_ascii() -> None:
    assert all(str(getattr(ASCII, name)).isascii() for name in ASCII.__slots__)


@pytest.mark.parametrize(
    ("environment", "encoding", "chosen"),
    [
        ({}, "UTF-8", UNICODE),
        ({}, "utf8", UNICODE),
        ({}, "ISO-8859-1", ASCII),
        ({}, "ANSI_X3.4-1968", ASCII),
        ({"RESTANTE_ASCII": "1"}, "UTF-8", ASCII),
        ({"RESTANTE_ASCII": "0"}, "UTF-8", UNICODE),
    ],
)
def test_glyphs_follow_the_locale_and_the_wish(
    environment: dict[str, str], encoding: str, chosen: object
) -> None:
    assert choose_glyphs(environment, encoding=encoding) is chosen


def test_without_being_told_the_machine_s_locale_decides() -> None:
    utf = locale.getpreferredencoding(False).lower().startswith("utf")
    assert choose_glyphs({}) is (UNICODE if utf else ASCII)


def modules(lines: list[str]) -> list[list[bool]]:
    """Read a drawn code back: two rows from each line."""
    rows = []
    for line in lines:
        rows.append([character in "▀█" for character in line])
        rows.append([character in "▄█" for character in line])
    return rows


@pytest.mark.parametrize("length", [60, 78])
def test_a_code_s_picture_is_the_code_and_fits_80x24(length: int) -> None:
    text = "restante:c" + "x" * (length - 10)
    lines = qr_lines(text)
    assert len(lines) <= 21
    assert {len(line) for line in lines} == {41}
    drawn = modules(lines)
    wanted = segno.make_qr(text, error="l", boost_error=False)
    for row, expected in enumerate(wanted.matrix_iter(border=QUIET_ZONE)):
        assert drawn[row] == [bool(module) for module in expected]


def test_a_code_for_the_terminal_is_light_on_dark() -> None:
    lines = qr_lines_for_terminal("restante:c", is_ascii=False)
    assert set(lines[0]) == {"█"}, "the quiet zone is light"
    plain = qr_lines_for_terminal("restante:c", is_ascii=True)
    assert set("".join(plain)) == {" ", "#"}
    assert len(plain[0]) == 2 * len(lines[0])


@pytest.mark.parametrize("theme", BUILTIN_THEMES.values(), ids=lambda theme: theme.name)
def test_what_is_faint_can_be_read_in_a_theme_of_textual_s_too(theme: Theme) -> None:
    mixed = tints(theme)
    if theme.ansi:
        assert {value.partition("_")[0] for value in mixed.values()} == {"ansi"}
        return
    ground = Color.parse(theme.to_color_system().generate()["background"])
    assert contrast(Color.parse(mixed["faint"]), ground) >= 4.5
