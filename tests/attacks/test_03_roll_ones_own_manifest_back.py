"""Attack 3 on oneself: the relay shows an account's own devices a list from before.

Held by: one's own account is believed no more easily than a contact's; what was accepted stays. The
first device publishes it again, for those who ask; a relay that goes on showing the older one is
told of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import trio

from restante.crypto.signatures import verify_manifest
from restante.protocol.manifest import SignedManifest
from tests.client.linked import a_new_device, link
from tests.client.world import (
    PATIENCE_S,
    QUICK,
    World,
    a_world,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path


async def roll_back(world: World) -> None:
    """Have the relay show Bob's list from before his second device."""
    await world.relay.stop()
    with world.relay.file() as connection:
        number, signed = connection.execute(
            "SELECT number, manifest FROM manifests JOIN accounts ON account = number "
            "WHERE name = 'bob' AND manifests.sequence = 1"
        ).fetchone()
        older = verify_manifest(SignedManifest.from_bytes(signed)).head
        connection.execute("DELETE FROM manifests WHERE account = ? AND sequence = 2", (number,))
        connection.execute(
            "UPDATE accounts SET sequence = 1, head = ? WHERE number = ?", (older, number)
        )
    await world.relay.start()


def shown_by(world: World) -> int:
    """Return the place of the list of Bob's that the relay shows."""
    with world.relay.file() as connection:
        found: int = connection.execute(
            "SELECT sequence FROM accounts WHERE name = 'bob'"
        ).fetchone()[0]
    return found


async def is_published_again(world: World) -> None:
    with trio.fail_after(PATIENCE_S):
        while shown_by(world) != 2:  # noqa: ASYNC110  # a table tells nobody
            await trio.sleep(0.02)


async def test_an_older_list_takes_no_device_away(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob, a_new_device(world, "laptop") as laptop:
            to_bob, to_alice = await introduce(alice, bob)
            await link(bob, laptop, name="laptop")
            await reaches(alice, await alice.send(to_bob, "to both"), "delivered")
        await roll_back(world)
        async with world.online("bob") as bob, a_new_device(world, "laptop") as laptop:
            await connected(bob)
            await connected(laptop)
            for engine in (bob, laptop):
                assert len(await engine.devices()) == 2
                assert (await engine.status()).error is None
            await is_published_again(world)
            key = await bob.resolve("self")
            await bob.send(key, "still two")
            await shows(laptop, key, ["still two"])
            await alice.send(to_bob, "to both again")
            await shows(laptop, to_alice, ["to both", "to both again"])


async def test_a_relay_that_goes_on_showing_an_older_list_is_told_of(tmp_path: Path) -> None:
    at_once = replace(QUICK, doubt_grace_s=0.0)
    async with a_world(tmp_path) as world:
        async with world.online("bob") as bob, a_new_device(world, "laptop") as laptop:
            await link(bob, laptop, name="laptop")
        await roll_back(world)
        async with a_new_device(world, "laptop", tuning=at_once) as laptop:

            async def is_said() -> bool:
                return "showing others an older list" in str((await laptop.status()).error)

            await eventually(laptop, is_said)
            async with world.online("bob") as bob:
                await connected(bob)
                await is_published_again(world)
        async with a_new_device(world, "laptop", tuning=at_once) as laptop:
            await connected(laptop)
            assert (await laptop.status()).error is None
