"""Attacks 13, 16, 19, 20 end to end: a relay replays, reorders, misdelivers, damages.

The relay is stopped, its file changed as its operator could, and started again; the clients must
show each message once, in its place, to its reader, and go on as if nothing had been.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.client.world import World, a_world, bodies, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine


async def acquainted(world: World, alice: LocalEngine) -> tuple[str, str]:
    """Have a conversation with Bob begun and answered; he is offline afterwards."""
    async with world.online("bob") as bob:
        to_bob, to_alice = await introduce(alice, bob)
        await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        await reaches(bob, await bob.send(to_alice, "go on"), "delivered")
    return to_bob, to_alice


async def test_a_replayed_envelope_says_nothing_new(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        to_bob, to_alice = await acquainted(world, alice)
        sent = [await alice.send(to_bob, text) for text in ("one", "two")]
        for message in sent:
            await reaches(alice, message, "relayed")
        await world.relay.stop()
        kept = world.relay.waiting()
        for envelope in kept:
            world.relay.plant(envelope)  # again, under ids of its own
        await world.relay.start()
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["begin", "go on", "one", "two"])
        # And once more, when all of it has been read and acknowledged.
        await world.relay.stop()
        for envelope in kept:
            world.relay.plant(envelope)
            world.relay.plant(envelope, id_=envelope.id)
        await world.relay.start()
        async with world.online("bob") as bob:
            await reaches(alice, await alice.send(to_bob, "three"), "delivered")
            assert await bodies(bob, to_alice) == ["begin", "go on", "one", "two", "three"]
            await reaches(bob, await bob.send(to_alice, "four"), "delivered")


async def test_a_replayed_hello_begins_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        await reaches(alice, await alice.send(to_bob, "hello"), "relayed")
        await world.relay.stop()
        hello = world.relay.waiting()[0]
        world.relay.plant(hello)
        await world.relay.start()
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["hello"])
            await reaches(bob, await bob.send(to_alice, "hi"), "delivered")
        await world.relay.stop()
        world.relay.plant(hello)
        await world.relay.start()
        async with world.online("bob") as bob:
            await reaches(alice, await alice.send(to_bob, "still one session"), "delivered")
            assert await bodies(bob, to_alice) == ["hello", "hi", "still one session"]


async def test_envelopes_in_any_order_are_shown_in_the_senders(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        to_bob, to_alice = await acquainted(world, alice)
        texts = [f"text {number}" for number in range(12)]
        for text in texts:
            await reaches(alice, await alice.send(to_bob, text), "relayed")
        await world.relay.stop()
        for envelope in reversed(world.relay.waiting()):
            world.relay.plant(envelope, id_=envelope.id)
            world.relay.drop(envelope)
        await world.relay.start()
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["begin", "go on", *texts])


async def test_reordering_across_ratchet_steps_loses_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        to_bob, to_alice = await acquainted(world, alice)
        await reaches(alice, await alice.send(to_bob, "old chain"), "relayed")
        await world.relay.stop()
        late = world.relay.waiting()
        for envelope in late:
            world.relay.drop(envelope)
        await world.relay.start()
        async with world.online("bob") as bob:
            for number in range(3):  # steps of both ratchets, while one message is held back
                await reaches(bob, await bob.send(to_alice, f"b{number}"), "delivered")
                await reaches(alice, await alice.send(to_bob, f"a{number}"), "delivered")
        await world.relay.stop()
        for envelope in late:
            world.relay.plant(envelope, id_=envelope.id)
        await world.relay.start()
        async with world.online("bob") as bob:
            await shows(
                bob,
                to_alice,
                ["begin", "go on", "old chain", "b0", "a0", "b1", "a1", "b2", "a2"],
            )


async def test_an_envelope_for_another_device_is_not_read_there(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("carol") as carol,
    ):
        to_bob, to_alice = await acquainted(world, alice)
        from_carol, to_carol = await introduce(alice, carol)
        await reaches(alice, await alice.send(from_carol, "hello Carol"), "delivered")
        secret = await alice.send(to_bob, "for Bob alone")
        await reaches(alice, secret, "relayed")
        await world.relay.stop()
        envelope = world.relay.waiting()[-1]  # an ack before it may not have come
        world.relay.plant(envelope, device=await _device_number(world, "carol"))
        world.relay.plant(envelope, device=await _device_number(world, "alice"))  # attack 15
        await world.relay.start()
        await reaches(alice, await alice.send(from_carol, "after it"), "delivered")
        assert await bodies(carol, to_carol) == ["hello Carol", "after it"]
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["begin", "go on", "for Bob alone"])
        assert await bodies(alice, to_bob) == ["begin", "go on", "for Bob alone"]


async def test_a_damaged_copy_is_said_once_and_changes_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        to_bob, to_alice = await acquainted(world, alice)
        await reaches(alice, await alice.send(to_bob, "whole"), "relayed")
        await world.relay.stop()
        envelope = world.relay.waiting()[-1]  # an ack before it may not have come
        damaged = bytearray(envelope.payload)
        damaged[-1] ^= 1
        world.relay.drop(envelope)
        for _ in range(3):
            world.relay.plant(replace(envelope, payload=bytes(damaged)))
        world.relay.plant(envelope, id_=envelope.id)
        await world.relay.start()
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["begin", "go on", "whole", "[undecryptable]"])
            note = (await bob.messages(to_alice, start=3, count=1))[0]
            assert "damaged" in str(note.error)


async def _device_number(world: World, name: str) -> int:
    with world.relay.file() as connection:
        found: tuple[int] = connection.execute(
            "SELECT d.number FROM devices d JOIN accounts a ON a.number = d.account "
            "WHERE a.name = ?",
            (name,),
        ).fetchone()
    return found[0]
