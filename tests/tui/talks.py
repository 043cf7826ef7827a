"""A chat with some messages, opened."""

from __future__ import annotations

from tests.tui.scenes import minutes
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller


def a_talk() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    noor = engine.person("noor@relay.example", "Noor")
    engine.hear(noor, "Monday then", ago=minutes(40))
    bob = engine.person("bob@relay.example", "Bob")
    engine.hear(bob, "at nine", ago=minutes(3), is_read=True)
    return engine, bob


async def opened(t: Teller) -> None:
    await t.until_shown("Bob")
    await t.press("enter")
    await t.until_shown("Message Bob")


async def on_the_last(t: Teller) -> None:
    t.app._main.pane.messages.focus()
    await t.until(lambda: t.app._main.selected is not None, "a selected message")
