"""Leaving: the relay forgets, contacts are told, the profile is empty, the name is nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.interface import ContactState, Trust
from restante.errors import ExitCode, UserError
from restante.store.client_queries.everything import all_tables
from tests.client.linked import a_new_device, link
from tests.client.world import (
    a_world,
    bodies,
    eventually,
    introduce,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine

SECRET = "what nobody is to find here afterwards"


async def rows_left(engine: LocalEngine) -> dict[str, int]:
    """Count what is in each table that isn't empty."""

    def work(connection: object) -> dict[str, int]:
        counts = {
            table.name: connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]  # type: ignore[attr-defined]  # noqa: S608
            for table in all_tables()
        }
        return {table: count for table, count in counts.items() if count}

    return await engine._context.database.read_raw(work)


async def test_a_deleted_account_is_gone_everywhere(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        world.online("carol") as carol,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await reaches(alice, await alice.send(to_bob, SECRET), "delivered")
        await alice.contact_add(await carol.contact_code())  # never written to: isn't told
        gone = await alice.account_delete(address=world.address("alice"))
        assert (gone.address, gone.told, gone.untold) == (world.address("alice"), 1, 0)
        status = await alice.status()
        assert (status.address, status.phase, status.recovery) == (None, "stopped", None)
        # A new profile notes what kinds of content it knows, and that none of them names it.
        assert await rows_left(alice) == {"settings": 2}
        log = world.profile("alice") / "profile.db-wal"
        assert log.stat().st_size < 10_000  # it was cut, and has that note alone

        await shows(bob, to_alice, [SECRET, "[notice]"])
        line = (await bob.conversations())[0]
        assert line.contact is ContactState.LEFT
        with pytest.raises(UserError, match="has deleted this account"):
            await bob.send(to_alice, "are you there?")
        assert await carol.conversations() == []
        with world.relay.file() as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM accounts")]
        assert sorted(names) == ["bob", "carol"]
        with pytest.raises(UserError, match="taken"):
            await alice.register(address=world.address("alice"), invite=None)
        # The profile is a new one: another account can be made in it.
        await alice.register(address=world.address("alice2"), invite=None)
        assert (await alice.status()).address == world.address("alice2")


async def test_other_devices_of_a_deleted_account_say_so(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        a_new_device(world, "alice-laptop") as laptop,
    ):
        to_bob, _ = await introduce(alice, bob)
        await link(alice, laptop, name="laptop")
        await reaches(alice, await alice.send(to_bob, "one"), "delivered")
        await shows(laptop, to_bob, ["one"])
        with pytest.raises(UserError, match="first device"):
            await laptop.account_delete(address=world.address("alice"))
        await alice.account_delete(address=world.address("alice"))

        async def says_so() -> bool:
            return "was deleted" in ((await laptop.status()).error or "")

        await eventually(laptop, says_so)
        assert await bodies(laptop, to_bob) == ["one"]
        with pytest.raises(UserError, match="was deleted"):
            await laptop.send(to_bob, "two")
        gone = await laptop.account_delete(address=world.address("alice"))
        assert (gone.told, gone.untold) == (0, 0)
        assert (await laptop.status()).address is None


async def test_leaving_asks_for_the_address_and_for_the_relay(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        with pytest.raises(UserError, match="Name that address"):
            await alice.account_delete(address=world.address("bob"))
        await world.relay.stop()
        with pytest.raises(UserError) as failed:
            await alice.account_delete(address=world.address("alice"))
        assert failed.value.exit_code is ExitCode.UNAVAILABLE
        await world.relay.start()
        assert (await alice.status()).address == world.address("alice")
        await alice.retry_now()
        assert await alice.synchronise(timeout_s=30)


async def test_who_takes_a_deleted_name_is_flagged_to_old_contacts(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "hi"), "delivered")
            await alice.account_delete(address=world.address("alice"))
            await shows(bob, to_alice, ["hi", "[notice]"])
        await world.relay.stop()  # a relay that breaks its word, and gives the name away
        with world.relay.file() as connection:
            connection.execute("DELETE FROM gone_names")
        await world.relay.start()
        world.profile("alice").rename(tmp_path / "the-first-alice")
        async with world.online("alice") as other:
            with pytest.raises(UserError, match="another key") as refused:
                await bob.contact_add(world.address("alice"))
            assert refused.value.exit_code is ExitCode.UNTRUSTED
            bobs = await other.contact_add(world.address("bob"))
            await other.send(bobs.key, "it's me, Alice")

            async def look() -> bool:
                found = await bob.conversations()
                return any(each.contact is ContactState.REQUEST for each in found)

            await eventually(bob, look)
            newcomer = next(
                each for each in await bob.conversations() if each.contact is ContactState.REQUEST
            )
            assert newcomer.trust is Trust.CHANGED
            assert await bodies(bob, to_alice) == ["hi", "[notice]"]
