"""Answering, editing, reacting, deleting and pinning, as a person does it."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from restante.client.interface import Card, ConnectionPhase
from restante.errors import UserError
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell


def a_talk() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    key = engine.person("bob@relay.example", "Bob")
    engine.hear(key, "where shall we meet?", ago=timedelta(minutes=9), is_read=True)
    engine.hear(key, "at the harbor", ago=timedelta(minutes=3), is_me=True)
    return engine, key


async def select_last(t: Teller) -> None:
    await t.until_shown("Bob")
    await t.press("enter")
    await t.until_shown("at the harbor", "Message Bob")
    await t.press("shift+tab")
    await t.until(lambda: t.app._main.selected is not None, "a selected message")


async def test_an_answer_names_what_it_answers_until_it_is_sent() -> None:
    engine, key = a_talk()

    async def story(t: Teller) -> None:
        await select_last(t)
        await t.press("k")
        await t.press("r")
        await t.until_shown("Answer to Bob: where shall we meet?")
        await t.type("by the tower")
        await t.press("enter")
        await t.until(lambda: len(engine.people[key].messages) == 3)
        sent = engine.people[key].messages[-1]
        assert sent.body == "by the tower"
        assert sent.quote is not None
        assert sent.quote.message == engine.people[key].messages[0].id
        await t.until_gone("Answer to")

    await tell(engine, story)


async def test_an_answer_that_is_left_keeps_its_text_and_goes_to_nobody() -> None:
    engine, key = a_talk()

    async def story(t: Teller) -> None:
        await select_last(t)
        await t.press("r")
        await t.until_shown("Answer to You: at the harbor")
        await t.type("anyway")
        await t.press("escape")
        await t.until_gone("Answer to")
        await t.press("enter")
        await t.until(lambda: len(engine.people[key].messages) == 3)
        assert engine.people[key].messages[-1].quote is None

    await tell(engine, story)


async def test_an_edit_starts_from_the_text_and_gives_the_draft_back() -> None:
    engine, key = a_talk()

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("enter")
        await t.until_shown("Message Bob")
        await t.type("half a thought")
        await t.press("home", "up")
        await t.until(lambda: t.app._main.selected is not None, "a selected message")
        await t.press("e")
        await t.until_shown("Editing.")
        assert t.app._main.pane.box.text == "at the harbor"
        await t.press("end", "backspace", "u", "r")
        await t.press("enter")
        await t.until_shown("at the harbour", "edited", "half a thought")
        assert len(engine.people[key].messages) == 2

    await tell(engine, story)


async def test_an_edit_that_is_refused_comes_back_into_the_box() -> None:
    engine, _ = a_talk()

    async def story(t: Teller) -> None:
        await select_last(t)
        await t.press("e")
        await t.until_shown("Editing.")
        await t.type("!")
        engine.refuses = UserError("It is too old to be edited.")
        await t.press("enter")
        await t.until_shown("too old to be edited")
        assert t.app._main.pane.box.text == "at the harbor!"

    await tell(engine, story)


async def test_a_reaction_is_a_digit_or_any_emoji_and_can_be_taken_back() -> None:
    engine, key = a_talk()

    def mine() -> list[str]:
        return [each.emoji for each in engine.people[key].messages[-1].reactions]

    async def story(t: Teller) -> None:
        await select_last(t)
        await t.press("+")
        await t.until_shown("Any other emoji")
        await t.press("1")
        await t.until(lambda: mine() == ["👍"])
        await t.until_shown("with you")
        await t.press("+")
        await t.until_shown("Empty the line")
        await t.press("end", "backspace")
        await t.press("enter")
        await t.until(lambda: not mine())
        await t.press("+")
        await t.until_shown("Any other emoji")
        await t.paste("🎉")
        await t.press("enter")
        await t.until(lambda: mine() == ["🎉"])

    await tell(engine, story)


async def test_deleting_asks_for_whom_and_offers_everyone_only_for_ones_own() -> None:
    engine, key = a_talk()

    async def story(t: Teller) -> None:
        await select_last(t)
        await t.press("d")
        await t.until_shown("Delete this message?", "For everyone")
        await t.press("e")
        await t.until_shown("You deleted this message.")
        await t.press("k")
        await t.press("d")
        await t.until_shown("Delete this message?")
        assert "For everyone" not in t.screen_text()
        await t.press("e")
        await t.press("m")
        await t.until_gone("where shall we meet?")
        assert len(engine.people[key].messages) == 1

    await tell(engine, story)


async def test_a_message_is_pinned_and_unpinned() -> None:
    engine, _ = a_talk()

    async def story(t: Teller) -> None:
        await select_last(t)
        await t.press("p")
        await t.until_shown("pinned")
        await t.press("p")
        await t.until_gone("pinned")

    await tell(engine, story)


async def test_enter_on_a_card_starts_a_chat() -> None:
    engine, key = a_talk()
    engine.known["kim@elsewhere.example"] = "kim@elsewhere.example"
    card = Card(name="Kim", address="kim@elsewhere.example", conversation=None)
    messages = engine.people[key].messages
    assert isinstance(messages, list)
    messages[-1] = replace(messages[-1], kind="contact", body="", card=card)
    engine.go(ConnectionPhase.CONNECTED)

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("enter")
        await t.until_shown("Enter starts a chat")
        await t.press("shift+tab")
        await t.until(lambda: t.app._main.selected is not None, "a selected message")
        await t.press("enter")
        await t.until_shown("Message kim@elsewhere.example")

    await tell(engine, story)


async def test_what_became_of_a_message_is_told() -> None:
    engine, _ = a_talk()

    async def story(t: Teller) -> None:
        await select_last(t)
        await t.press("w")
        await t.until_shown("What became of this message", "relayed  device abababab  kept a while")
        await t.until_shown("There is nothing to do.")

    await tell(engine, story)


async def test_the_palette_works_on_the_selected_message() -> None:
    engine, key = a_talk()

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("enter")
        await t.until_shown("Message Bob")
        await select_last(t)
        await t.press("ctrl+p")
        await t.until_shown("Chat: Go to")
        await t.paste("Message: Pin")
        await t.until_shown("For both of you, or take that back")
        await t.press("enter")
        await t.until(lambda: engine.people[key].messages[-1].pinned)

    await tell(engine, story)


async def test_a_message_is_forwarded_to_the_chats_that_are_marked() -> None:
    engine, key = a_talk()
    carol = engine.person("carol@relay.example", "Carol")
    engine.hear(carol, "bye", ago=timedelta(hours=1), is_read=True)

    async def story(t: Teller) -> None:
        await t.until_shown("Bob", "Carol")
        await t.until(lambda: t.app._main.list.has_focus, "the chats have the focus")
        await t.press("enter")
        await t.until_shown("at the harbor", "Message Bob")
        await t.press("shift+tab")
        await t.until(lambda: t.app._main.selected is not None, "a selected message")
        await t.press("f")
        await t.until_shown("Forward to")
        await t.type("car")
        await t.press("tab", "enter")
        await t.until_shown("Forwarded to 1 chat.")
        assert engine.people[carol].messages[-1].body == "at the harbor"
        assert len(engine.people[key].messages) == 2

    await tell(engine, story)


async def test_a_message_that_disappears_is_asked_about_before_it_is_forwarded() -> None:
    engine, key = a_talk()
    last = engine.people[key].messages[-1]
    person, index = engine._find(last.id)
    engine._put(person, index, timer_s=60)

    async def story(t: Teller) -> None:
        await select_last(t)
        await t.press("f")
        await t.until_shown("This message disappears")
        await t.press("n")
        await t.until_gone("This message disappears")
        assert "Forward to" not in t.screen_text()

    await tell(engine, story)
