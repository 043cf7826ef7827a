"""Attack 2 end to end: the relay goes on showing the list of devices from before a revocation.

Held by: the account tells its contacts of its new manifest itself, sealed; and whoever's messages
show that they go by an older one is told once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.protocol.ids import DeviceId
from restante.store.client_sessions import sessions_of
from tests.client.linked import a_new_device, link
from tests.client.world import World, a_world, connected, eventually, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


def hide_the_newest(world: World, name: str, rows_of_before: list[tuple[object, ...]]) -> None:
    """Have the (stopped) relay show an account as it was one manifest ago, with its device."""
    with world.relay.file() as connection:
        number, newest = connection.execute(
            "SELECT number, sequence FROM accounts WHERE name = ?", (name,)
        ).fetchone()
        connection.execute(
            "DELETE FROM manifests WHERE account = ? AND sequence = ?", (number, newest)
        )
        connection.execute(
            "UPDATE accounts SET sequence = ? WHERE number = ?", (newest - 1, number)
        )
        connection.executemany(
            "INSERT OR IGNORE INTO devices VALUES (?, ?, ?, ?, ?)", rows_of_before
        )


def devices_at(world: World) -> list[tuple[object, ...]]:
    with world.relay.file() as connection:
        return connection.execute("SELECT * FROM devices").fetchall()


def number_of(world: World, device: str) -> int:
    with world.relay.file() as connection:
        (number,) = connection.execute(
            "SELECT number FROM devices WHERE device_id = ?", (bytes.fromhex(device),)
        ).fetchone()
    return int(number)


async def is_ended(engine: LocalEngine, device: str) -> None:
    wanted = DeviceId(bytes.fromhex(device))

    async def look() -> bool:
        return not await engine._context.read(lambda rows: sessions_of(rows, wanted))

    await eventually(engine, look)


async def test_who_is_told_by_the_account_needs_no_word_of_the_relays(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with a_new_device(world, "laptop") as laptop:
            async with world.online("alice") as alice:
                to_bob, to_alice = await introduce(alice, bob)
                lost = await link(bob, laptop, name="laptop")
                await reaches(alice, await alice.send(to_bob, "to both"), "delivered")
                await shows(laptop, to_alice, ["to both"])
                await reaches(laptop, await laptop.send(to_alice, "here"), "delivered")
            before = devices_at(world)
            await bob.device_revoke("laptop")
            assert await bob.synchronise(timeout_s=30)  # the news wait for alice
        await world.relay.stop()
        hide_the_newest(world, "bob", before)
        await world.relay.start()
        async with world.online("alice") as alice:
            await is_ended(alice, lost.id)
            await connected(bob)
            await reaches(alice, await alice.send(to_bob, "for one"), "delivered")
            number = number_of(world, lost.id)  # its mailbox is there, and empty
            assert number not in [each.device for each in world.relay.waiting()]


async def test_who_was_not_told_is_told_once_more(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with a_new_device(world, "laptop") as laptop:
            async with world.online("alice") as alice:
                to_bob, to_alice = await introduce(alice, bob)
                lost = await link(bob, laptop, name="laptop")
                await reaches(alice, await alice.send(to_bob, "to both"), "delivered")
                await reaches(bob, await bob.send(to_alice, "go on"), "delivered")
                await shows(laptop, to_alice, ["to both", "go on"])
            before = devices_at(world)
            await bob.device_revoke("laptop")
            assert await bob.synchronise(timeout_s=30)
        await world.relay.stop()
        hide_the_newest(world, "bob", before)
        for news in world.relay.waiting():
            world.relay.drop(news)
        await world.relay.start()
        async with world.online("alice") as alice:
            await connected(bob)
            await alice.send(to_bob, "still to both, as far as she knows")
            await shows(bob, to_alice, ["to both", "go on", "still to both, as far as she knows"])
            number = number_of(world, lost.id)
            assert [each.device for each in world.relay.waiting()].count(number) == 1
            await is_ended(alice, lost.id)
            await reaches(alice, await alice.send(to_bob, "for one"), "delivered")
            assert [each.device for each in world.relay.waiting()].count(number) == 1
