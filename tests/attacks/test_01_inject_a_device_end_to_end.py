"""Attack 1 end to end: the relay lists a device of its own among an account's.

Held by: a manifest counts only if the account key that the root has certified signed it. Nothing is
sealed for the other device; what is written waits, and says why, until the relay shows a true list.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from restante.crypto import own_keys, signing
from restante.crypto.randomness import SystemRandomness
from restante.protocol.ids import MailboxId
from restante.store.client_contacts import ContactRow, contacts, upsert_contact
from restante.store.client_rows import Rows
from tests.client.world import World, a_world, connected, eventually, introduce, reaches

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine

RANDOM = SystemRandomness()


def bob_of(rows: Rows) -> ContactRow:
    (row,) = [each for each in contacts(rows) if each.state == "accepted"]
    return row


async def with_a_spy(engine: LocalEngine, *, now_s: int) -> tuple[bytes, bytes]:
    """An account's list as it is, and as a relay would have it: signed by a key of the relay's."""
    own = engine._services.own
    assert own is not None
    spy = own_keys.device_entry(
        own_keys.generate_device(RANDOM), mailbox=MailboxId(RANDOM.random(16)), now_s=now_s
    )
    signed = own.manifest.signed
    body = signed.manifest()
    forged = signing.sign_manifest(
        own_keys.generate_account(RANDOM, now_s=now_s).account,
        msgspec.structs.replace(body, devices=[*body.devices, spy]),
        certificate=(signed.certificate_body, signed.certificate_signature),
    )
    return signed.to_bytes(), forged.to_bytes()


async def have_it_shown(world: World, before: bytes, after: bytes) -> None:
    await world.relay.stop()
    with world.relay.file() as connection:
        shown = connection.execute(
            "UPDATE manifests SET manifest = ? WHERE manifest = ?", (after, before)
        )
        assert shown.rowcount == 1
    await world.relay.start()


def mark_stale(rows: Rows) -> None:
    upsert_contact(rows, replace(bob_of(rows), is_stale=True))


async def test_a_device_of_the_relays_gets_nothing_and_the_writer_is_told(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        await reaches(alice, await alice.send(to_bob, "to Bob alone"), "delivered")
        true, forged = await with_a_spy(bob, now_s=alice._context.now_s())
        await have_it_shown(world, true, forged)
        await alice._context.write(mark_stale)
        waiting = await alice.send(to_bob, "and this?")

        async def is_told() -> bool:
            return "not properly signed" in str((await alice.message(waiting.id)).error)

        await eventually(alice, is_told)
        assert (await alice.message(waiting.id)).state == "queued"
        row = await alice._context.read(bob_of)
        assert row.manifest == true, "what was accepted stays"
        await have_it_shown(world, forged, true)
        await connected(bob)
        await alice.retry_now()
        await reaches(alice, waiting, "delivered")
