"""Who came after the backup from which their relay was restored: they come back by themselves,
under their name, and what was written to them meanwhile arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.errors import RestanteError, UserError
from restante.relay.ops.restoring import restore
from tests.client.linked import a_new_device, link
from tests.client.restored import IMPATIENT, awaits, back_up_now
from tests.client.world import a_world, connected, eventually, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.relay.ops.restoring import Contents
    from tests.client.world import World


async def come_back_closed(
    world: World, backup: Path, *, forgets_tickets: bool = False
) -> Contents:
    """Restore the relay from a backup; from now on names are given by invite alone."""
    await world.relay.stop()
    world.relay.forget_everything()
    contents = await restore(backup, world.relay.directory)
    if forgets_tickets:
        with world.relay.file() as database:
            database.execute("DELETE FROM relay_secrets")
    world.relay.is_open = False
    await world.relay.start()
    return contents


async def carol_comes(world: World) -> None:
    """Try to make an account."""
    async with a_new_device(world, "carol") as carol:
        await carol.register(address=world.address("carol"), invite=None)


async def says(engine: LocalEngine, sentence: str) -> None:
    """Wait until the status says something."""

    async def look() -> bool:
        return sentence in ((await engine.status()).error or "")

    await eventually(engine, look)


async def test_an_account_that_the_backup_lacks_comes_back_with_its_devices_and_without_an_invite(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path, limits=IMPATIENT) as world,
        world.online("alice") as alice,
        a_new_device(world, "laptop") as laptop,
    ):
        backup = back_up_now(world)
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await link(bob, laptop)
            await reaches(alice, await alice.send(to_bob, "one"), "delivered")
            await shows(laptop, to_alice, ["one"])
        contents = await come_back_closed(world, backup)
        assert contents.facts.accounts == 1
        await says(laptop, "lacks this account or device")
        sent = await alice.send(to_bob, "two")
        await awaits(alice, sent.id)
        async with world.online("bob") as bob:
            await reaches(alice, sent, "delivered")
            await shows(bob, to_alice, ["one", "two"])
            await shows(laptop, to_alice, ["one", "two"])
            await reaches(bob, await bob.send(to_alice, "three"), "delivered")
        with pytest.raises(RestanteError, match="needs an invite"):
            await carol_comes(world)


async def test_a_name_that_was_changed_since_the_backup_is_had_again(tmp_path: Path) -> None:
    async with a_world(tmp_path, limits=IMPATIENT) as world, world.online("alice") as alice:
        robert = world.address("robert")
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            backup = back_up_now(world)
            await bob.account_move(address=robert)
            await connected(bob)
            await reaches(alice, await alice.send(to_bob, "one"), "delivered")
        await come_back_closed(world, backup)
        sent = await alice.send(to_bob, "two")
        async with world.online("bob") as bob:
            await reaches(alice, sent, "delivered")
            await shows(bob, to_alice, ["one", "two"])
            assert (await bob.status()).address == robert


async def test_without_a_ticket_an_invite_lets_the_account_back_in(tmp_path: Path) -> None:
    async with a_world(tmp_path, limits=IMPATIENT) as world, world.online("alice") as alice:
        backup = back_up_now(world)
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            with pytest.raises(UserError, match="Nothing is to be done"):
                await bob.register(address=world.address("bob"), invite=await world.relay.invite())
        await come_back_closed(world, backup, forgets_tickets=True)
        sent = await alice.send(to_bob, "one")
        async with world.online("bob") as bob:
            await says(bob, "restante init --address bob@")
            await bob.register(address=world.address("bob"), invite=await world.relay.invite())
            await reaches(alice, sent, "delivered")
            await shows(bob, to_alice, ["one"])


async def test_a_name_that_was_given_away_since_the_restore_is_not_taken_back(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, limits=IMPATIENT) as world:
        async with world.online("alice"):
            backup = back_up_now(world)
        async with world.online("bob") as bob:
            await connected(bob)
        await come_back_closed(world, backup)
        async with a_new_device(world, "other") as other:
            invite = await world.relay.invite()
            await other.register(address=world.address("bob"), invite=invite)
            await connected(other)
            async with world.online("bob") as bob:
                await says(bob, "given the name to somebody else")
            await connected(other)
