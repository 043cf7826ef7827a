"""The main screens as pictures: what each shows, and how it comes to that.

Drawn by docs/pictures.py into docs/pictures/, compared with what is there by test_pictures.py.
Rule: the clock, the people and the ids stand still: a picture changes only when the interface does.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from textual.widgets import Input

from restante.client.interface import ConnectionPhase, Trust
from tests.tui.scenes import harbour, minutes, village
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import STANDARD, WIDE, Teller, tell

Scene = Callable[[Teller, ScriptedEngine], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A scene at a size; `starts_empty`: nobody has an account; `starts_locked`: it is locked."""

    scene: Scene
    size: tuple[int, int] = STANDARD
    is_light: bool = False
    starts_empty: bool = False
    starts_locked: bool = False
    caption: str


async def _chats(t: Teller, _: ScriptedEngine) -> None:
    await t.until_shown("Alice Rivera", "● Connected ·")


async def _conversation(t: Teller, engine: ScriptedEngine) -> None:
    await _chats(t, engine)
    await t.press("enter")
    await t.until_shown("New · 2", "Message Alice Rivera")
    await t.until(lambda: t.app._chats.unread_count == 1)


async def _wide(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    await t.until_shown("Safety number", "64078")


async def _key_changed(t: Teller, engine: ScriptedEngine) -> None:
    noor = next(p for p in engine.people.values() if p.petname == "Noor")
    await _chats(t, engine)
    t.app._main.open_conversation(noor.key)
    await t.until_shown("Message Noor")
    await t.type("It's the")
    engine.change_trust(noor.key, Trust.CHANGED)
    await t.until_shown("Sending is paused", "? Why")


async def _offline(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    engine.go(ConnectionPhase.OFFLINE)
    await t.until_shown("○ Offline", "You can read and write")
    for text in ("The counts would do.", "Send them, and we have it."):
        await t.paste(text)
        await t.press("enter")
        await t.until_shown(text, "◔ queued")
    await t.until_shown("2 messages will send")


async def _request(t: Teller, engine: ScriptedEngine) -> None:
    await _chats(t, engine)
    await t.press("j", "enter")
    await t.until_shown("Accept to answer.")


async def _find(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    await t.press("ctrl+k")
    await t.until_shown("A name, an address or a code")
    await t.type("no")
    await t.until_gone("Release bots  builds")


async def _search(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    await t.press("ctrl+t")
    await t.type("the")
    await t.until_shown("7 messages, the newest first")


async def _here(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    await t.press("ctrl+f")
    await t.type("num")
    await t.until_shown("1 of 2")
    await t.press("enter")
    await t.until_shown("2 of 2")


async def _palette(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    await t.press("ctrl+p")
    await t.until_shown("Chat: Go to", "Chat: Rename")


async def _settings(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    await t.press("f2")
    await t.until_shown("Typing                  off", "Restante dark")


async def _compact(t: Teller, engine: ScriptedEngine) -> None:
    for name, value in (("density", "compact"), ("theme", "nord"), ("clock", "12h")):
        t.app._stage.preferences.set(name, value)
        t.app._take_setting(name)
    await _chats(t, engine)
    await t.press("enter")
    await t.until_shown("New · 2", "Message Alice Rivera", "2:33 pm")


async def _keys(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    t.app._main.pane.messages.focus()
    await t.press("f1")
    await t.until_shown("Help", "Messages")


async def _safety_number(t: Teller, engine: ScriptedEngine) -> None:
    noor = next(p for p in engine.people.values() if p.petname == "Noor")
    await _chats(t, engine)
    t.app._main.open_conversation(noor.key)
    await t.until_shown("Message Noor")
    t.app._main.action_verify()
    await t.until_shown("They match")


async def _thread(t: Teller, engine: ScriptedEngine) -> None:
    await _conversation(t, engine)
    first = next(m for p in engine.people.values() for m in p.messages if m.answers)
    engine.answered(first, "Is the number of readers known?", ago=minutes(2), is_read=True)
    await t.until_shown("↳ 2 answers")
    await t.press("ctrl+up", "k", "k", "k", "t")
    await t.until_shown("Thread · 2 answers", "Answer in this thread")
    await t.type("About four hundred")
    await t.until_shown("About four hundred")


async def _group(t: Teller, engine: ScriptedEngine) -> None:
    key = harbour(engine)
    await _chats(t, engine)
    await t.until_shown("Harbour walks")
    t.app._main.open_conversation(key)
    await t.until_shown("Message Harbour walks", "4 members", "Noor · admin", "│ At the pier")


async def _mentions(t: Teller, engine: ScriptedEngine) -> None:
    await _chats(t, engine)
    people = {each.name: each for each in engine.people.values()}
    for name, reason in (("Noor", "name"), ("Alice Rivera", "answer")):
        engine.mention(people[name].messages[-1], reason)  # type: ignore[arg-type]  # one of them
    await t.press("@")
    await t.until_shown("What names you or answers you", "1 is unread.")


async def _welcome(t: Teller, _: ScriptedEngine) -> None:
    await t.until_shown("Step 1 of 3")


async def _welcome_keys(t: Teller, engine: ScriptedEngine) -> None:
    await _welcome(t, engine)
    await t.paste("sam@relay.example")
    await t.press("enter")
    await t.until_shown("Step 2 of 3")


async def _locked(t: Teller, _: ScriptedEngine) -> None:
    await t.until_shown("Locked")
    await t.paste("three small")


async def _welcome_share(t: Teller, engine: ScriptedEngine) -> None:
    await _welcome_keys(t, engine)
    await t.press("enter")
    await t.until_shown("Step 3 of 3", "restante:ck3J")


PICTURES = {
    "chat": Picture(scene=_conversation, size=(100, 30), caption="The chat at 100 by 30"),
    "wide": Picture(scene=_wide, size=WIDE, caption="Three panes from 120 columns on"),
    "wide-light": Picture(
        scene=_wide, size=WIDE, is_light=True, caption="The same in the light theme"
    ),
    "conversation": Picture(scene=_conversation, caption="Two panes on 80 columns"),
    "request-narrow": Picture(
        scene=_request, size=(60, 24), caption="A stranger asks, on a narrow terminal"
    ),
    "key-changed": Picture(scene=_key_changed, caption="A contact's key changed: sending waits"),
    "offline": Picture(scene=_offline, caption="Offline: what waits, and what to do"),
    "find": Picture(scene=_find, caption="The quick switcher"),
    "search": Picture(
        scene=_search, size=(100, 30), caption="All chats searched, the newest match first"
    ),
    "search-here": Picture(scene=_here, size=(100, 30), caption="From match to match in one chat"),
    "palette": Picture(scene=_palette, caption="All commands"),
    "group": Picture(scene=_group, size=(120, 36), caption="A group, and who is in it"),
    "thread": Picture(scene=_thread, size=WIDE, caption="A thread beside the chat"),
    "mentions": Picture(scene=_mentions, caption="What names one, in all chats"),
    "settings": Picture(scene=_settings, caption="Settings, each with what it does"),
    "compact": Picture(
        scene=_compact, size=(100, 30), caption="Compact, with a clock of twelve hours, in Nord"
    ),
    "help": Picture(scene=_keys, size=(100, 30), caption="The keys that work where one is"),
    "safety-number": Picture(scene=_safety_number, caption="Comparing safety numbers"),
    "welcome": Picture(scene=_welcome, starts_empty=True, caption="First run, step 1"),
    "welcome-keys": Picture(scene=_welcome_keys, starts_empty=True, caption="First run, step 2"),
    "locked": Picture(scene=_locked, starts_locked=True, caption="Locked"),
    "welcome-share": Picture(scene=_welcome_share, starts_empty=True, caption="First run, step 3"),
}


async def draw(name: str) -> str:
    """Play a picture's scene and return it as SVG, without ids of its own or fonts from the net."""
    picture = PICTURES[name]
    engine = ScriptedEngine(address=None) if picture.starts_empty else village()
    if picture.starts_locked:
        engine.put_under("three small owls", locked=True)
    drawn: list[str] = []

    async def story(t: Teller) -> None:
        if picture.is_light:
            t.app.action_toggle_dark()
        await picture.scene(t, engine)
        for field in t.app.screen.query(Input):  # the palette's own cursor blinks
            field.cursor_blink = False
        await t.pilot.pause()
        drawn.append(_plain(t.app.export_screenshot(title="Restante"), name))

    await tell(engine, story, size=picture.size)
    return drawn[0]


def _plain(svg: str, name: str) -> str:
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", f"restante-{name}", svg)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace("<text ", '<text xml:space="preserve" ')
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"
