"""Somebody links several devices while a contact isn't looking; nothing they write is lost."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.changes import Changes
from restante.client.syncing.heard import hear_of
from restante.client.syncing.people import write_down
from restante.client.syncing.records import receive
from restante.client.syncing.this_device import own_device
from restante.protocol.sync import RecordKind, SyncHeard, SyncRecord
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_conversations import gaps, next_counter
from restante.store.client_messages import insert_messages
from tests.client.second_device import a_second_device
from tests.client.world import a_world, bodies, connected, eventually, introduce, shows
from tests.store.made_rows import made_message

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


async def test_a_first_message_from_two_manifests_ahead_is_read(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        async with world.online("bob") as bob:
            for name in ("bob2", "bob3"):
                await a_second_device(world, bob, name)
                async with world.online(name) as device:
                    await connected(device)
            await bob.send(to_alice, "from bob")
            assert await bob.synchronise(timeout_s=30)
        async with world.online("bob3") as third:
            await third.send(to_alice, "from his third")
            assert await third.synchronise(timeout_s=30)
        async with world.online("alice") as alice:
            await shows(alice, to_bob, ["from bob", "from his third"])


async def test_what_is_written_to_an_older_manifest_reaches_a_new_device(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await bob.send(to_alice, "first")
            await shows(alice, to_bob, ["first"])
            assert await bob.synchronise(timeout_s=30)
        async with world.online("alice") as alice:
            await a_second_device(world, alice, "alice2")
            async with world.online("alice2") as second:
                await connected(second)
                # Bob knows of one device, and writes to that one.
                async with world.online("bob") as bob:
                    await bob.send(to_alice, "second")
                    await shows(second, to_bob, ["second"])  # it has no history
                    await shows(alice, to_bob, ["first", "second"])


async def test_a_device_that_was_only_heard_of_is_looked_up_and_asked(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        ours, theirs = bytes.fromhex(to_alice), bytes.fromhex(to_bob)
        before = await alice._context.read(lambda rows: contact(rows, theirs))
        assert before is not None
        await a_second_device(world, bob, "bob2")
        async with world.online("bob2") as second:
            await second.send(to_alice, "from his second")
            await shows(alice, to_bob, ["from his second"])
            # One more was counted, and is no more: who asks for it is told so.
            device_id = await second._context.read(own_device)
            lost = await second._context.write(lambda rows: next_counter(rows, ours))
            assert await alice.synchronise(timeout_s=30)
            await hears_of(alice, before, SyncHeard(theirs, device_id, lost))

            async def is_settled() -> bool:
                return not await alice._context.read(lambda rows: gaps(rows, theirs))

            await eventually(alice, is_settled)


async def test_what_is_heard_of_before_its_writer_is_known_is_asked_for_then(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        await a_second_device(world, alice, "alice2")
        async with world.online("alice2") as second:
            await connected(second)
            ours, theirs = alice._running().own.account_id, bob._running().own.account_id
            device_id = await bob._context.read(own_device)
            # One was counted, and is no more: who asks for it is told so.
            lost = await bob._context.write(lambda rows: next_counter(rows, ours))
            await hears_of(second, None, SyncHeard(theirs, device_id, lost))
            to_bob, to_alice = await introduce(alice, bob)

            async def is_settled() -> bool:
                return not await second._context.read(lambda rows: gaps(rows, theirs))

            await eventually(second, is_settled)
            await bob.send(to_alice, "nothing is missing")
            await shows(second, to_bob, ["nothing is missing"])


async def test_what_came_with_the_history_is_not_missed(tmp_path: Path) -> None:
    chance = random.Random(1)
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        ours, theirs = bytes.fromhex(to_alice), bytes.fromhex(to_bob)
        device_id = await bob._context.read(own_device)
        for counter in (1, 2):
            row = made_message(
                chance,
                rank=counter << 16,
                conversation=theirs,
                author=theirs,
                device_id=device_id,
                counter=counter,
                text=f"before, {counter}",
            )
            await alice._context.write(lambda rows, row=row: insert_messages(rows, theirs, [row]))
            await bob._context.write(lambda rows: next_counter(rows, ours))
        await hears_of(alice, None, SyncHeard(theirs, device_id, 1), is_missed=False)
        await bob.send(to_alice, "now")
        await shows(alice, to_bob, ["before, 1", "before, 2", "now"])
        assert not await alice._context.read(lambda rows: gaps(rows, theirs))


async def test_what_was_just_decided_outdoes_what_another_device_said_before(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        key = bob._running().own.account_id
        await bob.send((await bob.contact_add(world.address("alice"))).key, "let me in")
        await eventually(alice, alice.contacts)
        said = SyncRecord(
            kind=int(RecordKind.CONTACT_STATE),
            key=key,
            rank=1,
            device=b"\xff" * 16,
            value=b"request",
        )

        def work(rows: Rows) -> None:
            row = contact(rows, key)
            assert row is not None
            write_down(rows, row, now_ms=alice._context.now_ms())
            upsert_contact(rows, replace(row, state="accepted", petname="Bob"))
            context = alice._context
            receive(rows, Changes(), said, randomness=context.randomness, now_ms=context.now_ms())

        await alice._context.write(work)
        now = await alice._context.read(lambda rows: contact(rows, key))
        assert now is not None
        assert (now.state, now.petname) == ("accepted", "Bob")


async def hears_of(
    engine: LocalEngine, known: ContactRow | None, item: SyncHeard, *, is_missed: bool = True
) -> None:
    """Have a device hear of a message from another.

    `known`: while it knows a contact as that has it. `is_missed`: whether it isn't there yet.
    """
    changes = Changes()

    def work(rows: Rows) -> None:
        if known is not None:
            upsert_contact(rows, known)
        hear_of(
            rows,
            changes,
            engine._services.running().own,
            item,
            resend_grace_ms=0,
            randomness=engine._context.randomness,
            now_ms=engine._context.now_ms(),
        )
        missing = [(item.device, item.counter)] if is_missed else []
        assert gaps(rows, item.conversation) == missing

    await engine._context.write(work)
    await engine._services.tell(changes)


async def test_a_strangers_hello_that_waits_is_read_once_another_device_accepts(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            await a_second_device(world, alice, "alice2")
            async with world.online("alice2") as second:
                await connected(second)
                to_alice = (await bob.contact_add(world.address("alice"))).key
                await bob.send(to_alice, "let me in")
                for each in (alice, second):
                    await eventually(each, each.contacts)
            (asking,) = await alice.contacts()
            for name in ("bob2", "bob3"):
                await a_second_device(world, bob, name)
                async with world.online(name) as device:
                    await connected(device)
        async with world.online("bob3") as third:
            await third.send(to_alice, "from his third")
            assert await third.synchronise(timeout_s=30)
        async with world.online("alice2") as second:
            assert await second.synchronise(timeout_s=30)
            assert await bodies(second, asking.key) == ["let me in"]
        async with world.online("alice2") as second, world.online("alice") as alice:
            await alice.contact_accept(asking.key)
            await shows(second, asking.key, ["let me in", "from his third"])
