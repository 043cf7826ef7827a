"""From nothing to the first message, in three steps that can go back."""

from __future__ import annotations

from restante.client.interface import Trust
from restante.errors import UserError
from tests.tui.scripted_contacts import MY_CODE
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import WIDE, Teller, tell


async def to_step_three(t: Teller) -> None:
    await t.until_shown("Step 1 of 3")
    await t.type("sam")
    await t.press("enter")
    await t.paste("relay.example")
    await t.press("enter")
    await t.until_shown("Step 2 of 3", "sam@relay.example")
    await t.press("enter")
    await t.until_shown("Step 3 of 3", MY_CODE[:20])


async def test_three_steps_lead_to_the_first_message() -> None:
    engine = ScriptedEngine(address=None)
    code = "restante:c" + "A" * 32 + "bob@relay.example"
    engine.known[code] = "bob@relay.example"

    async def story(t: Teller) -> None:
        await to_step_three(t)
        await t.paste(code)
        await t.press("enter")
        await t.until_shown("Message bob@relay.example", "Say hello")
        await t.paste("hello Bob")
        await t.press("enter")
        await t.until_shown("hello Bob", "✓ sent")

    for size in ((80, 24), WIDE):
        engine.address = None
        engine.people.clear()
        await tell(engine, story, size=size)
        assert next(iter(engine.people.values())).trust is Trust.VERIFIED


async def test_every_step_can_go_back_and_keeps_what_was_typed() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await to_step_three(t)
        await t.type("bob@rel")
        await t.press("escape")
        await t.until_shown("Step 2 of 3", "sam@relay.example is yours now.")
        await t.press("escape")
        await t.until_shown("Step 1 of 3", "relay.example")
        await t.press("enter")
        await t.until_shown("Step 2 of 3")
        await t.press("enter")
        await t.until_shown("Step 3 of 3", "bob@rel")

    await tell(engine, story)


async def test_a_missing_name_is_said_at_once() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await t.until_shown("Step 1 of 3")
        await t.press("tab")
        await t.paste("relay.example")
        await t.press("enter")
        await t.until_shown("Choose a name")

    await tell(engine, story)


async def test_a_taken_name_leads_back_with_the_reason() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await t.until_shown("Step 1 of 3")
        await t.type("taken")
        await t.press("enter")
        await t.paste("relay.example")
        await t.press("enter")
        await t.until_shown("Step 2 of 3")
        await t.press("enter")
        await t.until_shown("That name is taken at this relay.", "Step 1 of 3", "taken")
        assert engine.address is None

    await tell(engine, story)


async def test_an_unreachable_relay_leads_back_with_the_reason() -> None:
    engine = ScriptedEngine(address=None)
    engine.refuses = UserError("relay.example can't be reached. Check the address.")

    async def story(t: Teller) -> None:
        await t.until_shown("Step 1 of 3")
        await t.type("sam")
        await t.press("enter")
        await t.paste("relay.example")
        await t.press("enter")
        await t.until_shown("Step 2 of 3")
        await t.press("enter")
        await t.until_shown("can't be reached", "Step 1 of 3")
        await t.press("enter", "enter")
        await t.until_shown("Step 2 of 3")
        await t.press("enter")
        await t.until_shown("Step 3 of 3")

    await tell(engine, story)


async def test_sharing_can_wait() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await to_step_three(t)
        await t.press("enter")
        await t.until_shown("No chats yet.", "^n", "F4")

    await tell(engine, story)


async def test_an_unknown_peer_keeps_the_step_with_the_reason() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await to_step_three(t)
        await t.paste("nobody@relay.example")
        await t.press("enter")
        await t.until_shown("Nobody is known there.", "Step 3 of 3")

    await tell(engine, story)


async def test_the_link_is_copied() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await to_step_three(t)
        await t.press("f5")
        await t.until(lambda: t.app.clipboard == MY_CODE)

    await tell(engine, story)


async def test_the_keys_are_put_under_a_passphrase() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await t.until_shown("Step 1 of 3")
        await t.type("sam")
        await t.press("enter")
        await t.paste("relay.example")
        await t.press("enter")
        await t.until_shown("Step 2 of 3", "Passphrase, or empty for none")
        await t.paste("three small owls")
        await t.press("enter")
        await t.paste("three large owls")
        await t.press("enter")
        await t.until_shown("two different passphrases")
        assert engine.passphrase is None
        await t.press("escape")
        await t.until_shown("Step 1 of 3")
        await t.press("enter", "enter")
        await t.until_shown("Step 2 of 3")
        await t.press("enter")
        await t.paste("three small owls")
        await t.press("enter")
        await t.until_shown("Step 3 of 3")
        assert engine.passphrase == "three small owls"
        await t.press("escape")
        await t.until_shown("Step 2 of 3", "is yours now.", "kept as you chose")
        assert "owls" not in t.screen_text()
        assert "Passphrase, or empty" not in t.screen_text()
        await t.press("enter")
        await t.until_shown("Step 3 of 3")

    await tell(engine, story)


async def test_a_passphrase_that_is_too_short_is_said_and_none_is_made() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await t.until_shown("Step 1 of 3")
        await t.paste("sam@relay.example")
        await t.press("enter")
        await t.until_shown("Step 2 of 3")
        await t.paste("short")
        await t.press("enter")
        await t.paste("short")
        await t.press("enter")
        await t.until_shown("at least 8 characters", "Step 2 of 3")
        assert engine.address is None

    await tell(engine, story)


async def test_a_taken_name_does_not_lose_the_passphrase() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await t.until_shown("Step 1 of 3")
        await t.paste("taken@relay.example")
        await t.press("enter")
        await t.until_shown("Step 2 of 3")
        await t.paste("three small owls")
        await t.press("enter")
        await t.paste("three small owls")
        await t.press("enter")
        await t.until_shown("That name is taken at this relay.", "Step 1 of 3")
        await t.press("ctrl+a", "ctrl+k")
        await t.paste("sam@relay.example")
        await t.press("enter")
        await t.until_shown("Step 2 of 3")
        await t.press("enter")
        await t.until_shown("Step 3 of 3")
        assert engine.passphrase == "three small owls"

    await tell(engine, story)


async def test_the_keyring_keeps_the_key_or_says_why_not() -> None:
    engine = ScriptedEngine(address=None)
    engine.refuses = UserError("There is no keyring on this system. Use a passphrase.")

    async def story(t: Teller) -> None:
        await t.until_shown("Step 1 of 3")
        await t.paste("sam@relay.example")
        await t.press("enter")
        await t.until_shown("Step 2 of 3", "F7")
        await t.press("f7")
        await t.until_shown("There is no keyring")
        await t.press("f7")
        await t.until_shown("The system's keyring keeps the key now.")
        await t.press("enter")
        await t.until_shown("Step 3 of 3")
        assert engine.in_keyring

    await tell(engine, story)
