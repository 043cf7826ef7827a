"""Pictures: a preview among the messages, all of the screen when one is opened."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.color import Color

from restante.client.interface import File, FileState, Pixels, Preview
from restante.client.tui.entries import lay_out
from restante.client.tui.graphics import Graphics, draws_placeholders, is_likely
from restante.client.tui.half_blocks import MOST_ROWS, UPPER, painted, preview_lines
from restante.client.tui.picture_screen import PictureScreen
from restante.client.tui.roles import Paint
from restante.errors import UserError
from tests.tui.laid_out import PAGE
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_files import a_file
from tests.tui.stories import WIDE, Teller, tell
from tests.tui.talks import a_talk, on_the_last, opened

RED, BLUE = b"\xff\x00\x00", b"\x00\x00\xff"
FLAG = Preview(columns=2, rows=2, colours=(RED + BLUE).hex() * 2)


def a_photo(**changes: object) -> File:
    return replace(a_file("sea.jpg"), role="image", preview=FLAG, **changes)  # type: ignore[arg-type]


def test_two_pixels_stand_in_a_cell() -> None:
    assert painted(RED + RED + BLUE + RED + RED + BLUE, 2, 3) == (
        ((UPPER, Paint(RED, BLUE)), (UPPER, Paint(RED, RED))),
        ((UPPER, Paint(RED, None)), (UPPER, Paint(BLUE, None))),
    )
    assert painted((RED + RED) * 2, 2, 2) == (((UPPER * 2, Paint(RED, RED)),),)


def test_a_preview_is_blurred_and_as_large_as_there_is_room() -> None:
    for width, columns in ((8, 8), (500, 18)):
        lines = preview_lines(FLAG, width)
        assert all(sum(len(text) for text, _ in line) == columns for line in lines)
        assert len(lines) == min(MOST_ROWS, columns // 2)
        colours = [paint.upper for _, paint in lines[0]]
        assert (colours[0], colours[-1]) == (RED, BLUE)
        assert sorted(colours, reverse=True) == colours, "from one to the other, step by step"
    tall = Preview(columns=1, rows=32, colours=RED.hex() * 32)
    assert len(preview_lines(tall, 40)) <= MOST_ROWS


def test_a_preview_stands_above_the_name_where_pictures_are_drawn() -> None:
    engine = ScriptedEngine()
    key = engine.person("bob@relay.example", "Bob")
    message = engine.carry(key, a_photo())
    for page, is_drawn in (
        (replace_page(shows_pictures=True), True),
        (replace_page(shows_pictures=False), False),
        (replace_page(shows_pictures=True, is_compact=True), False),
    ):
        drawn = [line for line in lay_out(message, None, page).lines if UPPER in str(line)]
        assert bool(drawn) is is_drawn


def replace_page(**changes: object) -> object:
    from dataclasses import replace as changed

    return changed(PAGE, **changes)  # type: ignore[arg-type]


async def test_a_picture_is_opened_on_all_of_the_screen() -> None:
    engine, bob = a_talk()
    engine.carry(bob, a_photo(state=FileState.HERE))

    async def story(t: Teller) -> None:
        await opened(t)
        await t.until_shown(UPPER * 2)
        await on_the_last(t)
        await t.press("o")
        await t.until_shown("sea.jpg   Esc Close")
        assert isinstance(t.app.screen, PictureScreen)
        strip = t.app.screen.query_one(".picture-blocks").render_line(3)
        assert strip._segments[0].style.color == Color.from_rgb(255, 0, 0)
        assert strip._segments[0].style.bgcolor == Color.from_rgb(0, 0, 255)
        await t.press("escape")
        await t.until_shown("sea.jpg", "1.5 MB")
        engine.refuses = UserError("This picture can't be shown here.")
        await t.press("o")
        await t.until_shown("can't be shown here")

    await tell(engine, story, size=WIDE)


async def test_a_picture_that_is_not_here_is_fetched_when_it_is_opened() -> None:
    engine, bob = a_talk()
    engine.carry(bob, a_photo())

    async def story(t: Teller) -> None:
        await opened(t)
        await on_the_last(t)
        await t.press("o")
        await t.until_shown("The picture is fetched", "on its way here")

    await tell(engine, story, size=WIDE)


def test_only_a_terminal_that_may_have_graphics_is_asked() -> None:
    assert is_likely({"TERM": "xterm-kitty"})
    assert is_likely({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"})
    assert not is_likely({"TERM": "xterm-256color"})
    assert not is_likely({"TERM": "tmux-256color", "TMUX": "/tmp/x", "KITTY_WINDOW_ID": "1"})


@pytest.mark.parametrize(
    ("said", "draws"),
    [
        ("\x1bP>|kitty(0.26.5)\x1b\\", False),
        ("\x1bP>|kitty(0.28.1)\x1b\\", True),
        ("\x1bP>|kitty(1.0.0)\x1b\\", True),
        ("\x1bP>|ghostty 1.1.3\x1b\\", True),
        ("\x1bP>|WezTerm 20240203\x1b\\", False),
        ("", False),
    ],
)
def test_an_old_kitty_would_show_letters_in_a_pictures_place(said: str, draws: bool) -> None:
    assert draws_placeholders(said) is draws


def test_a_terminal_with_graphics_is_given_pixels() -> None:
    from textual_image.widget import TGPImage

    graphics = Graphics(kind=TGPImage, cell_width=10, cell_height=20)
    assert graphics.box(80, 24) == (800, 480)
    assert graphics.box(500, 200) == (1200, 1200)
    pixels = Pixels(width=25, height=30, colours="")
    drawn = graphics.widget(pixels, RED * 25 * 30)
    assert drawn.image.getpixel((24, 29)) == (255, 0, 0)
    assert (drawn.styles.width.value, drawn.styles.height.value) == (3, 2)
