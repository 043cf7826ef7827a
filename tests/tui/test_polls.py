"""Polls, as a person asks and answers them."""

from __future__ import annotations

from msgspec.structs import replace

from restante.client.interface import Message, Poll
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell
from tests.tui.talks import opened


def a_chat() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    key = engine.person("bob@relay.example", "Bob")
    engine.hear(key, "shall we walk?", is_read=True)
    return engine, key


async def asked(engine: ScriptedEngine, key: str, *, multiple: bool, by_me: bool = True) -> Message:
    sent = await engine.send_poll(
        key, question="Which day?", options=["Monday", "Tuesday", "Friday"], multiple=multiple
    )
    if not by_me:
        person, index = engine._find(sent.id)
        theirs = person.messages[index]
        engine._put(person, index, sender=replace(theirs.sender, is_me=False, name="Bob"))
    return sent


def poll_of(engine: ScriptedEngine, key: str) -> Poll:
    poll = engine.people[key].messages[-1].poll
    assert poll is not None
    return poll


async def test_a_poll_is_asked_line_by_line() -> None:
    engine, key = a_chat()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("/poll")
        await t.press("enter")
        await t.until_shown("Ask in a poll")
        await t.press("enter")
        await t.until_shown("two answers at least")
        for line in ("Which day?", "Monday", "Tuesdax"):
            await t.type(line)
            await t.press("enter")
        await t.until_shown("1. Monday", "2. Tuesdax")
        await t.press("ctrl+z", "backspace")
        await t.type("y")
        await t.press("enter", "ctrl+o", "ctrl+t")
        await t.until_shown("2. Tuesday", "Several answers", "ends after 1 hour")
        await t.press("enter")
        await t.until(lambda: engine.people[key].messages[-1].poll is not None, "a poll")
        poll = poll_of(engine, key)
        assert (poll.question, [each.text for each in poll.options], poll.multiple) == (
            "Which day?",
            ["Monday", "Tuesday"],
            True,
        )
        assert poll.closes_at is not None
        await t.until_shown("Poll: Which day?", "1 Monday", "2 Tuesday")

    await tell(engine, story)


async def test_one_is_chosen_and_taken_back_by_keys_and_by_the_mouse() -> None:
    engine, key = a_chat()
    await asked(engine, key, multiple=False, by_me=False)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("shift+tab")
        await t.until(lambda: t.app._main.selected is not None, "a selected message")
        await t.press("o")
        await t.until_shown("Everybody in this chat sees")
        await t.press("3", "enter")
        await t.until(lambda: poll_of(engine, key).options[2].is_mine, "a vote")
        await t.until_shown("1 has voted")
        await t.press("o")
        await t.until_shown("No vote")
        await t.press("x")
        await t.until(lambda: poll_of(engine, key).voters == 0, "no vote")
        # A click on an answer asks before it votes.
        await t.until_shown("○ 3 Friday")
        rows = t.screen_text().splitlines()
        row = next(at for at, line in enumerate(rows) if "2 Tuesday" in line)
        await t.pilot.click(offset=(rows[row].index("2 Tuesday"), row))
        await t.until_shown("Everybody in this chat sees")
        assert poll_of(engine, key).voters == 0
        await t.press("enter")
        await t.until(lambda: poll_of(engine, key).options[1].is_mine, "a vote")

    await tell(engine, story)


async def test_several_are_marked_before_they_are_sent() -> None:
    engine, key = a_chat()
    await asked(engine, key, multiple=True)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("shift+tab")
        await t.until(lambda: t.app._main.selected is not None, "a selected message")
        await t.press("o")
        await t.until_shown("Everybody in this chat sees")
        await t.press("space", "down", "down", "space")
        assert poll_of(engine, key).voters == 0
        await t.press("enter")
        await t.until(
            lambda: [each.is_mine for each in poll_of(engine, key).options] == [True, False, True],
            "two votes",
        )
        await t.press("o")
        await t.until_shown("c End the poll")
        await t.press("c")
        await t.until_shown("can't be undone")
        await t.press("y")
        await t.until(lambda: poll_of(engine, key).closed_at is not None, "the end")
        await t.until_shown("over")

    await tell(engine, story)
