"""Every text can be read: what is really on the screens, cell by cell, in both of our themes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace
from rich.segment import Segment
from textual.color import Color
from textual.geometry import Region
from textual.theme import Theme

from restante.client.interface import (
    Card,
    ConnectionPhase,
    Mentioned,
    MessageState,
    Place,
    Reacted,
    TypingChanged,
)
from restante.client.tui.theme import DARK, LIGHT, contrast
from tests.tui.scenes import village
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_files import a_file
from tests.tui.stories import Teller, tell

AA = 4.5
"""WCAG 2.2, 1.4.3, level AA."""

LINES = frozenset("─│╭╮╰╯▕▏▌┄▔▁█▀▄▂▃▅▆▇▊▎ ")
"""Frames, rules and scrollbars: they say nothing that words don't say, too."""


def too_faint(t: Teller, region: Region | None = None) -> list[str]:
    """Return the texts on the screen, or in a part of it, that can't be read well."""
    screen = t.app.screen
    ground = Color.parse(t.app.current_theme.background or "")
    found = []
    for y, strip in enumerate(screen._compositor.render_strips()):
        if region is None:
            shown = strip
        elif region.y <= y < region.bottom:
            shown = strip.crop(region.x, region.right)
        else:
            continue
        found += [
            f"line {y}: {segment.text.strip()!r} at {_ratio(segment, ground):.2f}"
            for segment in shown
            if set(segment.text) - LINES and _ratio(segment, ground) < AA
        ]
    return found


def _ratio(segment: Segment, ground: Color) -> float:
    style = segment.style
    if style is None or style.color is None:
        return 21.0
    behind = ground if style.bgcolor is None else Color.from_rich_color(style.bgcolor)
    front = Color.from_rich_color(style.color)
    return contrast(*((behind, front) if style.reverse else (front, behind)))


def a_full_village() -> tuple[ScriptedEngine, str]:
    """Whatever a message can be, in one chat."""
    engine = village()
    key = next(p.key for p in engine.people.values() if p.petname == "Alice Rivera")

    def put(body: str, kind: str = "text", **changes: object) -> None:
        mine = changes.pop("mine", {})
        message = engine.hear(key, body, kind=kind, is_read=True, **mine)  # type: ignore[arg-type]
        engine._put(*engine._find(message.id), **changes)

    named = Mentioned(start=0, length=4, name="sam", is_me=True)
    other = Mentioned(start=5, length=5, name="Noor", is_me=False)
    put("@sam @Noor **bold** *soft* ~~struck~~ `code` [link](https://x.example)", mentions=[named])
    put("@sam @Noor", mentions=[named, other])
    put("```python\ndef go(n: int) -> str:\n    # why\n    return 'x' * 2\n```")
    thumbs = Reacted(emoji="👍", count=2, names=[], is_mine=True)
    put("edited", edited=True, pinned=True, timer_s=86_400, reactions=[thumbs])
    put("plan.odt", "file", file=replace(a_file("plan.odt"), caption="The plan"))
    put("lost.odt", "file", file=a_file("lost.odt", error="The relay is away."))
    at = "2024-06-04T14:36:00.000Z"
    place = Place(
        latitude=1, longitude=2, accuracy_m=3, label="Here", at=at, live_until="2024-06-04T15:00Z"
    )
    put("", "location", location=place)
    put("", "contact", card=Card(name="Kim", address="kim@x.example", conversation=None))
    put("", "undecryptable")
    put("", "gap")
    put("Noor made Bob an admin.", "notice")
    for state in MessageState:
        put(f"mine {state}", mine={"is_me": True, "state": state})
    mum = next(p for p in engine.people.values() if p.petname == "Mum")
    mum.draft = "half a thought"
    muted = engine.person("quiet@x.example", "Quiet")
    engine.people[muted].muted_until = "9999-12-31T00:00:00Z"
    engine.hear(muted, "psst", ago=timedelta(days=3))
    return engine, key


async def main_screen(t: Teller, engine: ScriptedEngine, key: str) -> None:
    main = t.app._main
    await t.begun("Alice Rivera")
    assert not too_faint(t)
    main.open_conversation(key)
    await t.until_shown("mine failed", "Safety number")
    engine.show_online(key)
    engine.tell(TypingChanged(conversation=key, is_typing=True))
    await t.until_shown("is typing…", "online")
    assert not too_faint(t)
    await t.press("ctrl+up", *["up"] * 5)
    assert not too_faint(t)
    await t.press("ctrl+f")
    await t.type("mine")
    await t.until_shown("1 of ")
    assert not too_faint(t)
    await t.press("escape")
    engine.go(ConnectionPhase.OFFLINE)
    await t.until_shown("1 message will send")
    assert not too_faint(t)
    for name, says in (
        ("Bob", "Sending is paused."),
        ("kim@elsewhere.example", "Accept to answer"),
    ):
        main.open_conversation(next(p.key for p in engine.people.values() if p.name == name))
        await t.until_shown(says)
        assert not too_faint(t)
    main.open_conversation(key)
    await t.until_shown("Message Alice")
    await t.type("/se")
    await t.until_shown("/search-all")
    assert not too_faint(t)


async def dialogs(t: Teller) -> None:
    main = t.app._main
    opens: tuple[tuple[Callable[[], object], str], ...] = (
        (t.app.action_help, "Help"),
        (t.app.action_settings, "Settings"),
        (main.action_search_all, "Search all chats"),
        (main.action_new_group, "What is it called?"),
        (main.action_timer, "Disappearing messages"),
        (main.action_verify, "Safety number"),
        (main.action_devices, "Your devices"),
    )
    for action, title in opens:
        action()
        await t.until_shown(title)
        await t.until(lambda: len(t.app.screen_stack) > 1)
        await t.pilot.pause()
        assert not too_faint(t, t.app.screen.query_one(".dialog").region), title
        await t.press("escape")
        await t.until(lambda: len(t.app.screen_stack) == 1, f"{title} is closed")
    await t.press("ctrl+p")
    await t.until_shown("Chat: Go to")
    assert not too_faint(t, t.app.screen.query_one("#--container").region)
    await t.press("escape")


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
async def test_every_text_on_the_screens_can_be_read(theme: Theme) -> None:
    engine, key = a_full_village()
    engine.recovery = "unconfirmed"

    async def story(t: Teller) -> None:
        t.app.theme = theme.name
        await main_screen(t, engine, key)
        await dialogs(t)

    await tell(engine, story, size=(130, 34))


async def test_a_text_that_is_too_faint_is_found() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.begun("Alice Rivera")
        paler = {**DARK.variables, "faint": "#505560"}
        t.app.register_theme(dataclasses.replace(DARK, name="paler", variables=paler))
        t.app.theme = "paler"
        await t.until(lambda: any("Find or start" in each for each in too_faint(t)))

    await tell(engine, story)
