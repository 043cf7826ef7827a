"""A relay that comes back from a backup: nothing is lost that a sender still has, nothing is used
twice, and what is for somebody waits until they have been back."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from restante.protocol.manifest import PrekeyKind
from restante.relay.ops.restoring import restore
from tests.client.linked import a_new_device, link
from tests.client.restored import IMPATIENT, awaits, back_up_now
from tests.client.world import (
    World,
    a_world,
    bodies,
    connected,
    introduce,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path


ONCE = {int(PrekeyKind.ONE_TIME), int(PrekeyKind.KEM_ONE_TIME)}


def prekeys(world: World) -> set[tuple[int, int, int]]:
    """The one-time prekeys that the relay has to hand out."""
    with world.relay.file() as database:
        rows = database.execute("SELECT device, kind, id FROM prekeys").fetchall()
    return {row for row in rows if row[1] in ONCE}


async def come_back(world: World, backup: Path) -> None:
    """Lose the relay's data, restore them from a backup, and start it again."""
    await world.relay.stop()
    world.relay.forget_everything()
    await restore(backup, world.relay.directory)
    await world.relay.start()


async def test_what_was_lost_with_the_relay_is_sent_again_and_what_came_is_shown_once(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, limits=IMPATIENT) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            first = await alice.send(to_bob, "one")
            await reaches(alice, first, "delivered")
            await world.relay.emptied()
        waiting = await alice.send(to_bob, "two")
        await reaches(alice, waiting, "relayed")
        backup = back_up_now(world)
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["one", "two"])
            await reaches(alice, waiting, "delivered")
        lost = await alice.send(to_bob, "three")
        await reaches(alice, lost, "relayed")
        await come_back(world, backup)
        later = await alice.send(to_bob, "four")
        await awaits(alice, later.id)
        assert len(world.relay.waiting()) == 1, "the second again, which came out of the backup"
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["one", "two", "three", "four"])
            await reaches(alice, lost, "delivered")
            await reaches(alice, later, "delivered")


async def test_no_one_time_prekey_is_served_again_after_a_restore(tmp_path: Path) -> None:
    async with a_world(tmp_path, limits=IMPATIENT) as world:
        async with AsyncExitStack() as stack:
            alice = await stack.enter_async_context(world.online("alice"))
            bob = await stack.enter_async_context(world.online("bob"))
            before = prekeys(world)
            backup = back_up_now(world)
            to_bob, _ = await introduce(alice, bob)  # takes some, after the backup
            hello = await alice.send(to_bob, "hello")
            await reaches(alice, hello, "delivered")
            assert before - prekeys(world)
        await come_back(world, backup)
        assert prekeys(world) == set()
        async with world.online("bob") as bob:
            await connected(bob)
            assert prekeys(world)
        assert not prekeys(world) & before


async def test_a_stranger_who_writes_before_they_are_back_is_not_turned_away(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, limits=IMPATIENT) as world:
        async with world.online("bob"):
            backup = back_up_now(world)
        await come_back(world, backup)
        async with world.online("carol") as carol:
            contact = await carol.contact_add(world.address("bob"))
            hello = await carol.send(contact.key, "hello")
            await awaits(carol, hello.id)
            async with world.online("bob"):
                await reaches(carol, hello, "relayed")


async def test_a_backup_restored_twice_is_a_new_epoch_each_time(tmp_path: Path) -> None:
    async with a_world(tmp_path, limits=IMPATIENT) as world:
        assert world.relay.running is not None
        epochs = [world.relay.running.services.epoch]
        backup = back_up_now(world)
        for _ in range(2):
            await come_back(world, backup)
            epochs.append(world.relay.running.services.epoch)
        assert len(set(epochs)) == 3


async def test_a_device_that_came_after_the_backup_receives_once_an_older_one_is_back(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path, limits=IMPATIENT) as world,
        world.online("alice") as alice,
        a_new_device(world, "laptop") as laptop,
    ):
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "one"), "delivered")
            await world.relay.emptied()
            backup = back_up_now(world)
            await link(bob, laptop)
            await reaches(alice, await alice.send(to_bob, "two"), "delivered")
            await shows(laptop, to_alice, ["one", "two"])
        await come_back(world, backup)
        sent = await alice.send(to_bob, "three")
        await awaits(alice, sent.id)
        assert not world.relay.waiting(), "nothing for a device that the relay has forgotten"
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["one", "two", "three"])
            await shows(laptop, to_alice, ["one", "two", "three"])


async def test_a_device_revoked_after_the_backup_gets_nothing_that_is_sent_after_the_restore(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, limits=IMPATIENT) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            async with a_new_device(world, "laptop") as laptop:
                await link(bob, laptop, name="laptop")
                await reaches(alice, await alice.send(to_bob, "one"), "delivered")
                await shows(laptop, to_alice, ["one"])
            backup = back_up_now(world)
            await bob.device_revoke("laptop")
            await reaches(alice, await alice.send(to_bob, "two"), "delivered")
        await come_back(world, backup)
        async with a_new_device(world, "laptop") as laptop:  # the relay lists it again
            sent = await alice.send(to_bob, "three")
            async with world.online("bob") as bob:
                await reaches(alice, sent, "delivered")
                await shows(bob, to_alice, ["one", "two", "three"])
            assert await bodies(laptop, to_alice) == ["one"]
