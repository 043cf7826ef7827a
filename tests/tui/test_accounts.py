"""Going to another account without leaving the terminal."""

from __future__ import annotations

from dataclasses import replace

from restante.client.tui.stage import Accounts
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, stage, tell


async def open_accounts(t: Teller) -> None:
    await t.until_shown("Bob")
    await t.press("ctrl+p")
    await t.paste("Accounts")
    await t.until_shown("Another profile of this machine")
    await t.press("enter")
    await t.until_shown("open now")


def sam(*others: str) -> tuple[ScriptedEngine, Accounts]:
    engine = ScriptedEngine(address="sam@relay.example")
    engine.person("bob@relay.example", "Bob")
    return engine, Accounts(current="default", others=others)


async def test_another_account_is_chosen_from_a_list() -> None:
    engine, accounts = sam("home", "work")

    async def story(t: Teller) -> None:
        await open_accounts(t)
        await t.press("down")
        await t.press("enter")
        await t.until(lambda: t.app.next_account == "work")

    await tell(engine, story, on=replace(stage(engine), accounts=accounts))


async def test_a_new_name_makes_a_new_account_and_ones_own_goes_nowhere() -> None:
    engine, accounts = sam()

    async def story(t: Teller) -> None:
        await open_accounts(t)
        await t.paste("default")
        await t.press("enter")
        await t.until_gone("open now")
        await open_accounts(t)
        await t.paste("../x")
        await t.press("enter")
        await t.until_shown("is no profile name")
        assert t.app.next_account is None
        await open_accounts(t)
        await t.paste("lab")
        await t.press("enter")
        await t.until(lambda: t.app.next_account == "lab")

    await tell(engine, story, on=replace(stage(engine), accounts=accounts))
