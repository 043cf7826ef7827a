"""Making sure of a person in the interface: read aloud, scanned, or pasted."""

from __future__ import annotations

from restante.client.interface import Trust
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, tell


def with_bob() -> tuple[ScriptedEngine, str]:
    engine = ScriptedEngine(address="sam@relay.example")
    key = engine.person("bob@relay.example", "Bob")
    engine.hear(key, "hello", is_read=True)
    return engine, key


async def opened(t: Teller) -> None:
    await t.until_shown("Bob")
    await t.press("enter")
    await t.until_shown("Message Bob")
    await t.press("shift+tab")
    await t.press("v")
    await t.until_shown("Safety number", "They match", "They differ", "64078")


async def test_a_number_that_differs_verifies_nothing_and_says_what_to_do() -> None:
    engine, key = with_bob()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("x")
        await t.until_shown("somebody is in between")
        await t.press("escape")
        await t.until_gone("somebody is in between")
        await t.press("escape")
        await t.until_gone("They match")
        assert engine.people[key].trust is Trust.UNVERIFIED

    await tell(engine, story)


async def test_their_digits_can_be_pasted_and_are_compared() -> None:
    engine, key = with_bob()
    digits = (await engine.safety_number(key)).payload

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("t")
        await t.until_shown("Compare with theirs")
        await t.paste("99999" + digits[5:])
        await t.press("enter")
        await t.until_shown("not the number")
        assert engine.people[key].trust is Trust.UNVERIFIED
        await t.press("ctrl+u")
        await t.paste(digits)
        await t.press("enter")
        await t.until_shown("Bob is verified.")
        assert engine.people[key].trust is Trust.VERIFIED

    await tell(engine, story)


async def test_the_number_is_a_picture_that_fits_the_smallest_screen() -> None:
    engine, _ = with_bob()

    async def story(t: Teller) -> None:
        await opened(t)
        await t.press("q")
        await t.until_shown("scans it")
        shown = t.screen_text().splitlines()
        assert sum("█" in line or "▀" in line for line in shown) > 10
        await t.press("escape")
        await t.until_gone("scans it")

    await tell(engine, story)
