"""Every key has a name, can be another one, and does nothing that the palette can't do, too."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from textual.binding import Binding

from restante.client import tui
from restante.client.tui.app import RestanteApp
from restante.client.tui.help_text import dialog_keys, screen_keys
from restante.client.tui.key_words import COMMANDS
from restante.client.tui.keymap import PRESETS, key_lines, whose
from restante.client.tui.preferences import Preferences
from tests.tui.scenes import minutes
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, stage, tell

MOVES = {
    *("move", "page", "select", "oldest", "latest", "choose", "back", "step", "leave"),
    *("send", "new_line", "to_messages", "write_here", "everywhere", "command_palette", "later"),
}
"""Actions of hands on keys: moving, and what a key does because it is that key."""


def every_binding() -> Iterator[tuple[type, Binding]]:
    for found in pkgutil.iter_modules(tui.__path__):
        module = import_module(f"restante.client.tui.{found.name}")
        for _, one in inspect.getmembers(module, inspect.isclass):
            if one.__module__ == module.__name__:
                for binding in vars(one).get("BINDINGS", ()):
                    assert isinstance(binding, Binding)
                    yield one, binding


BINDINGS = list(every_binding())
LINES = {line.id: line for line in [*key_lines("Everywhere", RestanteApp.BINDINGS), *screen_keys()]}


def test_every_key_has_a_name_and_stands_on_the_screen_where_it_can_be_changed() -> None:
    assert len(BINDINGS) > 80
    for one, binding in BINDINGS:
        assert binding.id in LINES, f"{one.__name__}: {binding.key}"
        assert binding.description


def test_every_name_is_one_binding_s() -> None:
    names = [binding.id for _, binding in BINDINGS]
    assert len(names) == len(set(names))


def test_what_a_key_does_the_palette_does_too() -> None:
    offered = {action.rpartition(".")[2] for _, _, action in COMMANDS}
    of_dialogs = {line.id for line in dialog_keys()}
    for one, binding in BINDINGS:
        if binding.id not in of_dialogs:
            action = binding.action.partition("(")[0].rpartition(".")[2]
            assert action in offered | MOVES, f"{one.__name__}: {binding.key} {action}"


@pytest.mark.parametrize("name", PRESETS)
def test_a_keymap_gives_keys_to_what_there_is_and_takes_none_in_the_same_place(name: str) -> None:
    preset = PRESETS[name]
    assert preset.keys() <= LINES.keys()
    for id_, keys in preset.items():
        for key in keys.split(","):
            assert whose(LINES.values(), preset, LINES[id_], key) is None, (id_, key)


def a_talk() -> ScriptedEngine:
    engine = ScriptedEngine(address="sam@relay.example")
    bob = engine.person("bob@relay.example", "Bob")
    for number in range(40):
        engine.hear(bob, f"harbour {number}", ago=minutes(100 - number), is_read=True)
    return engine


async def opened(t: Teller) -> None:
    await t.begun("Bob")
    await t.press("enter")
    await t.until_shown("Message Bob", "harbour 39")


async def test_vim_hands_leave_the_box_search_and_come_back() -> None:
    engine, preferences = a_talk(), Preferences()
    preferences.set("keymap", "vim")

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("/harbour")
        assert t.app._main.pane.box.text == "/harbour"
        await t.press("escape")
        await t.until(lambda: t.app._main.pane.messages.has_focus, "the messages have the focus")
        await t.press("slash")
        await t.until(lambda: t.app._main.pane.find_bar.is_open)
        await t.type("harbour")
        await t.until_shown("1 of 40")
        await t.press("escape")
        await t.until(lambda: t.app._main.selected is not None)
        await t.press("n", "n")
        await t.until(lambda: (at := t.app._main.selected) and at.body == "harbour 37")
        await t.press("N")
        await t.until(lambda: (at := t.app._main.selected) and at.body == "harbour 38")
        await t.press("ctrl+u")
        await t.until(lambda: (at := t.app._main.selected) and at.position < 36)
        await t.press("colon")
        await t.until_shown("Chat: Go to")
        await t.press("escape", "i")
        await t.until(lambda: t.app._main.pane.box.has_focus, "the box has the focus")
        assert t.app._main.pane.box.text == "/harbour"

    await tell(engine, story, on=stage(engine, preferences=preferences))


async def test_keys_of_dialogs_and_of_the_box_are_those_that_were_chosen() -> None:
    engine, preferences = a_talk(), Preferences()
    preferences.set_keys("dialog.leave", "f9")
    preferences.set_keys("compose.send", "ctrl+d")

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("one")
        await t.press("enter")
        await t.type("two")
        assert t.app._main.pane.box.text == "one\ntwo"
        await t.press("ctrl+d")
        await t.until(lambda: next(iter(engine.people.values())).messages[-1].body == "one\ntwo")
        await t.press("ctrl+k")
        await t.until_shown("F9 Close")
        await t.press("escape")
        await t.pilot.pause()
        await t.until_shown("F9 Close")
        await t.press("f9")
        await t.until_gone("F9 Close")

    await tell(engine, story, on=stage(engine, preferences=preferences))
