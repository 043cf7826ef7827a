"""Mute, keep at the top, archive; places, cards, pins and versions: by keys, through the engine."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from restante.client.interface import ContactState
from restante.client.tui.bridge import ask
from restante.client.tui.chats import Chats
from restante.client.tui.places import read_place
from tests.tui.scenes import minutes
from tests.tui.scripted_parts import NOW
from tests.tui.stories import WIDE, Teller, tell
from tests.tui.talks import a_talk, on_the_last, opened


async def test_a_chat_is_muted_for_a_while_and_says_until_when() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        await on_the_last(t)
        await t.press("m")
        await t.until_shown("Mute this chat", "8 hours", "For ever")
        await t.press("down", "enter")
        await t.until_shown("Bob is muted until 22:36.", "· muted", "Muted until 22:36", "⊘")
        assert engine.people[bob].muted_until == "2024-06-04T22:36:00Z"
        await t.press("m")
        await t.until_shown("Not muted")
        await t.press("enter")
        await t.until_gone("⊘")
        assert engine.people[bob].muted_until is None

    await tell(engine, story, size=WIDE)


async def test_keys_in_the_list_are_about_the_chat_under_the_cursor() -> None:
    engine, bob = a_talk()
    noor = next(key for key in engine.people if key != bob)

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.list.focus()
        await t.press("j", "p")
        await t.until(lambda: engine.people[noor].is_pinned)
        await t.until(lambda: t.app._chats.shown()[0].title == "Noor", "Noor at the top")
        await t.press("x")
        await t.until_shown("1 archived, 1 new")
        assert engine.people[noor].is_archived
        assert not engine.people[bob].is_archived
        await t.press("A")
        await t.until_shown("Back to your chats", "Monday then")
        await t.until_gone("at nine │")
        await t.press("x", "A")
        await t.until(lambda: not engine.people[noor].is_archived)
        await t.until_gone("archived")

    await tell(engine, story)


async def test_a_chat_is_marked_as_unread_until_it_is_read() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        await t.press("u")
        await t.until(lambda: engine.people[bob].is_marked)
        await t.until_shown("Marked as unread", "●")
        await t.press("u")
        await t.until(lambda: not engine.people[bob].is_marked)
        await t.press("u")
        await t.until(lambda: engine.people[bob].is_marked)
        await t.press("enter")
        await t.until_shown("Message Bob")
        await t.until(lambda: not engine.people[bob].is_marked, "read when it is opened")

    await tell(engine, story)


async def test_the_next_unread_is_one_that_may_call() -> None:
    engine, bob = a_talk()
    noor = next(key for key in engine.people if key != bob)

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("ctrl+g")
        await t.until_shown("Message Noor")
        await t.until(lambda: not engine.people[noor].unread)
        await t.press("ctrl+g")
        await t.until_shown("Nothing new in any chat.")

    await tell(engine, story)


async def test_muted_archived_and_blocked_chats_don_t_call() -> None:
    engine, bob = a_talk()
    noor = next(key for key in engine.people if key != bob)
    chats = Chats(lambda: NOW)
    chats.replace(await engine.conversations())
    line = chats.get(noor)
    assert line is not None
    assert chats.next_unread(bob) == line
    ever = "9999-12-31T23:59:59Z"
    for silent in (
        replace(line, muted_until=ever),
        replace(line, archived=True),
        replace(line, contact=ContactState.BLOCKED),
        replace(line, unread_count=0),
    ):
        chats.update(silent)
        assert chats.next_unread(bob) is None
    past = replace(line, muted_until="2024-06-04T14:00:00Z")
    chats.update(past)
    assert chats.next_unread(None) == past


async def test_a_live_place_is_sent_moved_and_ended() -> None:
    engine, bob = a_talk()
    said = engine.people[bob].messages

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("ctrl+p")
        await t.paste("Send a place")
        await t.until_shown("Where it is, or")
        await t.press("enter")
        await t.until_shown("Nothing is looked")
        await t.paste("over there")
        await t.press("enter")
        await t.until_shown("This is no place.")
        await t.press("home", "ctrl+k")
        await t.paste("-34.9060, -56.1994 The harbour")
        await t.press("down", "down", "enter")
        await t.until_shown("live until 15:36, moved now", "geo:-34.90600,-56.19940")
        await t.until_shown("You: Place: The harbour")
        await on_the_last(t)
        await t.press("l")
        await t.until_shown("Your live place")
        await t.paste("-34.9100 -56.2000")
        await t.press("enter")
        await t.until_shown("geo:-34.91000,-56.20000")
        await t.press("l")
        await t.until_shown("Your live place")
        await t.press("down", "enter")
        await t.until_shown("not live any more")
        assert said[-1].location is not None
        assert said[-1].location.latitude == -34.91, "it ended where it was"

    await tell(engine, story, size=WIDE)


async def test_a_contact_is_sent_and_opened() -> None:
    engine, bob = a_talk()

    async def story(t: Teller) -> None:
        await opened(t)
        t.app._main.action_send_contact()
        await t.until_shown("Send a contact", "Noor  noor@relay.example")
        assert "Bob  bob@" not in t.screen_text(), "nobody needs their own address"
        await t.type("no")
        await t.press("enter")
        await t.until_shown("You: Contact: Noor", "Enter opens the chat.")
        await on_the_last(t)
        await t.press("o")
        await t.until_shown("Message Noor")
        assert engine.people[bob].messages[-1].card is not None

    await tell(engine, story, size=WIDE)


async def test_pinned_messages_and_quotes_lead_to_where_they_stand() -> None:
    engine, bob = a_talk()
    first = engine.people[bob].messages[0]
    for number in range(60):
        engine.hear(bob, f"line {number}", ago=minutes(2), is_read=True)

    async def story(t: Teller) -> None:
        await opened(t)
        await ask(engine.send, bob, "I'll be there", quote=first.id)
        await t.until_shown("I'll be there")
        await on_the_last(t)
        await t.press("P")
        await t.until_shown("Nothing is pinned here.")
        await ask(engine.pin, first.id, pinned=True)
        await t.press("enter")
        await t.until(lambda: t.app._main.selected and t.app._main.selected.id == first.id)
        await t.until_shown("pinned")
        await t.press("G", "P")
        await t.until_shown("Pinned messages", "Bob: at nine")
        await t.press("enter")
        await t.until(lambda: t.app._main.selected and t.app._main.selected.id == first.id)

    await tell(engine, story)


async def test_an_edited_message_shows_what_it_said_before() -> None:
    engine, bob = a_talk()
    mine = engine.hear(bob, "at eight", is_me=True, ago=timedelta(minutes=1))

    async def story(t: Teller) -> None:
        await opened(t)
        await ask(engine.edit, mine.id, "at ten")
        await t.until_shown("at ten", "edited")
        await on_the_last(t)
        await t.press("h")
        await t.until_shown("What it said before", "at eight", "14:35", "14:36")

    await tell(engine, story)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("-34.9060, -56.1994", (-34.906, -56.1994, None, "")),
        ("47.36667 8.55  Zürich HB", (47.36667, 8.55, None, "Zürich HB")),
        ("geo:47.36667,8.55;u=35", (47.36667, 8.55, 35, "")),
        ("geo:47.4,8.5;crs=wgs84 here", (47.4, 8.5, None, "here")),
        ("47.36667", None),
        ("the harbour", None),
        ("91, 0", None),
        ("0, 181", None),
        ("", None),
    ],
)
def test_a_place_is_read_as_people_write_it(text: str, read: object) -> None:
    place = read_place(text)
    got = place and (place.latitude, place.longitude, place.accuracy_m, place.label)
    assert got == read
