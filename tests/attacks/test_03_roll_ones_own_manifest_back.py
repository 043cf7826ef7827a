"""Attack 3 on oneself: the relay shows an account's own devices a list from before.

Held by: one's own account is believed no more easily than a contact's; what was accepted stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.client.linked import a_new_device, link
from tests.client.world import a_world, connected, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path


async def test_an_older_list_takes_no_device_away(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob, a_new_device(world, "laptop") as laptop:
            to_bob, to_alice = await introduce(alice, bob)
            await link(bob, laptop, name="laptop")
            await reaches(alice, await alice.send(to_bob, "to both"), "delivered")
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute("DELETE FROM manifests WHERE sequence = 2")
            connection.execute("UPDATE accounts SET sequence = 1 WHERE name = 'bob'")
        await world.relay.start()
        async with world.online("bob") as bob, a_new_device(world, "laptop") as laptop:
            await connected(bob)
            await connected(laptop)
            for engine in (bob, laptop):
                assert len(await engine.devices()) == 2
                assert (await engine.status()).error is None
            key = await bob.resolve("self")
            await bob.send(key, "still two")
            await shows(laptop, key, ["still two"])
            await alice.send(to_bob, "to both again")
            await shows(laptop, to_alice, ["to both", "to both again"])
