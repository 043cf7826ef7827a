"""Invites to groups, people who ask to come in, and spaces, on the screen."""

from __future__ import annotations

import pytest

from restante.client.interface import AsksToJoin
from restante.client.tui.invite_dialogs import LinkScreen
from restante.errors import UserError
from tests.tui.stories import Teller, tell
from tests.tui.village import a_village

WIDE = (120, 30)
NAMES = ("Alice", "Bob", "Noor")


@pytest.mark.soak_alone
async def test_an_invite_is_made_shown_copied_and_revoked() -> None:
    engine, keys = a_village(NAMES)
    key = engine.meeting("Walkers", {keys["Alice"]: "member"})

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers")
        t.app._main.action_invite()
        await t.until_shown("How long does it last?", "A week")
        await t.press("up", "enter")
        await t.until_shown("For how many people?", "Any number")
        await t.press("up", "up", "enter")
        await t.until_shown("Who lets people in?")
        await t.press("down", "enter")
        await t.until_shown("Whoever scans this", engine.invites[0].link or "?", "▀")
        await t.press("c", "escape")
        assert t.app.clipboard == engine.invites[0].link
        await t.until_shown("Invites to Walkers", "by you", "0 of 10 came", "asks an admin")
        assert "until Wednesday 5 June" in t.screen_text()
        await t.press("c")
        await t.until_shown("The link is copied.")
        await t.press("x")
        await t.until_shown("Revoke this invite?")
        await t.press("y")
        await t.until_shown("Revoked.", "No invites. n makes one.")
        engine.refuses = UserError("The group has 64 invites already.")
        await t.press("n")
        await t.until_shown("How long does it last?")
        await t.press("enter")
        await t.until_shown("For how many people?")
        await t.press("enter")
        await t.until_shown("Who lets people in?")
        await t.press("enter")
        await t.until_shown("The group has 64 invites already.")

    await tell(engine, story, size=WIDE)


@pytest.mark.soak_alone
async def test_a_small_terminal_shows_the_link_without_its_picture() -> None:
    engine, keys = a_village(NAMES)
    engine.meeting("Walkers", {keys["Alice"]: "member"})

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app.push_screen(LinkScreen("restante:g" + "A" * 120))
        await t.until_shown("Whoever scans this", "restante:gAAAA", "Copy link")
        assert "▀" not in t.screen_text()

    await tell(engine, story, size=(60, 14))


async def test_who_asks_to_come_in_is_let_in_or_told_no() -> None:
    engine, keys = a_village(NAMES)
    key = engine.meeting("Walkers", {keys["Alice"]: "member"})
    engine.asking = tuple(
        AsksToJoin(key=keys[name], name=name, address="", asked_at="2024-06-04T12:00:00Z")
        for name in ("Bob", "Noor")
    )

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.open_conversation(key)
        await t.until_shown("Message Walkers", "2 people ask to come in")
        t.app._main.action_asking()
        await t.until_shown("Who asks to come into Walkers", "Noor")
        await t.press("enter")
        await t.until_shown("Let them in", "Say no")
        await t.press("enter")
        await t.until_shown("Bob is in.", "3 members", "1 person asks to come in")
        t.app._main.action_asking()
        await t.until_shown("Who asks to come into Walkers")
        await t.press("enter")
        await t.until_shown("Let them in")
        await t.press("down", "enter")
        await t.until_shown("Noor was told no.")
        assert not engine.asking
        t.app._main.action_asking()
        await t.until_shown("Nobody asks to come in.")

    await tell(engine, story, size=WIDE)


async def test_an_invite_is_followed_into_its_group() -> None:
    engine, keys = a_village(NAMES)
    key = engine.meeting("Walkers", {keys["Alice"]: "owner"}, mine="member")

    async def story(t: Teller) -> None:
        await t.begun("Walkers")
        t.app._main.action_join_group()
        await t.until_shown("Join a group", "It begins with restante:g")
        await t.type("restante:gx")
        await t.press("enter")
        await t.until_shown("Asked alice@relay.example.")
        engine.joins = key
        await t.press("ctrl+n")  # where one would paste it
        await t.until_shown("New chat")
        await t.type("restante:gx")
        await t.press("enter")
        await t.until_shown("Message Walkers")
        for action in ("invite", "invites", "asking", "new_channel", "channels"):
            assert not t.app._main.check_action(action, ()), action

    await tell(engine, story, size=WIDE)


async def test_a_space_gets_channels_that_are_moved_and_taken_off_its_list() -> None:
    engine, keys = a_village(NAMES)
    own = engine.meeting("Choir", {keys["Alice"]: "member"})

    async def story(t: Teller) -> None:
        await t.begun("Choir")
        main = t.app._main
        main.action_new_space()
        await t.until_shown("New space", "Give it a name.")
        await t.type("Village")
        await t.press("enter")
        await t.until_shown("Who is in Village?")
        await t.press("enter")
        await t.until_shown("Village has begun.")
        main.action_new_channel()
        await t.until_shown("New channel in Village")
        await t.type("News")
        await t.press("enter")
        await t.until_shown("In which category?", "In none")
        await t.press("down", "enter")
        await t.until_shown("What is the category called?")
        await t.type("Town")
        await t.press("enter")
        await t.until_shown("Who may write")
        await t.press("down", "enter")
        await t.until_shown("Message News")
        assert engine.posting == "admin"
        main.action_channels()  # of the channel's space
        await t.until_shown("Channels of Village", "# News  Town", "List a group of yours")
        await t.press("end", "enter")
        await t.until_shown("Which group?", "Choir")
        await t.press("enter")
        await t.until_shown("In which category?", "Town")
        await t.press("enter")
        await t.until(lambda: engine.channels.get(own) == "", "it is listed")
        main.action_channels()
        await t.until_shown("Channels of Village", "# Choir")
        await t.press("enter")
        await t.until_shown("Open it", "Move it to another category", "Take it off the list")
        await t.press("down", "enter")
        await t.until_shown("In which category?")
        await t.press("down", "enter")
        await t.until(lambda: engine.channels.get(own) == "Town", "it was moved")
        main.action_channels()
        await t.until_shown("# Choir  Town")
        await t.press("down", "enter")
        await t.until_shown("Take it off the list")
        await t.press("down", "down", "enter")
        await t.until_shown("It is off the list, and stays a group.")
        assert own not in engine.channels

    await tell(engine, story, size=WIDE)
