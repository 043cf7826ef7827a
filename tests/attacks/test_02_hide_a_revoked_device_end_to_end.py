"""Attack 2 end to end: the relay goes on showing the list of devices from before a revocation.

Held by: the account tells its contacts of its new manifest itself, sealed; whoever's messages
show that they go by an older one is told again; and who is never told is warned, by the first
message that names a list which the relay doesn't show, or because nobody vouches for the one that
it shows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.crypto import own_keys, signing
from restante.crypto.randomness import SystemRandomness
from restante.protocol.codec import encode
from restante.protocol.ids import DeviceId, ManifestHash
from restante.store.client_contacts import contacts
from restante.store.client_sessions import sessions_of
from tests.client.linked import a_new_device, link
from tests.client.world import (
    QUICK,
    TurnedClock,
    World,
    a_world,
    bodies,
    connected,
    eventually,
    introduce,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine

DAY_MS: Final = 86_400_000


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


async def notices(engine: LocalEngine, key: str) -> list[str]:
    found = await engine.messages(key, start=0, count=512)
    return [str(each.error) for each in found if each.kind == "notice"]


async def is_warned(engine: LocalEngine, key: str, what: str) -> None:
    async def look() -> bool:
        return any(what in each for each in await notices(engine, key))

    await eventually(engine, look)


async def test_who_is_never_told_is_warned_by_the_next_message(tmp_path: Path) -> None:
    soon = replace(QUICK, doubt_grace_s=0.3)
    async with a_world(tmp_path) as world:
        async with world.online("bob") as bob, a_new_device(world, "laptop") as laptop:
            async with world.online("alice") as alice:
                to_bob, to_alice = await introduce(alice, bob)
                await link(bob, laptop, name="laptop")
                await reaches(alice, await alice.send(to_bob, "to both"), "delivered")
                await shows(laptop, to_alice, ["to both"])
            before = devices_at(world)
            await bob.device_revoke("laptop")
            assert await bob.synchronise(timeout_s=30)
            await world.relay.stop()
            hide_the_newest(world, "bob", before)
            for news in world.relay.waiting():
                world.relay.drop(news)
            await world.relay.start()
            await connected(bob)
            await reaches(bob, await bob.send(to_alice, "did you hear?"), "relayed")
        async with world.online("alice", tuning=soon) as alice:
            await is_warned(alice, to_bob, "goes on showing the one from before")
            assert "did you hear?" in await bodies(alice, to_bob)
            await alice.send(to_bob, "no")
            assert await alice.synchronise(timeout_s=30)
            assert len(await notices(alice, to_bob)) == 1, "once, and nobody is cut off"


async def test_a_list_that_nobody_vouches_for_any_more_warns_who_writes(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world, world.online("alice", clock=clock) as alice:
        async with world.online("bob", clock=clock) as bob:
            to_bob, _ = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "now"), "delivered")
        clock.ahead_ms = 2 * DAY_MS
        await reaches(alice, await alice.send(to_bob, "after two days"), "relayed")
        assert await notices(alice, to_bob) == []
        await world.relay.stop()
        await vouch_falsely(world, alice, at_s=clock.now_ms() // 1000 + 4 * 86_400)
        await world.relay.start()
        clock.ahead_ms = 5 * DAY_MS
        await alice.send(to_bob, "after five days")
        await is_warned(alice, to_bob, "has confirmed the list of their devices since")
        async with world.online("bob", clock=clock) as bob:
            await connected(bob)
        clock.ahead_ms = 7 * DAY_MS
        await reaches(alice, await alice.send(to_bob, "after seven days"), "relayed")
        assert len(await notices(alice, to_bob)) == 1, "Bob's device has vouched for it since"


async def vouch_falsely(world: World, alice: LocalEngine, *, at_s: int) -> None:
    """Have the relay show a heartbeat of the right list, signed by no device on it."""
    (bob,) = await alice._context.read(
        lambda rows: [row for row in contacts(rows) if row.state == "accepted"]
    )
    device = own_keys.generate_device(SystemRandomness())
    heartbeat = signing.sign_heartbeat(
        device.signing, ManifestHash(bob.manifest_hash or b""), at_s=at_s
    )
    with world.relay.file() as connection:
        connection.execute(
            "UPDATE accounts SET heartbeat = ? WHERE name = 'bob'", (encode(heartbeat),)
        )
