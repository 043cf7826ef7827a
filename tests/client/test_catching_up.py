"""Somebody links several devices while a contact isn't looking; nothing they write is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.client.second_device import a_second_device
from tests.client.world import a_world, connected, introduce, shows

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_first_message_from_two_manifests_ahead_is_read(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        async with world.online("bob") as bob:
            for name in ("bob2", "bob3"):
                await a_second_device(world, bob, name)
                async with world.online(name) as device:
                    await connected(device)
            await bob.send(to_alice, "from bob")
            assert await bob.synchronise(timeout_s=30)
        async with world.online("bob3") as third:
            await third.send(to_alice, "from his third")
            assert await third.synchronise(timeout_s=30)
        async with world.online("alice") as alice:
            await shows(alice, to_bob, ["from bob", "from his third"])
