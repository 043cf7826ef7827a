"""Writing and moving with few keys: editing the last, offers while one types, jump labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.client.interface import ContactState
from restante.client.tui.completion import begun, command_offers, name_offers
from restante.client.tui.editor import choose_editor
from restante.client.tui.emoji_names import find_emoji
from restante.client.tui.jump_screen import labels
from restante.errors import UserError
from tests.tui.scenes import minutes, village
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell


def a_talk() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    bob = engine.person("bob@relay.example", "Bob")
    engine.hear(bob, "at the harbour", is_me=True, ago=minutes(3))
    engine.hear(bob, "which one?", ago=minutes(2), is_read=True)
    return engine, bob


async def opened(t: Teller) -> None:
    await t.until_shown("Bob")
    await t.press("enter")
    await t.until_shown("Message Bob", "which one?")


async def test_up_in_the_empty_box_edits_the_last_of_ones_own_and_once_more_leaves() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("up")
        await t.until_shown("Editing.")
        assert t.app._main.pane.box.text == "at the harbour"
        await t.press("home", "up")
        await t.until(lambda: t.app._main.selected is not None, "a selected message")
        await t.until_gone("Editing.")
        assert t.app._main.pane.box.text == ""
        await t.press("down", "down")
        await t.until(lambda: t.app._main.pane.box.has_focus)
        await t.press("up", "end", "exclamation_mark", "enter")
        await t.until_shown("at the harbour!", "edited")
        assert len(engine.people[bob].messages) == 2

    await tell(engine, story)


async def test_up_in_the_empty_box_goes_to_the_messages_where_none_is_ones_own() -> None:
    engine = ScriptedEngine(address="sam@relay.example")
    bob = engine.person("bob@relay.example", "Bob")
    engine.hear(bob, "which one?", is_read=True)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("up")
        await t.until(lambda: t.app._main.selected is not None, "a selected message")

    await tell(engine, story)


async def test_an_emoji_is_offered_after_a_colon_and_taken_with_a_key() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("fine :th")
        await t.until_shown("👍", "thumbsup")
        await t.type("umbsd")
        await t.until_gone("👍")
        await t.press("tab")
        await t.until(lambda: t.app._main.pane.box.text == "fine 👎")
        await t.type(" at 9:30")
        await t.press("enter")
        await t.until(lambda: engine.people[bob].messages[-1].body == "fine 👎 at 9:30")
        await t.type(":tada")
        await t.until_shown("🎉")
        await t.press("escape", "enter")
        await t.until(lambda: engine.people[bob].messages[-1].body == ":tada")

    await tell(engine, story)


async def test_a_name_is_offered_after_an_at_sign() -> None:
    engine, bob = a_talk()
    engine.person("bea@relay.example")

    async def story(t: Teller) -> None:
        await t.until_shown("bea@relay")
        t.app._main.open_conversation(bob)
        await t.until_shown("Message Bob")
        await t.type("ask @b")
        await t.until_shown("@Bob")
        assert "@bea" not in t.screen_text(), "who isn't there can't be meant"
        await t.press("enter")
        await t.until(lambda: t.app._main.pane.box.text == "ask @Bob ")

    await tell(engine, story)


async def test_a_command_is_run_from_the_box_and_a_slash_elsewhere_is_a_slash() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("/mu")
        await t.until_shown("/mute", "Say nothing of it")
        await t.press("enter")
        await t.until_shown("Mute this chat")
        assert t.app._main.pane.box.text == ""
        await t.press("escape")
        await t.until_gone("Mute this chat")
        await t.type("and/or")
        await t.press("enter")
        await t.until(lambda: engine.people[bob].messages[-1].body == "and/or")

    await tell(engine, story)


async def test_a_letter_goes_to_whatever_is_in_sight() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.until_shown("● Connected ·")
        await t.press("enter")
        await t.until_shown("New · 2", "Message Alice")
        await t.press("ctrl+o")
        await t.until(lambda: len(t.app.screen.query(".jump")) > 6, "labels")
        await t.press("s")  # the second of the list: Kim, who asks
        await t.until_shown("Accept to answer.")
        await t.press("ctrl+o")
        await t.until(lambda: len(t.app.screen.query(".jump")) > 6, "labels")
        await t.press("h")
        await t.until_shown("build #8812")
        await t.press("ctrl+o")
        await t.until(lambda: len(t.app.screen.query(".jump")) > 6, "labels")
        await t.press("1")
        await t.until(lambda: not t.app.screen.query(".jump"), "what is no label goes nowhere")

    await tell(engine, story)


def test_labels_are_of_one_letter_while_those_suffice() -> None:
    assert labels(3) == ["a", "s", "d"]
    many = labels(40)
    assert len(set(many)) == 40
    assert {len(label) for label in many} == {2}


@pytest.mark.parametrize(
    ("before", "sign"),
    [
        ("fine :th", ":"),
        (":th", ":"),
        ("fine :t", None),
        ("at 9:30", None),
        ("http://x", None),
        ("@", "@"),
        ("ask @bo", "@"),
        ("bob@relay", None),
        ("/mu", "/"),
        ("a /mu", None),
        ("/mu te", None),
    ],
)
def test_only_what_begins_a_word_is_the_beginning_of_something(
    before: str, sign: str | None
) -> None:
    found = begun(before, is_first_line=True)
    assert (found and found.sign) == sign
    if sign == "/":
        assert begun(before, is_first_line=False) is None


async def test_nobody_is_offered_whom_one_doesn_t_know() -> None:
    engine, _ = a_talk()
    engine.person("bea@relay.example", state=ContactState.BLOCKED)
    offers = name_offers("b", await engine.conversations())
    assert [offer.text for offer in offers] == ["@Bob "]


def test_commands_are_called_as_in_the_palette() -> None:
    commands = [("Chat: Go to", "find", "app.go_to"), ("Chat: Mute", "hush", "screen.mute")]
    assert [offer.label for offer in command_offers("", commands)] == ["/go-to", "/mute"]
    assert [offer.action for offer in command_offers("mu", commands)] == ["screen.mute"]


@pytest.mark.parametrize(
    ("query", "first"), [("rocket", "🚀"), ("heart", "❤️"), ("+1", "👍"), ("soup", None)]
)
def test_emoji_are_found_by_name(query: str, first: str | None) -> None:
    found = find_emoji(query, limit=6)
    assert (found[0][1] if found else None) == first
    assert len(found) <= 6


def test_the_editor_is_the_one_that_was_chosen_or_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o700)
    assert choose_editor({"EDITOR": f"{mine} -w"}) == [str(mine), "-w"]
    assert choose_editor({"VISUAL": str(mine), "EDITOR": "other"}) == [str(mine)]
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(UserError, match="Set \\$VISUAL"):
        choose_editor({"EDITOR": "'"})
