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


async def test_what_is_written_to_an_older_manifest_reaches_a_new_device(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await bob.send(to_alice, "first")
            await shows(alice, to_bob, ["first"])
            assert await bob.synchronise(timeout_s=30)
        async with world.online("alice") as alice:
            await a_second_device(world, alice, "alice2")
            async with world.online("alice2") as second:
                await connected(second)
                # Bob knows of one device, and writes to that one.
                async with world.online("bob") as bob:
                    await bob.send(to_alice, "second")
                    await shows(second, to_bob, ["second"])  # it has no history
                    await shows(alice, to_bob, ["first", "second"])
