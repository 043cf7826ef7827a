"""Attacks 22 and 23 end to end: garbage, and hellos by the dozen, never reset a session.

Whoever has a token can deposit anything. Whatever it is, the conversations that exist go on in the
sessions that they have, no new ones are begun because of it, and the database stays bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from restante.client.clock import SystemClock
from restante.crypto.randomness import SystemRandomness
from restante.protocol.address import Address
from restante.protocol.limits import BUCKETS
from restante.store.client_aside import MAX_ASIDE
from restante.store.client_database import open_client_database
from restante.store.client_queries.compiling import Query
from restante.store.client_rows import Rows
from restante.store.client_tables import aside, sessions
from restante.store.sqlcipher import DatabaseKey
from tests.client.outsider import a_text, an_outsider
from tests.client.world import World, a_world, bodies, introduce, key_of, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = SystemRandomness()


async def the_sessions(world: World, name: str) -> list[tuple[bytes, bytes]]:
    """Whose sessions somebody has: account and session ids, from the file of a closed engine."""
    statement = Query(select(sessions.c.account_id, sessions.c.session_id))
    path = world.profile(name) / "profile.db"
    async with open_client_database(path, DatabaseKey(key_of(name))) as database:
        found = await database.read_raw(lambda raw: Rows(raw).all(statement))
    return sorted((account, session) for account, session in found)


async def the_aside(world: World, name: str) -> int:
    statement = Query(select(func.count()).select_from(aside))
    path = world.profile(name) / "profile.db"
    async with open_client_database(path, DatabaseKey(key_of(name))) as database:
        return int(await database.read_raw(lambda raw: Rows(raw).value(statement)))


async def test_garbage_changes_no_session_and_stays_bounded(tmp_path: Path) -> None:
    now_s = SystemClock().now_ms() // 1000
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        bobs = Address.parse(world.address("bob"))
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
            await reaches(bob, await bob.send(to_alice, "go on"), "delivered")
        before = await the_sessions(world, "bob")
        await reaches(alice, await alice.send(to_bob, "real"), "relayed")
        genuine = world.relay.waiting()[-1]
        async with an_outsider(world.address("mallory"), now_s=now_s) as mallory:
            # Bytes by chance; a hello-like tag is a hash of public fields, so that can be forged.
            for number in range(40):
                await mallory.deposit(bobs, RANDOM.random(BUCKETS[number % 2]))
            # The tag that a session expects next, before anything else of that message.
            forged = genuine.payload[:16] + RANDOM.random(BUCKETS[0] - 16)
            await mallory.deposit(bobs, forged)
        await world.relay.stop()
        world.relay.drop(genuine)
        world.relay.plant(genuine, id_=genuine.id)  # after the forgery
        await world.relay.start()
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["begin", "go on", "real", "[undecryptable]"])
            assert await bob.synchronise(timeout_s=30)
            await reaches(bob, await bob.send(to_alice, "still here"), "delivered")
            await reaches(alice, await alice.send(to_bob, "so am I"), "delivered")
        assert await the_sessions(world, "bob") == before
        assert 0 < await the_aside(world, "bob") <= MAX_ASIDE


async def test_hellos_by_the_dozen_push_nobody_elses_session_out(tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        bobs = Address.parse(world.address("bob"))
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
            await reaches(bob, await bob.send(to_alice, "go on"), "delivered")
        before = await the_sessions(world, "bob")
        async with world.online("bob") as bob:
            async with an_outsider(world.address("mallory"), now_s=now_ms // 1000) as mallory:
                for number in range(12):
                    session = await mallory.begin(bobs, token=None, now_s=now_ms // 1000)
                    text = a_text(f"{number}", now_ms=now_ms + number, counter=number + 1)
                    sealed = await mallory.seal(session, text, bobs)
                    await mallory.deposit(bobs, sealed.envelope)
            await reaches(alice, await alice.send(to_bob, "still here"), "delivered")
            assert await bob.synchronise(timeout_s=30)
            assert await bodies(bob, to_alice) == ["begin", "go on", "still here"]
        after = await the_sessions(world, "bob")
        assert set(before) <= set(after)
        mallorys = mallory.manifest.account_id
        assert 0 < sum(account == mallorys for account, _ in after) <= 6


async def test_unopenable_hellos_leave_no_trace(tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        bobs = Address.parse(world.address("bob"))
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        before = await the_sessions(world, "bob")
        async with an_outsider(world.address("mallory"), now_s=now_ms // 1000) as mallory:
            session = await mallory.begin(bobs, token=None, now_s=now_ms // 1000)
            sealed = await mallory.seal(session, a_text("x", now_ms=now_ms), bobs)
            for position in (1200, 5000, 9400, -1):  # the introduction, the header, the body
                damaged = bytearray(sealed.envelope)
                damaged[position] ^= 1
                await mallory.deposit(bobs, bytes(damaged))
        async with world.online("bob") as bob:
            await reaches(alice, await alice.send(to_bob, "on"), "delivered")
            assert await bodies(bob, to_alice) == ["begin", "on"]
            assert len(await bob.conversations()) == 1
        assert await the_sessions(world, "bob") == before
