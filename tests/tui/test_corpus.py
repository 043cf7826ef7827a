"""Whatever people write or call themselves, the panes stand where they stood.

Wide characters, emoji with joiners, scripts from right to left, combining marks, what takes no
room, controls: in names, messages, answers, reactions, files, drafts; at three widths.
"""

# ruff: noqa: RUF001  # signs that look like others are what this is about
from __future__ import annotations

import unicodedata

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from restante.client.interface import GroupLine, MessageState, Quoted, Reacted
from restante.client.tui.chats import Chats
from restante.client.tui.preferences import Preferences
from tests.rounds import rounds
from tests.tui.scenes import minutes
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_files import a_file
from tests.tui.stories import Teller, stage, tell

CORPUS = {
    "wide": "日本語のテキスト 한국어 中文，全角。ＡＢＣ",
    "joined": "👩‍👩‍👧‍👦 👨🏽‍💻 🏳️‍🌈 🏴‍☠️ 🇺🇾🇩🇪 ☝🏿 ❤️ 1️⃣",
    "from the right": "שלום עולם مرحبا بالعالم \u202eabc\u202c \u200fx",
    "combining": "e\u0301 n\u0303 Z\u0351\u036b\u0343\u036a\u0302 क्षि ก็ำ ᄒ\u1161\u11ab",
    "no room": "a\u200bb\u200c\u200d\u2060\ufeffc\u00ad\u180e\u034f d\u200d",
    "controls": "\x1b[31mred\x1b[2J\x07\x9b1m\r\ttab\x00\x7f",
    "odd spaces": "a\u00a0b\u2003c\u3000d\u2028e\u2029f",
    "astral": "𝕬𝖑𝖎𝖈𝖊 𓀀 🀄 ￼ \ud7ff \U0010fffd",
    "ambiguous": "± × → … ● ■ ☆ ♥ № Ω ①",
    "long": "x" * 300 + "日" * 150,
}


def a_babel() -> tuple[ScriptedEngine, list[str]]:
    """One chat for each, and all of it in each."""
    engine = ScriptedEngine(address="sam@relay.example")
    keys = []
    for number, (name, text) in enumerate(CORPUS.items()):
        key = engine.person(f"p{number}@relay.example", text)
        keys.append(key)
        first = engine.hear(key, text, ago=minutes(3), is_read=True)
        for mine in (False, True):
            message = engine.hear(
                key,
                f"{text}\n\n{text} **{text}** `{text}`",
                ago=minutes(2),
                is_me=mine,
                is_read=True,
                state=MessageState.FAILED if mine else None,
                error=text if mine else None,
                quote=Quoted(message=first.id, excerpt=text),
            )
            reacted = [Reacted(emoji=text[:8], count=2, names=[text], is_mine=mine)]
            engine._put(*engine._find(message.id), reactions=reacted, edited=True)
        file = replace(a_file(name), name=text, caption=text, error=text)
        message = engine.hear(key, text, ago=minutes(1), kind="notice")
        engine._put(*engine._find(message.id), kind="file", file=file)
        engine.hear(key, text, kind="notice")
        engine.people[key].draft = text
    line = GroupLine(
        description=CORPUS["joined"],
        member_count=len(keys),
        role="owner",
        may_post=True,
        is_space=False,
        space=None,
    )
    group = engine.meeting(CORPUS["wide"], dict.fromkeys(keys, "member"))
    engine.people[group].group = line
    return engine, [*keys, group]


def edges(t: Teller) -> list[str]:
    """Return what is wrong with where the panes end, line by line."""
    screen, main = t.app.screen, t.app._main
    width, found = screen.size.width, []
    left, right = main.query_one("#chats").region, main.info.region
    borders = {left.right - 1: "▕"} if 0 < left.right < width else {}
    borders |= {right.x: "▏"} if right.width else {}
    rows = main.query_one("#panes").region
    for y, strip in enumerate(screen._compositor.render_strips()):
        text = strip.text
        if cell_len(text) != width:
            found.append(f"line {y} has {cell_len(text)} cells: {text!r}")
        bad = {
            c for c in text if unicodedata.category(c) == "Cc" or c in "\u202e\u2028\u200e\u200f"
        }
        if bad:
            found.append(f"line {y} holds {bad!r}")
        for column, sign in borders.items():
            if rows.y <= y < rows.bottom and at_cell(text, column) != sign:
                found.append(f"line {y}: no {sign} in column {column}: {text!r}")
    return found


def at_cell(text: str, column: int) -> str:
    """Return the character that begins at a column."""
    for at in range(len(text) + 1):
        if cell_len(text[:at]) == column and text[at : at + 1] and cell_len(text[at]):
            return text[at]
    return ""


@pytest.mark.parametrize(
    ("width", "density", "first"), [(60, "grouped", 0), (80, "compact", 1), (160, "grouped", 2)]
)
async def test_nothing_that_is_written_moves_the_panes(
    width: int, density: str, first: int
) -> None:
    # All names stand in the list at each width; each chat is opened at one, in soak at all.
    engine, keys = a_babel()
    preferences = Preferences()
    preferences.set("density", density)

    async def story(t: Teller) -> None:
        chats: Chats = t.app._chats
        await t.until(lambda: len(chats) == len(keys), "the chats are there")
        await t.until_shown("Connected")
        assert not edges(t)
        for key in keys[first :: rounds(3, 1)]:
            t.app._main.open_conversation(key)
            opened = t.app._main.pane
            await t.until(
                lambda opened=opened, key=key: (
                    opened.conversation is not None
                    and opened.conversation.key == key
                    and opened.messages._lacking() is None
                ),
                "it is open",
            )
            await t.pilot.pause()
            assert not edges(t)

    await tell(engine, story, size=(width, 30), on=stage(engine, preferences=preferences))
