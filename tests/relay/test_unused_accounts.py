"""Who hasn't been here for long: let go if the operator says so, by days it was there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio

from restante.store.relay_administration import DAY_S
from tests.relay.administrator import asked
from tests.relay.wire import authenticated, registered, relay_at


class Calendar:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.days = 0

    def __call__(self) -> float:
        return time.time() + self.days * DAY_S


async def until(look: Callable[[], Any]) -> None:
    """Wait until the upkeep has done something."""
    with trio.fail_after(60):
        while not await look():  # noqa: ASYNC110  # it tells nobody
            await trio.sleep(0.05)


async def test_an_account_that_is_not_used_is_deleted_and_one_that_is_stays(
    tmp_path: Path,
) -> None:
    clock = Calendar()
    async with relay_at(
        tmp_path, clock=clock, inactive_after_days=30, expiry_interval_s=1
    ) as relay:
        await registered(relay, "bob")
        eve = await registered(relay, "eve")

        async def days() -> dict[str, int | None]:
            return {line["name"]: line["seen_day"] for line in await asked(tmp_path, "accounts")}

        today = int(clock()) // DAY_S

        async def is_noted() -> bool:
            return await days() == {"bob": today, "eve": today}

        await until(is_noted)
        clock.days = 29
        async with authenticated(relay, eve):
            pass

        async def eve_is_noted() -> bool:
            return await days() == {"bob": today, "eve": today + 29}

        await until(eve_is_noted)
        clock.days = 31

        async def bob_is_gone() -> bool:
            return set(await days()) == {"eve"}

        await until(bob_is_gone)


async def test_nobody_is_deleted_for_the_days_on_which_the_relay_was_away(tmp_path: Path) -> None:
    clock = Calendar()
    settings: dict[str, Any] = {"inactive_after_days": 30, "expiry_interval_s": 1}

    async def seen_on() -> list[int]:
        return [line["seen_day"] for line in await asked(tmp_path, "accounts")]

    async with relay_at(tmp_path, clock=clock, **settings) as relay:
        await registered(relay, "bob")
        today = int(clock()) // DAY_S

        async def is_noted() -> bool:
            return await seen_on() == [today]

        await until(is_noted)
    clock.days = 100
    async with relay_at(tmp_path, clock=clock, **settings):

        async def is_passed_over() -> bool:
            return await seen_on() == [today + 99]

        await until(is_passed_over)
        clock.days = 131

        async def is_gone() -> bool:
            return await seen_on() == []

        await until(is_gone)


async def test_without_the_setting_no_day_is_kept_and_those_that_were_go(tmp_path: Path) -> None:
    async with relay_at(tmp_path, inactive_after_days=30, expiry_interval_s=1) as relay:
        bob = await registered(relay, "bob")

        async def is_noted() -> bool:
            return (await asked(tmp_path, "accounts"))[0]["seen_day"] is not None

        await until(is_noted)
        authority = relay.address.authority
    async with relay_at(tmp_path, expiry_interval_s=1) as relay:

        async def is_forgotten() -> bool:
            return not await is_noted()

        await until(is_forgotten)
        async with authenticated(relay, bob, authority=authority) as device:
            assert not device.asides
        assert not await is_noted()
