"""A second device joins an account by a code and six digits, or leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.interface import ConnectionPhase
from tests.client.linked import a_new_device, link
from tests.client.world import a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path


async def test_devices_of_one_host_name_are_numbered(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        for number in (1, 2, 3):
            async with a_new_device(world, f"bob-{number}") as new:
                await link(bob, new, name="laptop")
        names = [each.name for each in await bob.devices()]
        assert names[1:] == ["laptop", "laptop 2", "laptop 3"]


async def test_a_linked_device_is_one_of_the_account_and_gets_what_is_sent(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        async with a_new_device(world, "bob-laptop") as laptop:
            linked = await link(bob, laptop, name="laptop")
            assert (linked.name, linked.is_this, linked.is_first) == ("laptop", False, False)
            assert [each.name for each in await laptop.devices()][1] == "laptop"
            assert [each.is_this for each in await laptop.devices()] == [False, True]
            status = await laptop.status()
            assert status.address == world.address("bob")
            assert status.phase is ConnectionPhase.CONNECTED
            await reaches(alice, await alice.send(to_bob, "for both"), "delivered")
            await shows(bob, to_alice, ["for both"])
            await shows(laptop, to_alice, ["for both"])
            sent = await laptop.send(to_alice, "from the laptop")
            await reaches(laptop, sent, "delivered")
            await shows(alice, to_bob, ["for both", "from the laptop"])
