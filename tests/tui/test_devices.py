"""Devices: listed, renamed, revoked; a new one let in, and this one linked, as a person does it."""

from __future__ import annotations

from msgspec.structs import replace

from restante.client.interface import LinkState
from tests.tui.scripted_devices import DIGITS, LINK_CODE
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell


def sam() -> ScriptedEngine:
    engine = ScriptedEngine(address="sam@relay.example")
    engine.person("bob@relay.example", "Bob")
    return engine


async def open_devices(t: Teller) -> None:
    await t.until_shown("Bob")
    await t.press("ctrl+p")
    await t.paste("Devices")
    await t.until_shown("Link a new one, rename, revoke")
    await t.press("enter")
    await t.until_shown("Your devices", "laptop", "this device", "tower", "added Sunday 2 June")


async def test_a_new_device_is_let_in_by_the_digits_that_it_shows() -> None:
    engine = sam()

    async def story(t: Teller) -> None:
        await open_devices(t)
        await t.press("l")
        await t.until_shown("Paste the code")
        await t.paste("restante:dxx")
        await t.press("enter")
        await t.until_shown("Copy it again")
        await t.press("ctrl+u")
        await t.paste(LINK_CODE)
        await t.press("enter")
        await t.until_shown("phone shows six digits now")
        await t.paste(DIGITS)
        await t.press("enter")
        await t.until_shown("phone is linked.")
        assert [each.name for each in engine.listed] == ["laptop", "tower", "phone"]

    await tell(engine, story)


async def test_a_wrong_guess_ends_the_code_and_says_so() -> None:
    engine = sam()

    async def story(t: Teller) -> None:
        await open_devices(t)
        await t.press("l")
        await t.until_shown("Paste the code")
        await t.paste(LINK_CODE)
        await t.press("enter")
        await t.until_shown("six digits now")
        await t.paste("000000")
        await t.press("enter")
        await t.until_shown("Those are other digits.", "Paste the code")
        assert len(engine.listed) == 2

    await tell(engine, story)


async def test_leaving_in_the_middle_calls_the_linking_off() -> None:
    engine = sam()

    async def story(t: Teller) -> None:
        await open_devices(t)
        await t.press("l")
        await t.until_shown("Paste the code")
        await t.paste(LINK_CODE)
        await t.press("enter")
        await t.until_shown("six digits now")
        await t.press("escape")
        await t.until_gone("six digits now")
        assert engine.cancelled == 1

    await tell(engine, story)


async def test_a_device_is_renamed_and_revoked_after_a_question() -> None:
    engine = sam()

    async def story(t: Teller) -> None:
        await open_devices(t)
        await t.press("down")
        await t.press("n")
        await t.until_shown("Rename device")
        await t.press("ctrl+u")
        await t.paste("old tower")
        await t.press("enter")
        await t.until_shown("Now called old tower.")
        await t.press("x")
        await t.until_shown("Revoke this device?", "old tower receives nothing")
        await t.press("n")
        await t.until_gone("Revoke this device?")
        assert len(engine.listed) == 2
        await t.press("x")
        await t.until_shown("Revoke this device?")
        await t.press("y")
        await t.until_shown("old tower is revoked.")
        await t.press("x")
        await t.until_shown("Revoke this device?")
        await t.press("y")
        await t.until_shown("can't revoke itself")

    await tell(engine, story)


async def test_this_device_is_linked_from_the_welcome() -> None:
    engine = ScriptedEngine(address=None)

    async def story(t: Teller) -> None:
        await t.until_shown("Step 1 of 3", "I have an account")
        await t.press("f6")
        await t.until_shown("The address of your account.", "Enter Continue")
        assert "F5" not in t.screen_text()  # no code yet
        await t.paste("sam")
        await t.press("enter")
        await t.until_shown("That is no address.")
        await t.press("ctrl+u")
        await t.paste("sam@relay.example")
        await t.press("enter")
        await t.until_shown("Scan or paste this", LINK_CODE, "F5 Copy code")
        engine.come_further(LinkState.COMPARE)
        await t.until_shown("493 027", "Type these digits")
        await t.until_gone("F5 Copy code")
        engine.come_further(LinkState.FAILED, error="The code has expired. Begin again.")
        await t.until_shown("The code has expired.", "The address of your account.")
        await t.press("enter")
        await t.until_shown(LINK_CODE)
        engine.person("bob@relay.example", "Bob")
        engine.address = "sam@relay.example"
        engine.come_further(LinkState.LINKED)
        await t.until_shown("Bob", "Pick a chat")

    await tell(engine, story)
    assert engine.cancelled == 0


async def test_a_device_whose_history_is_not_whole_says_so() -> None:
    engine = sam()
    engine.listed[1] = replace(engine.listed[1], history="coming")

    async def story(t: Teller) -> None:
        await open_devices(t)
        await t.until_shown("history on its way")

    await tell(engine, story)
