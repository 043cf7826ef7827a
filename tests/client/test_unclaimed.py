"""A device that was let in and never came is taken off the account again; one that came stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.interface import LinkState
from restante.client.linking.unclaimed import granted
from tests.client.linked import a_new_device, comes_to, digits_of, link
from tests.client.world import QUICK, a_world, connected, eventually, introduce, reaches

if TYPE_CHECKING:
    from pathlib import Path

SOON_OVER = replace(QUICK, link_ttl_s=1.5)


async def test_one_that_is_cut_off_before_its_grant_holds_nobody_up(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob", tuning=SOON_OVER) as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        async with a_new_device(world, "laptop") as laptop:
            shown = await laptop.link_begin(address=world.address("bob"))
            await bob.link_open(str(shown.code))
            digits = await digits_of(laptop)
        await bob.link_confirm(digits)
        assert len(await bob.devices()) == 2

        async def is_alone() -> bool:
            return len(await bob.devices()) == 1

        await eventually(bob, is_alone)
        assert not await bob._context.read(granted)
        await connected(bob)
        await reaches(alice, await alice.send(to_bob, "not held up"), "delivered")


async def test_one_that_came_stays_whatever_the_time(tmp_path: Path) -> None:
    in_time = replace(QUICK, link_ttl_s=6.0)
    async with a_world(tmp_path) as world, world.online("bob", tuning=in_time) as bob:
        async with a_new_device(world, "laptop") as laptop:
            await link(bob, laptop)
            assert (await comes_to(laptop, LinkState.LINKED)).error is None

        async def is_settled() -> bool:
            return not await bob._context.read(granted)

        await eventually(bob, is_settled)
        assert len(await bob.devices()) == 2
