"""Attack 24 end to end: both write first. Nothing is lost, and both settle on one session.

Also when one side can't open the other's hello: then both meet on the session that works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from restante.store.client_database import open_client_database
from restante.store.client_queries.compiling import Query
from restante.store.client_rows import Rows
from restante.store.client_tables import sessions
from restante.store.sqlcipher import DatabaseKey
from tests.client.world import World, a_world, introduce, key_of, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.relays import Waiting

_LATEST = Query(
    select(sessions.c.session_id).order_by(sessions.c.last_used_ms.desc(), sessions.c.session_id)
)


async def sends_on(world: World, name: str) -> bytes:
    """The session that somebody writes on, from the file of a closed engine."""
    path = world.profile(name) / "profile.db"
    async with open_client_database(path, DatabaseKey(key_of(name))) as database:
        found = await database.read_raw(lambda raw: Rows(raw).value(_LATEST))
    assert isinstance(found, bytes)
    return found


async def both_begin(world: World, texts: int) -> tuple[str, str, list[Waiting]]:
    """Have both write first, neither having heard of the other; return what Alice wrote."""
    async with world.online("alice") as alice, world.online("bob") as bob:
        to_bob, to_alice = await introduce(alice, bob)
    async with world.online("alice") as alice:
        for number in range(texts):
            await reaches(alice, await alice.send(to_bob, f"a{number}"), "relayed")
    await world.relay.stop()
    hers = world.relay.waiting()
    for envelope in hers:
        world.relay.drop(envelope)
    await world.relay.start()
    async with world.online("bob") as bob:
        for number in range(texts):
            await reaches(bob, await bob.send(to_alice, f"b{number}"), "relayed")
    return to_bob, to_alice, hers


async def test_both_write_first_and_converge(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        to_bob, to_alice, hers = await both_begin(world, 3)
        await world.relay.stop()
        for envelope in hers:
            world.relay.plant(envelope, id_=envelope.id)
        await world.relay.start()
        expected = ["a0", "a1", "a2", "b0", "b1", "b2"]
        async with world.online("alice") as alice, world.online("bob") as bob:
            await shows(alice, to_bob, expected)
            await shows(bob, to_alice, expected)
            await reaches(alice, await alice.send(to_bob, "a3"), "delivered")
            await reaches(bob, await bob.send(to_alice, "b3"), "delivered")
            await shows(alice, to_bob, [*expected, "a3", "b3"])
        assert await sends_on(world, "alice") == await sends_on(world, "bob")


async def test_a_hello_that_is_lost_for_good_does_not_part_them(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        to_bob, to_alice, _ = await both_begin(world, 1)  # Alice's hello never arrives
        async with world.online("alice") as alice, world.online("bob") as bob:
            for number in range(1, 6):
                await reaches(bob, await bob.send(to_alice, f"b{number}"), "delivered")
            await reaches(alice, await alice.send(to_bob, "can you hear me?"), "delivered")
            # What was lost is asked for again and takes its place.
            await shows(
                bob,
                to_alice,
                ["a0", "b0", "b1", "b2", "b3", "b4", "b5", "can you hear me?"],
            )
