"""Reading and writing, as a person does it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.events import Key

from restante.client.interface import (
    ConnectionPhase,
    ConversationChanged,
    MessageAdded,
    MessageState,
)
from restante.client.tui.bridge import ask
from restante.errors import UserError
from tests.tui.scenes import village
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, stage, tell


def two_people() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    key = engine.person("bob@relay.example", "Bob")
    engine.hear(key, "first", ago=timedelta(minutes=9), is_read=True)
    return engine, key


async def opened(t: Teller, name: str = "Bob") -> None:
    await t.until_shown(name)
    await t.press("enter")
    await t.until_shown(f"Message {name}")


async def test_a_message_is_typed_sent_and_ticks_off() -> None:
    engine, key = two_people()
    engine.relays_at_once = False

    async def story(t: Teller) -> None:
        await opened(t)
        await t.paste("see you at nine")
        await t.press("enter")
        await t.until_shown("see you at nine", "◔ queued")
        assert t.app._main.pane.box.text == ""
        message = engine.people[key].messages[-1]
        engine.advance(message.id, MessageState.RELAYED)
        await t.until_shown("✓ sent")
        engine.advance(message.id, MessageState.DELIVERED)
        await t.until_shown("✓✓ delivered")
        engine.advance(message.id, MessageState.READ)
        await t.until_shown("✓✓ read")

    await tell(engine, story)


async def test_what_is_typed_faster_than_the_screen_is_drawn_is_sent_once_each() -> None:
    engine, key = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        box = t.app._main.pane.box
        for each in ("o", "n", "e", "enter", "t", "w", "o", "enter", "s", "i"):
            box.post_message(Key(each, each if len(each) == 1 else None))
        await t.until(lambda: [m.body for m in engine.people[key].messages[1:]] == ["one", "two"])
        await t.until(lambda: box.text == "si")

    await tell(engine, story)


async def test_control_j_and_shift_enter_begin_a_line_and_enter_sends_all() -> None:
    engine, key = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("one")
        await t.press("ctrl+j")
        await t.type("two")
        await t.press("shift+enter")
        await t.type("three")
        await t.press("enter")
        await t.until(lambda: len(engine.people[key].messages) == 2)
        assert engine.people[key].messages[-1].body == "one\ntwo\nthree"

    await tell(engine, story)


async def test_the_box_grows_to_six_lines() -> None:
    engine, _ = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        heights = []
        for _ in range(9):
            heights.append(t.app._main.pane.box.size.height)
            await t.press("ctrl+j")
            await t.pilot.pause()
        assert heights[0] == 1
        assert max(heights) == 6

    await tell(engine, story)


async def test_an_empty_box_sends_nothing() -> None:
    engine, key = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("   ")
        await t.press("enter")
        await t.pilot.pause()
        assert len(engine.people[key].messages) == 1

    await tell(engine, story)


async def test_what_the_engine_refuses_comes_back_into_the_box_with_the_reason() -> None:
    engine, key = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.pane.box.text = "word\n" * 12_001
        await t.press("enter")
        await t.until_shown("longer than 60,000 bytes")
        assert t.app._main.pane.box.text == "word\n" * 12_001
        assert len(engine.people[key].messages) == 1

    await tell(engine, story)


async def test_drafts_stay_with_their_chats() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await opened(t, "Alice Rivera")
        await t.paste("half a thought")
        await t.press("escape", "end", "enter")
        await t.until_shown("Message Release bots", "✎ Draft: half a thought")
        assert t.app._main.pane.box.text == ""
        await t.press("escape", "home", "enter")
        await t.until(lambda: t.app._main.pane.box.text == "half a thought")
        await t.until_gone("✎ Draft")

    await tell(engine, story)


async def test_opening_shows_what_is_new_and_tells_the_engine_it_was_read() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await opened(t, "Alice Rivera")
        await t.until_shown("New · 2", "I have the counts of last year somewhere.")
        await t.until(lambda: engine.marked_read)
        alice = next(p for p in engine.people.values() if p.petname == "Alice Rivera")
        await t.until(lambda: not alice.unread)
        await t.until(lambda: t.app._chats.unread_count == 1)
        await t.until_shown("New · 2")

    await tell(engine, story)


async def test_the_unread_divider_goes_when_one_answers() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await opened(t, "Alice Rivera")
        await t.until_shown("New · 2")
        await t.paste("last year's")
        await t.press("enter")
        await t.until_gone("New · 2")

    await tell(engine, story)


async def test_what_is_seen_before_it_is_counted_is_marked_read_all_the_same() -> None:
    engine, key = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        streams, engine.streams = engine.streams, []
        message = engine.hear(key, "just in")
        engine.streams = streams
        engine.tell(MessageAdded(message=message))
        await t.until_shown("just in")
        await t.until(lambda: getattr(t.app._main.pane.messages.last_seen, "id", "") == message.id)
        assert message.id not in engine.marked_read
        line = engine._conversation(engine.people[key])
        engine.tell(ConversationChanged(conversation=line))
        await t.until(lambda: engine.marked_read[-1:] == [message.id])

    await tell(engine, story)


async def test_nothing_is_marked_read_while_the_terminal_is_in_the_background() -> None:
    engine, key = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        t.app.app_focus = False
        message = engine.hear(key, "are you there?")
        await t.until_shown("are you there?")
        assert not engine.marked_read
        t.app.app_focus = True
        await t.until(lambda: engine.marked_read == [message.id])

    await tell(engine, story)


async def test_a_message_that_failed_is_retried_and_discarded_by_key() -> None:
    engine, key = two_people()
    engine.relays_at_once = False

    async def story(t: Teller) -> None:
        await opened(t)
        one = engine.hear(key, "one", is_me=True, state=MessageState.FAILED, error="No room.")
        two = engine.hear(key, "two", is_me=True, state=MessageState.FAILED, error="No room.")
        await t.until_shown("two", "Not sent. No room.")
        await t.press("shift+tab")
        await t.until_shown("r Retry", "d Discard")
        await t.press("d")
        await t.until_shown("Discarded.")
        assert two.id not in {each.id for each in engine.people[key].messages}
        await t.until(lambda: t.app._main.pane.messages.count == len(engine.people[key].messages))
        await t.press("k", "j", "r")
        await t.until_shown("one", "◔ queued")
        assert engine.people[key].messages[-1].id == one.id

    await tell(engine, story)


async def test_up_leaves_the_box_and_down_comes_back() -> None:
    engine, _ = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        main = t.app._main
        await t.press("shift+tab")
        await t.until(lambda: main.pane.messages.has_focus)
        selected = main.pane.messages.selected
        assert selected is not None
        assert selected.body == "first"
        await t.press("down")
        await t.until(lambda: main.pane.box.has_focus)

    await tell(engine, story)


async def test_a_selected_message_is_copied() -> None:
    engine, _ = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("shift+tab", "y")
        await t.until(lambda: t.app.clipboard == "first")

    await tell(engine, story)


async def test_a_lost_connection_is_told_with_what_waits_and_retried_by_key() -> None:
    engine, _ = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        engine.go(ConnectionPhase.OFFLINE)
        await t.until_shown("○ Offline", "it sends when")
        await t.type("hello")
        await t.press("enter")
        await t.until_shown("1 message will send", "◔ queued")
        await t.press("ctrl+r")
        await t.until(lambda: engine.retries == 1)
        engine.go(ConnectionPhase.CONNECTED)
        await t.until_shown("● Connected", "✓ sent")
        await t.until_gone("Offline.")

    await tell(engine, story)


async def test_a_short_loss_of_connection_troubles_nobody() -> None:
    engine, _ = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        engine.go(ConnectionPhase.OFFLINE)
        await t.until_shown("○ Offline")
        assert "Offline." not in t.screen_text()
        engine.go(ConnectionPhase.CONNECTED)
        await t.until_shown("● Connected")

    await tell(engine, story, on=stage(engine, patience_s=3600))


async def test_the_reason_of_a_lost_connection_is_said() -> None:
    engine, _ = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        engine.go(ConnectionPhase.OFFLINE, error="The relay shows another key than before.")
        await t.until_shown("another key")

    await tell(engine, story)


async def test_missed_events_lead_to_reading_everything_again() -> None:
    engine, key = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        streams, engine.streams = engine.streams, []
        engine.hear(key, "while you were slow")
        engine.streams = streams
        engine.streams[0].is_behind = True
        engine.go(ConnectionPhase.CONNECTED)
        await t.until_shown("while you were slow")

    await tell(engine, story)


async def test_a_flood_of_messages_shows_the_last_of_them_once() -> None:
    engine, key = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        for number in range(200):
            engine.hear(key, f"flood {number}")
            if number % 40 == 0:
                await t.pilot.pause()
        in_list_and_conversation = 2
        await t.until(lambda: t.screen_text().count("flood 199") == in_list_and_conversation)
        assert t.app._main.pane.messages.count == 201

    await tell(engine, story)


@pytest.mark.parametrize("size", [(80, 24), WIDE, (60, 24), (40, 12)])
async def test_every_size_shows_a_conversation_and_the_connection(size: tuple[int, int]) -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await t.until_shown("Alice Rivera", "● Connected")
        await t.press("enter")
        await t.until_shown("Which number", "● Connected")
        assert ("Safety number" in t.screen_text()) == (size[0] >= 120)
        chats_in_sight = "Find or start a chat" in t.screen_text()
        assert chats_in_sight == (size[0] >= 80)
        await t.press("escape")
        await t.until_shown("Find or start a chat")

    await tell(engine, story, size=size)


async def test_a_resized_terminal_keeps_the_conversation() -> None:
    engine = village()

    async def story(t: Teller) -> None:
        await opened(t, "Alice Rivera")
        for width, height in ((160, 48), (50, 20), (100, 30)):
            await t.pilot.resize_terminal(width, height)
            await t.until_shown("I have the counts")

    await tell(engine, story)


async def test_an_error_of_the_engine_is_a_sentence() -> None:
    engine, _ = two_people()

    async def story(t: Teller) -> None:
        await opened(t)
        engine.refuses = UserError("The relay doesn't answer. Try again later.")
        await t.press("ctrl+n")
        await t.until_shown("New chat")
        await t.paste("x@y.example")
        await t.press("enter")
        await t.until_shown("The relay doesn't answer. Try again later.")

    await tell(engine, story)


async def test_a_draft_is_kept_by_the_engine_and_comes_from_other_devices() -> None:
    engine, key = two_people()
    kim = engine.person("kim@relay.example", "Kim")
    engine.hear(kim, "long ago", ago=timedelta(days=2), is_read=True)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.type("half a th")
        await t.until(lambda: engine.people[key].draft == "half a th")
        await ask(engine.set_draft, kim, "from the telephone")
        await t.until_shown("Draft: from the")
        await t.press("enter")
        await t.until(lambda: engine.people[key].draft == "")

    await tell(engine, story)
