"""Pictures that the terminal draws, over their previews among the messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from textual.widget import Widget

from restante.client.interface import FileState, Pixels
from restante.client.tui.graphics import Graphics
from restante.client.tui.half_blocks import UPPER
from restante.client.tui.sharp_pictures import CLASS
from restante.errors import UserError
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, stage, tell
from tests.tui.talks import a_talk, opened
from tests.tui.test_pictures_shown import a_photo

SHARP = "#"


class Drawn(Widget):
    """What a terminal draws, as letters that nothing else here is made of."""

    def __init__(self, image: Any) -> None:
        super().__init__()
        self.image_size = image.size

    def render(self) -> str:
        return SHARP * self.size.width * self.size.height


GRAPHICS = Graphics(kind=Drawn, cell_width=10, cell_height=20)


class Damaged(ScriptedEngine):
    """One of its pictures can't be decoded."""

    broken = ""

    def __init__(self) -> None:
        super().__init__(address="sam@relay.example")
        self.asked: list[str] = []

    async def file_picture(self, message_id: str, *, width: int, height: int) -> Pixels:
        self.asked.append(message_id)
        if message_id == self.broken:
            raise UserError("This picture can't be shown here.")
        return await super().file_picture(message_id, width=width, height=height)


def drawn_in(t: Teller) -> list[Drawn]:
    return list(t.app._main.query(f".{CLASS}").results(Drawn))


async def told(engine: ScriptedEngine, story: Any) -> None:
    await tell(engine, story, size=WIDE, on=replace(stage(engine), found_graphics=GRAPHICS))


async def test_a_picture_lies_over_its_preview_while_nothing_moves() -> None:
    engine, bob = a_talk()
    engine.carry(bob, a_photo(state=FileState.HERE))

    async def story(t: Teller) -> None:
        await opened(t)
        await t.until_shown(SHARP * 18)
        (drawn,) = drawn_in(t)
        messages = t.app._main.pane.messages
        rows = [line for line in t.screen_text().splitlines() if SHARP * 18 in line]
        assert len(rows) == drawn.size.height == 9
        assert UPPER not in t.screen_text(), "all of the preview is below it"
        assert messages.region.contains_region(drawn.region)
        assert drawn.image_size[0] <= 180
        higher = drawn.region.translate((0, -2))  # a line, and a blank one above it
        engine.hear(bob, "and below it", ago=timedelta(minutes=1))
        await t.until_shown("and below it")
        await t.until(
            lambda: [each.region for each in drawn_in(t)] == [higher], "where its preview is"
        )

    await told(engine, story)


async def test_a_picture_that_is_cut_by_an_edge_stays_a_preview() -> None:
    engine, bob = a_talk()
    engine.carry(bob, a_photo(state=FileState.HERE))
    for number in range(45):
        engine.hear(bob, f"line {number}", ago=timedelta(minutes=1), is_read=True)

    async def story(t: Teller) -> None:
        await opened(t)
        messages = t.app._main.pane.messages
        messages.scroll_home(animate=False)
        await t.until_shown(SHARP * 18)
        (drawn,) = drawn_in(t)
        top = drawn.region.y - messages.region.y
        messages.scroll_to(y=top + 3, animate=False)
        await t.until(lambda: not drawn_in(t), "none")
        await t.until_shown(UPPER)
        messages.scroll_to(y=top, animate=False)
        await t.until_shown(SHARP * 18)

    await told(engine, story)


async def test_another_screen_has_no_pictures_shining_through() -> None:
    engine, bob = a_talk()
    engine.carry(bob, a_photo(state=FileState.HERE))

    async def story(t: Teller) -> None:
        await opened(t)
        await t.until_shown(SHARP * 18)
        await t.press("f2")
        await t.until(lambda: not drawn_in(t), "none")
        await t.press("escape")
        await t.until_shown(SHARP * 18)

    await told(engine, story)


async def test_a_click_on_a_picture_is_one_on_its_message() -> None:
    engine, bob = a_talk()
    engine.carry(bob, a_photo(state=FileState.HERE))

    async def story(t: Teller) -> None:
        await opened(t)
        await t.until_shown(SHARP * 18)
        await t.pilot.click(f".{CLASS}", offset=(3, 3))
        await t.until(lambda: t.app._main.selected is not None, "a selected message")
        assert t.app._main.selected is not None
        assert t.app._main.selected.kind == "file"

    await told(engine, story)


async def test_what_can_not_be_decoded_or_is_not_here_stays_a_preview() -> None:
    engine = Damaged()
    bob = engine.person("bob@relay.example", "Bob")
    engine.carry(bob, a_photo())
    engine.broken = engine.carry(bob, a_photo(state=FileState.HERE)).id
    whole = engine.carry(bob, a_photo(state=FileState.HERE)).id

    async def story(t: Teller) -> None:
        await opened(t)
        await t.until_shown(SHARP * 18)
        assert len(drawn_in(t)) == 1
        assert engine.asked == [engine.broken, whole], "of what is here, each once"
        assert UPPER in t.screen_text()

    await told(engine, story)
