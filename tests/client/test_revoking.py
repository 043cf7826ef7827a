"""A revoked device: nothing reaches it, what it knew is worth nothing, and it is told so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.client.interface import ConnectionPhase, ContactState
from restante.errors import UserError
from restante.protocol.ids import DeviceId
from restante.store.client_account import own_code, tokens
from restante.store.client_sessions import sessions_of
from tests.client.linked import a_new_device, link
from tests.client.world import (
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

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows


async def session_count(engine: LocalEngine, device: str) -> int:
    wanted = DeviceId(bytes.fromhex(device))
    return len(await engine._context.read(lambda rows: sessions_of(rows, wanted)))


async def has_no_session(engine: LocalEngine, device: str) -> None:
    async def look() -> bool:
        return await session_count(engine, device) == 0

    await eventually(engine, look)


async def is_told(engine: LocalEngine) -> None:
    async def look() -> bool:
        return (await engine.status()).phase is ConnectionPhase.STOPPED

    await eventually(engine, look)
    assert "was revoked" in str((await engine.status()).error)


async def test_contacts_sessions_end_at_once_and_nothing_more_is_sealed_to_it(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        lost = await link(bob, laptop, name="laptop")
        await reaches(alice, await alice.send(to_bob, "to both"), "delivered")
        await shows(laptop, to_alice, ["to both"])
        await reaches(laptop, await laptop.send(to_alice, "from the laptop"), "delivered")
        await shows(bob, to_alice, ["to both", "from the laptop"])
        assert await session_count(alice, lost.id) > 0
        assert await session_count(bob, lost.id) > 0

        assert [each.is_this for each in await bob.device_revoke("laptop")] == [True]
        await has_no_session(alice, lost.id)  # nobody has written anything meanwhile
        assert await session_count(bob, lost.id) == 0
        await is_told(laptop)

        await reaches(alice, await alice.send(to_bob, "not for the laptop"), "delivered")
        assert await session_count(alice, lost.id) == 0
        await shows(bob, to_alice, ["to both", "from the laptop", "not for the laptop"])


async def test_a_revoked_device_says_so_and_keeps_what_it_had(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        async with a_new_device(world, "laptop") as laptop:
            await link(bob, laptop, name="laptop")
            await reaches(alice, await alice.send(to_bob, "kept"), "delivered")
            await shows(laptop, to_alice, ["kept"])
        await bob.device_revoke("laptop")  # while it is away
        async with a_new_device(world, "laptop") as laptop:
            with pytest.raises(UserError, match="was revoked"):
                await laptop.synchronise(timeout_s=10)
            await is_told(laptop)
            for refused in (
                laptop.send(to_alice, "let me in"),
                laptop.contact_code(),
                laptop.contact_add(world.address("alice")),
                laptop.link_open("restante:d"),
                laptop.device_revoke("laptop"),
                laptop.retry_now(),
            ):
                with pytest.raises(UserError, match="was revoked"):
                    await refused
        async with a_new_device(world, "laptop") as laptop:  # and still after a restart
            await is_told(laptop)
            await shows(laptop, to_alice, ["kept"])
            assert (await laptop.conversations())[0].key == to_alice
            assert [each.is_this for each in await laptop.devices()] == [False]


async def test_the_tokens_and_the_contact_code_that_it_knew_are_worth_nothing(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        world.online("carol") as carol,
        a_new_device(world, "laptop") as laptop,
    ):
        to_bob, _ = await introduce(alice, bob)
        await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        await link(bob, laptop, name="laptop")
        known = await laptop._context.read(live_tokens)
        old_code = await laptop.contact_code()
        assert known == await bob._context.read(live_tokens)
        assert old_code == await bob.contact_code()

        await bob.device_revoke("laptop")
        assert not known & await bob._context.read(live_tokens)
        assert await bob.contact_code() != old_code
        assert await bob.synchronise(timeout_s=30)
        await connected(alice)
        await reaches(alice, await alice.send(to_bob, "by the new token"), "delivered")

        # Who comes with the old code is a stranger, who waits to be accepted.
        to_bob_of_carol = await carol.contact_add(old_code)
        await carol.send(to_bob_of_carol.key, "hello")

        async def asks() -> bool:
            states = [each.contact for each in await bob.conversations()]
            return ContactState.REQUEST in states

        await eventually(bob, asks)


def live_tokens(rows: Rows) -> frozenset[bytes]:
    return frozenset(each.token for each in tokens(rows) if each.is_live)


async def test_the_other_devices_learn_of_it_and_go_on_with_what_is_new(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
        a_new_device(world, "tablet") as tablet,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        lost = await link(bob, laptop, name="laptop")
        await link(bob, tablet, name="tablet")
        key = await tablet.resolve("self")
        await laptop.send(key, "from one to all")
        await shows(tablet, key, ["from one to all"])

        await bob.device_revoke("laptop")
        await has_no_session(tablet, lost.id)
        await is_told(laptop)

        async def same_secrets() -> bool:
            code = await tablet._context.read(own_code)
            ours = await bob._context.read(own_code)
            assert ours is not None
            same = await tablet._context.read(live_tokens) == await bob._context.read(live_tokens)
            return same and code is not None and code.secret == ours.secret

        await connected(bob)
        await bob.send(key, "after that")  # tokens come without an event of their own; this is one
        await eventually(tablet, same_secrets)
        await connected(tablet)
        await reaches(alice, await alice.send(to_bob, "to the two"), "delivered")
        await shows(tablet, to_alice, ["to the two"])
        await tablet.send(to_alice, "from the tablet")
        await shows(bob, to_alice, ["to the two", "from the tablet"])
        assert [each.name for each in await tablet.devices()][1:] == ["tablet"]


async def test_several_are_revoked_while_the_relay_is_away(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob", tuning=replace(QUICK, link_patience_s=1.0)) as bob,
    ):
        for name in ("laptop", "tablet"):
            async with a_new_device(world, name) as new:
                await link(bob, new, name=name)
        await world.relay.stop()
        await bob.device_revoke("laptop")
        assert len(await bob.device_revoke("tablet")) == 1
        await world.relay.start()
        await bob.retry_now()
        await connected(bob)
        assert manifests_at(world) == [1, 2, 3, 4, 5]
        for name in ("laptop", "tablet"):
            async with a_new_device(world, name) as gone:
                await is_told(gone)


def manifests_at(world: World) -> list[int]:
    with world.relay.file() as connection:
        found = connection.execute("SELECT sequence FROM manifests ORDER BY sequence").fetchall()
    return [sequence for (sequence,) in found]


async def test_names_are_known_on_all_devices_and_find_them(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        linked = await link(bob, laptop, name="  Lap\u202etop\x1b[31m ")
        assert linked.name == "Laptop[31m"
        first, second = await bob.devices()
        assert (first.is_first, second.is_first) == (True, False)
        await laptop.device_rename(first.id[:6], "Desk")

        async def renamed() -> bool:
            return [each.name for each in await bob.devices()] == ["Desk", "Laptop[31m"]

        await eventually(bob, renamed)
        await bob.device_rename("LAPTOP[31M", "Desk")
        with pytest.raises(UserError, match="several devices"):
            await bob.device_revoke("desk")
        with pytest.raises(UserError, match="no device 'phone'"):
            await bob.device_revoke("phone")
        for bad in ("", " \n ", "x" * 65):
            with pytest.raises(UserError, match="1 to 64"):
                await bob.device_rename(first.id, bad)
        with pytest.raises(UserError, match="can't revoke itself"):
            await bob.device_revoke(first.id)
        assert len(await bob.devices()) == 2


async def test_who_was_only_added_does_not_hear_of_it(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        async with world.online("alice") as alice:
            code = await alice.contact_code()
        await bob.contact_add(code)
        await link(bob, laptop, name="laptop")
        await bob.device_revoke("laptop")
        assert await bob.synchronise(timeout_s=30)
        assert not world.relay.waiting()
