"""An account goes by another name at the same relay: everybody follows, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.interface import Trust
from restante.errors import ExitCode, UserError
from tests.client.linked import a_new_device, link
from tests.client.moves import at, is_at, two_relays
from tests.client.world import a_world, bodies, connected, eventually, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path


async def test_contacts_and_own_devices_follow_to_the_new_name(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        async with a_new_device(world, "alice-laptop") as laptop:
            await link(alice, laptop, name="laptop")
            await reaches(bob, await bob.send(to_alice, "one"), "delivered")
            old_code = await alice.contact_code()
            ally = world.address("ally")
            assert (await alice.account_move(address=ally)).address == ally
            await is_at(bob, to_alice, ally)

            async def has_moved() -> bool:
                return (await laptop.status()).address == ally

            await eventually(laptop, has_moved)
            await connected(alice)
            await reaches(bob, await bob.send(to_alice, "two"), "delivered")
            for device in (alice, laptop):
                await shows(device, to_bob, ["one", "two"])
                assert len(await device.devices()) == 2
            await reaches(laptop, await laptop.send(to_bob, "three"), "delivered")
            await reaches(alice, await alice.send(to_bob, "four"), "delivered")
            assert await bodies(bob, to_alice) == ["one", "[notice]", "two", "three", "four"]
            assert next(e for e in await bob.contacts()).trust is Trust.VERIFIED
            # The contact code is another one, on both; the old one still leads here.
            code = await alice.contact_code()
            assert code != old_code

            async def has_the_code() -> bool:
                return await laptop.contact_code() == code

            await eventually(laptop, has_the_code)
        for name, said in (("carol", code), ("dave", old_code), ("erin", world.address("alice"))):
            async with world.online(name) as stranger:
                found = await stranger.contact_add(said)
                assert found.address == ally
                await reaches(stranger, await stranger.send(found.key, "hi"), "relayed")


async def test_who_hears_of_no_move_finds_the_newest_name(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        world.online("carol") as carol,
    ):
        to_alice = (await bob.contact_add(await alice.contact_code())).key
        for name in ("ally", "allison"):
            await alice.account_move(address=world.address(name))
            await connected(alice)
        newest = world.address("allison")
        await reaches(bob, await bob.send(to_alice, "hi"), "delivered")
        await is_at(bob, to_alice, newest)
        assert (await carol.contact_add(world.address("alice"))).address == newest
        # The first name can be had again.
        await alice.account_move(address=world.address("alice"))
        await is_at(bob, to_alice, world.address("alice"))


async def test_a_name_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        _, to_alice = await introduce(alice, bob)
        with pytest.raises(UserError, match="taken") as refused:
            await alice.account_move(address=world.address("bob"))
        assert refused.value.exit_code is ExitCode.FIXABLE
        assert (await alice.status()).address == world.address("alice")
        await reaches(bob, await bob.send(to_alice, "one"), "delivered")


async def test_a_closed_relay_wants_an_invite_for_another_name(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await world.relay.stop()
        world.relay.is_open = False
        await world.relay.start()
        await connected(alice)
        ally = world.address("ally")
        with pytest.raises(UserError, match="invite"):
            await alice.account_move(address=ally)
        invite = await world.relay.invite()
        assert (await alice.account_move(address=ally, invite=invite)).address == ally
        await connected(alice)


async def test_who_comes_back_to_a_relay_takes_another_name_there(tmp_path: Path) -> None:
    async with two_relays(tmp_path) as (world, other), world.online("alice") as alice:
        await alice.account_move(address=at(other, "alice"))
        await connected(alice)
        with pytest.raises(UserError, match="another name"):
            await alice.account_move(address=world.address("alice"))
        ally = world.address("ally")
        assert (await alice.account_move(address=ally)).address == ally
        await connected(alice)
        async with world.online("bob") as bob:
            found = await bob.contact_add(world.address("alice"))
            assert found.address == ally
            await reaches(bob, await bob.send(found.key, "hi"), "relayed")
