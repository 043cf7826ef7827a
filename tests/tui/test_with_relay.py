"""The interface with the real engine and a real relay on a real socket."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import trio

from restante.client.engine import open_engine
from restante.client.interface import MessageState, Trust
from restante.client.tui.bridge import ask
from tests.client.world import QUICK, a_world, introduce, key_of, reaches
from tests.tui.stories import WIDE, Teller, stage, tell

PATIENCE_S = 60


async def test_alice_types_and_bob_answers(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        code = await bob.contact_code()

        async def story(t: Teller) -> None:
            await t.until_shown("● Connected")
            await t.press("ctrl+n")
            await t.until_shown("New chat")
            await t.paste(code)
            await t.press("enter")
            await t.until_shown("✔ verified", "No messages yet.")
            await t.type("hi Bob")
            await t.press("enter")
            await t.until_shown("hi Bob", "✓✓ delivered")
            key = (await ask(bob.conversations))[0].key
            (heard,) = await ask(bob.messages, key, start=0, count=10)
            assert heard.body == "hi Bob"
            await ask(bob.send, key, "hello Alice\n日本語 👋")
            await t.until_shown("hello Alice", "日本語")
            chat = (await ask(alice.conversations))[0].key
            while (await ask(alice.messages, chat, start=1, count=1))[0].state != "read":
                await t.pilot.pause(0.05)

        await tell(alice, story, deadline_s=PATIENCE_S)
        (sent, heard) = await alice.messages(
            (await alice.conversations())[0].key, start=0, count=10
        )
        assert sent.state is MessageState.DELIVERED
        assert heard.state is MessageState.READ


async def test_from_nothing_to_the_first_message_and_a_request_is_answered(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        open_engine(
            world.profile("carol"), key_of("carol"), profile="carol", tuning=QUICK
        ) as carol,
    ):
        address = world.address("bob")
        relay = address.partition("@")[2]

        async def story(t: Teller) -> None:
            await t.until_shown("Step 1 of 3")
            await t.type("carol")
            await t.press("enter")
            await t.paste(relay)
            await t.press("enter")
            await t.until_shown("Step 2 of 3", "carol@")
            await t.press("enter")
            await t.until_shown("Step 3 of 3", "restante:c")
            await t.paste(address)
            await t.press("enter")
            await t.until_shown(f"Message {address}", "hasn't accepted you yet")
            await t.type("may I")
            await t.press("enter")
            await t.until_shown("may I", "✓ sent")
            (asking,) = await ask(bob.conversations)
            await ask(bob.contact_accept, asking.key)
            await t.until_shown("✓✓ delivered", "? not verified")

        await tell(carol, story, deadline_s=PATIENCE_S)
        (contact,) = await carol.contacts()
        assert contact.trust is Trust.UNVERIFIED


async def test_a_stranger_is_asked_about_and_then_talked_to(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        contact = await bob.contact_add(world.address("alice"))
        await bob.send(contact.key, "do you remember me?")

        async def story(t: Teller) -> None:
            await t.until_shown("Wants to talk to you", "+")
            await t.press("enter")
            await t.until_shown("do you remember me?", "Accept to answer.")
            await t.press("a")
            await t.until_shown("Message bob@")
            await t.type("of course")
            await t.press("enter")
            await t.until_shown("of course", "✓✓ delivered")

        await tell(alice, story, deadline_s=PATIENCE_S)
        with trio.fail_after(PATIENCE_S):
            first, second = await bob.messages(contact.key, start=0, count=10)
        assert (first.body, second.body) == ("do you remember me?", "of course")


async def test_what_is_kept_shared_and_set_is_the_engine_s(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        code = await bob.contact_code()

        async def story(t: Teller) -> None:
            main = t.app._main
            await t.until_shown("● Connected")
            await t.press("ctrl+n")
            await t.until_shown("New chat")
            await t.paste(code)
            await t.press("enter")
            await t.until_shown("✔ verified", "No messages yet.")
            await t.type("at eight")
            await t.press("enter")
            await t.until_shown("at eight", "✓✓ delivered")
            await t.press("up", "end", "exclamation_mark", "enter")
            await t.until_shown("at eight!", "edited")
            main.pane.messages.focus()
            await t.until(lambda: main.selected is not None, "a selected message")
            await t.press("p")
            await t.until_shown("pinned · edited")
            await t.press("h")
            await t.until_shown("What it said before")
            await t.press("escape", "P")
            await t.until_shown("You: at eight!")
            await t.press("escape", "m")
            await t.until_shown("For ever")
            await t.press("end", "enter")
            await t.until_shown("is muted.", "⊘")
            main.list.focus()
            await t.press("p")
            await t.until_shown("↑")
            await t.press("x")
            await t.until_shown("1 archived")
            await t.press("u")
            main.action_send_place()
            await t.until_shown("Nothing is looked")
            await t.paste("-34.9060 -56.1994 The harbour")
            await t.press("down", "enter")
            await t.until_shown("The harbour", "live until", "✓✓ delivered")
            main.action_send_contact()
            await t.until_shown("Send a contact", "Nobody here yet.")
            await t.press("escape", "f2")
            await t.until_shown("Presence                off")
            await t.press("down", "down", "enter")
            await t.until_shown("Presence                on")

        await tell(alice, story, size=WIDE, deadline_s=PATIENCE_S)
        assert (await alice.settings())["presence"] == "on"
        (line,) = await alice.conversations()
        assert line.pinned
        assert line.archived
        assert line.muted_until is not None
        assert line.muted_until.startswith("9999")
        text, place = await bob.messages((await bob.conversations())[0].key, start=0, count=10)
        assert (text.body, text.pinned, text.edited) == ("at eight!", True, True)
        assert place.location is not None
        assert place.location.live_until is not None


async def test_what_was_said_is_found_sent_later_and_taken_back(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        for text in ("Crème by the lighthouse", *(f"line {number}" for number in range(40))):
            last = await alice.send(to_bob, text)
        await reaches(alice, last, "delivered")

        async def story(t: Teller) -> None:
            await t.begun("● Connected")
            await t.press("ctrl+t")
            await t.type("from:me creme")
            await t.until_shown("1 message")
            await t.press("enter")
            await t.until_gone("Search all chats")
            await t.until_shown("Message bob", "Crème by the lighthouse", "line 0")
            t.app._main.pane.box.focus()
            await t.type("good morning")
            await t.press("ctrl+s")
            await t.until_shown("Send later")
            await t.type("tomorrow")
            await t.press("enter")
            await t.until_shown("1 text goes out")
            await t.press("ctrl+s")
            await t.until_shown("Sent later", "good morning")
            await t.press("d")
            await t.until(lambda: t.app._main.pane.box.text == "good morning")
            await t.until_gone("1 text goes out")

        await tell(
            alice, story, deadline_s=PATIENCE_S, on=stage(alice, now=lambda: datetime.now(UTC))
        )
        assert await alice.scheduled() == []
