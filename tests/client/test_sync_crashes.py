"""A device is killed while it tells its account's others something: they hear of it anyhow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.clock import SystemClock
from restante.client.directory import manifest_of
from restante.crypto import own_keys
from restante.store.client_contacts import contact
from tests.attacks.killing import play
from tests.client.second_device import RANDOM, a_second_device, sign_with
from tests.client.world import a_world, connected, eventually

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_was_changed_is_told_wherever_the_device_was_killed(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            key = (await alice.contact_add(await bob.contact_code())).key
            await a_second_device(world, alice, "alice2")
        async with world.online("alice2") as alice2:
            await connected(alice2)
            for point in ("journal.settling", "journal.settled", "outbox.sealing"):
                job = {"scene": "rename", "key": key, "petname": f"killed at {point}"}
                await play(world, "alice", kill_at=point, **job)
                await play(world, "alice", **job)

                async def is_told(name: str = job["petname"]) -> bool:
                    return [each.petname for each in await alice2.contacts()] == [name]

                await eventually(alice2, is_told)


async def test_a_manifest_reaches_the_relay_wherever_the_device_was_killed(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            await world.relay.stop()
            now_s = SystemClock().now_ms() // 1000
            await sign_with(alice, own_keys.generate_device(RANDOM), now_s=now_s)
        await world.relay.start()
        await play(world, "alice", kill_at="manifest.published", scene="receive")
        await play(world, "alice", scene="receive")
        key = bytes.fromhex((await bob.contact_add(world.address("alice"))).key)
        row = await bob._context.read(lambda rows: contact(rows, key))
        assert row is not None
        assert len(manifest_of(row).devices) == 2
