"""An account goes to another relay: contacts follow, whichever way they hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.interface import Trust
from restante.errors import ExitCode, UserError
from tests.client.linked import a_new_device, link
from tests.client.moves import at, is_at, two_relays
from tests.client.world import (
    bodies,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path


async def test_contacts_follow_to_the_new_relay_and_the_old_one_may_go(tmp_path: Path) -> None:
    async with (
        two_relays(tmp_path) as (world, other),
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await reaches(bob, await bob.send(to_alice, "one"), "delivered")
        status = await alice.account_move(address=at(other, "alice"), invite=None)
        assert status.address == at(other, "alice")
        await is_at(bob, to_alice, at(other, "alice"))
        await connected(alice)
        assert next(e for e in await bob.contacts() if e.key == to_alice).trust is Trust.VERIFIED
        await world.relay.stop()
        # Bob's own relay is gone now, too, but what he sends goes to Alice's.
        two = await bob.send(to_alice, "two")
        await reaches(bob, two, "relayed")
        await shows(alice, to_bob, ["one", "two"])
        assert await bodies(bob, to_alice) == ["one", "[notice]", "two"]
        await world.relay.start()
        await reaches(alice, await alice.send(to_bob, "three"), "delivered")
        # A new contact finds her there by her code, which names the new relay.
        async with world.online("carol") as carol:
            found = await carol.contact_add(await alice.contact_code())
            assert found.address == at(other, "alice")
            await reaches(carol, await carol.send(found.key, "hi"), "delivered")


async def test_what_comes_to_the_old_relay_arrives_and_its_word_is_followed(tmp_path: Path) -> None:
    async with two_relays(tmp_path) as (world, other), world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(bob, await bob.send(to_alice, "one"), "delivered")
        # Bob is away, and has lost what Alice told him: only her old relay says where she is.
        await alice.account_move(address=at(other, "alice"), invite=None)
        await connected(alice)
        with world.relay.file() as connection:
            connection.execute("DELETE FROM waiting")
        async with world.online("bob") as bob:
            two = await bob.send(to_alice, "two")
            await reaches(bob, two, "delivered")
            await shows(alice, to_bob, ["one", "two"])
            # Her receipt says that she knows a newer list of her devices: Bob's client asks.
            await bob.send(to_alice, "three")
            await is_at(bob, to_alice, at(other, "alice"))
            await reaches(bob, await bob.send(to_alice, "four"), "delivered")
            await shows(alice, to_bob, ["one", "two", "three", "four"])


async def test_a_move_takes_the_words_once_the_kit_is_confirmed(tmp_path: Path) -> None:
    async with (
        two_relays(tmp_path) as (world, other),
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        words = (await alice.recovery_kit()).words
        asked = await alice.recovery_challenge()
        await alice.recovery_confirm([words[place - 1] for place in asked])
        with pytest.raises(UserError, match="24 words"):
            await alice.account_move(address=at(other, "alice"))
        foreign = " ".join((await bob.recovery_kit()).words)
        with pytest.raises(UserError, match="another account's") as refused:
            await alice.account_move(address=at(other, "alice"), words=foreign)
        assert refused.value.exit_code is ExitCode.UNTRUSTED
        with pytest.raises(UserError, match="another address"):
            await alice.account_move(address=world.address("alice"), words=" ".join(words))
        assert (await alice.status()).address == world.address("alice")
        status = await alice.account_move(address=at(other, "alice"), words=" ".join(words))
        assert (status.address, status.recovery) == (at(other, "alice"), "confirmed")


async def test_a_move_that_fails_leaves_the_account_where_it_is(tmp_path: Path) -> None:
    async with two_relays(tmp_path) as (world, other), world.online("alice") as alice:
        await other.stop()
        with pytest.raises(UserError) as failed:
            await alice.account_move(address=at(other, "alice"))
        assert failed.value.exit_code is ExitCode.UNAVAILABLE
        assert (await alice.status()).address == world.address("alice")
        await connected(alice)
        await other.start()
        status = await alice.account_move(address=at(other, "alice"))  # it goes on where it was
        assert status.address == at(other, "alice")
        await connected(alice)


async def test_the_accounts_other_devices_go_along(tmp_path: Path) -> None:
    async with (
        two_relays(tmp_path) as (world, other),
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        async with a_new_device(world, "alice-laptop") as laptop:
            await link(alice, laptop, name="laptop")
            await reaches(bob, await bob.send(to_alice, "before"), "delivered")
            await alice.account_move(address=at(other, "alice"))
            await reaches(bob, await bob.send(to_alice, "one"), "delivered")

            async def has_moved() -> bool:
                return (await laptop.status()).address == at(other, "alice")

            await eventually(laptop, has_moved)
            assert len(await laptop.devices()) == 2
            await is_at(bob, to_alice, at(other, "alice"))
            await bob.send(to_alice, "two")
            for device in (alice, laptop):
                await shows(device, to_bob, ["before", "one", "two"])
            await reaches(laptop, await laptop.send(to_bob, "from the laptop"), "delivered")
