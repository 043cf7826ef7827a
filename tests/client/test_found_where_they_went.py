"""Who is added by an old address or code is found where they are now; never anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.interface import Trust
from restante.crypto import signing
from restante.crypto.keys import RootSigningKey
from restante.protocol.address import Address
from restante.store.client_account import load_account
from tests.client.moves import at, is_at, two_relays
from tests.client.world import a_world, bodies, connected, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


async def root_of(engine: LocalEngine) -> RootSigningKey:
    row = await engine._context.read(load_account)
    assert row is not None
    return RootSigningKey(row.root_secret or b"")


async def test_an_old_address_and_an_old_code_lead_to_the_new_relay(tmp_path: Path) -> None:
    async with two_relays(tmp_path) as (world, other), world.online("alice") as alice:
        old_code = await alice.contact_code()
        await alice.account_move(address=at(other, "alice"))
        await connected(alice)  # the old relay knows by then
        async with world.online("bob") as bob, world.online("carol") as carol:
            for who, named, trust in (
                (bob, world.address("alice"), Trust.UNVERIFIED),
                (carol, old_code, Trust.VERIFIED),
            ):
                found = await who.contact_add(named)
                assert (found.address, found.trust) == (at(other, "alice"), trust)
            # The token in the old code is as good as before: it is no stranger who writes.
            await reaches(carol, await carol.send(found.key, "hi"), "delivered")


async def test_a_contact_that_is_added_again_is_followed(tmp_path: Path) -> None:
    async with two_relays(tmp_path) as (world, other), world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(bob, await bob.send(to_alice, "one"), "delivered")
        await alice.account_move(address=at(other, "alice"))
        await connected(alice)
        with world.relay.file() as connection:
            connection.execute("DELETE FROM waiting")  # what Alice told Bob of it
        async with world.online("bob") as bob:
            found = await bob.contact_add(world.address("alice"))
            assert (found.key, found.trust) == (to_alice, Trust.VERIFIED)
            assert found.address == at(other, "alice")
            await reaches(bob, await bob.send(to_alice, "two"), "delivered")
            await shows(alice, to_bob, ["one", "two"])
            assert await bodies(bob, to_alice) == ["one", "[notice]", "two"]


async def test_a_move_is_tried_again_when_its_relay_was_away(tmp_path: Path) -> None:
    async with (
        two_relays(tmp_path) as (world, other),
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        await alice.account_move(address=at(other, "alice"))
        await connected(alice)
        await other.stop()
        found = await bob.contact_add(world.address("alice"))
        assert found.address == world.address("alice")
        await other.start()
        await bob.contact_add(world.address("alice"))
        await is_at(bob, found.key, at(other, "alice"))


@pytest.mark.parametrize("lie", ["another root's word", "another root's place"])
async def test_no_move_leads_to_another_root(tmp_path: Path, lie: str) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("mallory") as mallory,
        world.online("bob") as bob,
    ):
        root = await root_of(mallory if lie == "another root's word" else alice)
        here, there = (Address.parse(world.address(each)) for each in ("alice", "mallory"))
        moved = signing.sign_moved(root, from_address=here, to_address=there, at_s=1)
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute(
                "UPDATE accounts SET moved = ? WHERE name = 'alice'", (moved.to_bytes(),)
            )
        await world.relay.start()
        found = await bob.contact_add(world.address("alice"))
        assert found.address == world.address("alice")
        await reaches(bob, await bob.send(found.key, "hi"), "relayed")
        assert [each.address for each in await bob.contacts()] == [world.address("alice")]
