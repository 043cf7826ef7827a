"""Somebody links several devices while a contact isn't looking; nothing they write is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import trio
import trio.testing

from restante.client.catching_up import CatchingUp
from restante.client.changes import Changes
from restante.client.interface import ContactState
from restante.client.syncing.heard import hear_of
from restante.client.syncing.this_device import own_device
from restante.protocol.content import SyncHeard
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_conversations import gaps, next_counter
from tests.client.second_device import a_second_device
from tests.client.world import PATIENCE_S, a_world, connected, eventually, introduce, shows

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


async def hears_of(engine: LocalEngine, known: ContactRow | None, item: SyncHeard) -> None:
    """Have a device hear of a message from another, while it knows a contact as `known` has it."""
    assert known is not None
    changes = Changes()

    def work(rows: Rows) -> None:
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
        assert gaps(rows, item.conversation) == [(item.device, item.counter)]

    await engine._context.write(work)
    await engine._services.tell(changes)


class Noting:
    """What catching up asks for, only noted."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.taken = trio.Event()

    async def refresh(self, row: ContactRow) -> ContactRow:
        self.asked.append(row.account_id)
        return replace(row, manifest_hash=b"another one")

    async def take_again(self) -> None:
        self.taken.set()


async def test_a_strangers_hello_that_waits_is_taken_up_once_they_are_welcome(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        account_id = bytes.fromhex(to_bob)
        announcer, noting = alice._running().announcer, Noting()
        catching_up = CatchingUp(
            alice._context,
            inbox=cast("Any", noting),
            refreshing=cast("Any", noting),
            announcer=announcer,
        )

        async def be(state: ContactState, **told: Any) -> None:
            def work(rows: Rows) -> bytes | None:
                row = contact(rows, account_id)
                assert row is not None
                upsert_contact(rows, replace(row, state=state.value))
                return row.manifest_hash

            known = await alice._context.write(work)
            outdated = {account_id: known} if told else {}
            changes = Changes(outdated=outdated, conversations={account_id: None})
            await announcer.tell(changes)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(catching_up.run)
            await be(ContactState.REQUEST, is_outdated=True)
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert not noting.asked
            await be(ContactState.ACCEPTED)
            with trio.fail_after(PATIENCE_S):
                await noting.taken.wait()
            assert noting.asked == [account_id]
            nursery.cancel_scope.cancel()
