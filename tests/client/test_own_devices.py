"""Two real engines of one account: they find each other, and each learns what the account is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.clock import SystemClock
from restante.crypto import own_keys
from restante.errors import UserError
from tests.client.second_device import RANDOM, a_second_device, sign_with
from tests.client.world import a_world, connected, eventually, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


async def knows_devices(engine: LocalEngine, count: int) -> None:
    """Wait until an engine goes by a manifest with so many devices."""

    async def look() -> bool:
        own = engine._own
        return own is not None and len(own.manifest.devices) == count

    await eventually(engine, look)


async def test_a_message_to_an_account_is_read_on_both_devices(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        await a_second_device(world, bob, "bob2")
        async with world.online("bob2") as bob2:
            await connected(bob2)
            to_bob, to_alice = await introduce(alice, bob)
            sent = await alice.send(to_bob, "to both of you")
            await shows(bob, to_alice, ["to both of you"])
            await shows(bob2, to_alice, ["to both of you"])
            await reaches(alice, sent, "delivered")


async def test_a_note_to_self_is_on_the_other_device_and_is_never_unread(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await a_second_device(world, alice, "alice2")
        async with world.online("alice2") as alice2:
            await connected(alice2)
            key = await alice.resolve("self")
            assert await alice.conversations() == []
            note = await alice.send(key, "milk")
            assert note.state == "delivered"
            await shows(alice2, key, ["milk"])
            (line,) = await alice2.conversations()
            assert (line.title, line.unread_count) == ("Note to self", 0)
            assert (await alice2.messages(key, start=0, count=1))[0].sender.is_me
            await alice2.send(key, "bread")
            await shows(alice, key, ["milk", "bread"])


async def test_a_note_to_self_needs_no_second_device(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        key = await alice.resolve(world.address("alice"))
        note = await alice.send(key, "milk")
        assert note.state == "delivered"
        assert await alice.synchronise(timeout_s=30)
        assert [line.key for line in await alice.conversations()] == [key]
        assert await alice.contacts() == []


async def test_oneself_can_be_neither_blocked_nor_renamed(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        key = await alice.resolve("self")
        with pytest.raises(UserError, match="yourself"):
            await alice.contact_block(key)
        with pytest.raises(UserError, match="yourself"):
            await alice.contact_rename(key, "me")
        with pytest.raises(UserError, match="yourself"):
            await alice.contact_accept(key)
        with pytest.raises(UserError, match="yourself"):
            await alice.set_verified(key, verified=False)


async def test_a_device_that_was_away_learns_of_a_third_one(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await a_second_device(world, alice, "alice2")
        await a_second_device(world, alice, "alice3")
        async with world.online("alice2") as alice2:
            await knows_devices(alice2, 3)


async def test_a_running_device_learns_of_a_new_one_by_its_first_message(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await a_second_device(world, alice, "alice2")
        async with world.online("alice2") as alice2:
            await knows_devices(alice2, 2)
            await a_second_device(world, alice, "alice3")
            async with world.online("alice3") as alice3:
                await connected(alice3)
                key = await alice3.resolve("self")
                await alice3.send(key, "here I am")
                await shows(alice2, key, ["here I am"])
                await knows_devices(alice2, 3)
                await alice2.send(key, "welcome")
                await shows(alice3, key, ["here I am", "welcome"])


async def test_a_call_that_waits_goes_on_when_the_services_start_anew(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await world.relay.stop()
        secrets = own_keys.generate_device(RANDOM)
        now_s = SystemClock().now_ms() // 1000
        await sign_with(alice, secrets, now_s=now_s)
        await world.relay.start()
        assert await alice.synchronise(timeout_s=30)


async def test_a_list_of_devices_that_does_not_follow_ours_is_refused_and_shown(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await a_second_device(world, alice, "alice2")
        async with world.online("alice2") as alice2:
            await knows_devices(alice2, 2)
        await a_second_device(world, alice, "alice3")
        own = alice._own
        assert own is not None
        forged = bytearray(own.manifest.signed.to_bytes())
        forged[-1] ^= 1
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute(
                "UPDATE manifests SET manifest = ? WHERE sequence = 3", (bytes(forged),)
            )
        await world.relay.start()
        async with world.online("alice2") as alice2:

            async def says_so() -> bool:
                return "not properly signed" in ((await alice2.status()).error or "")

            await eventually(alice2, says_so)
            await knows_devices(alice2, 2)
