"""Attack 4 on oneself: a thief of the first device signs another list, and the relay shows that.

Held by: two lists that claim one place are both refused by whoever has accepted one of them, own
devices included, and both they and contacts are told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.interface import Trust
from restante.client.linking.own_manifest import signing_account
from restante.crypto import own_keys
from restante.crypto.randomness import SystemRandomness
from restante.protocol.ids import MailboxId
from restante.store.client_contacts import contacts, upsert_contact
from tests.client.linked import a_new_device, link
from tests.client.world import a_world, connected, eventually, introduce, reaches

if TYPE_CHECKING:
    from pathlib import Path

    from restante.store.client_rows import Rows

RANDOM = SystemRandomness()


def another_list(rows: Rows) -> bytes:
    """Sign what a thief would: the first device and one of the thief's, in the second place."""
    own, key = signing_account(rows)
    first = own.manifest.signed.manifest().devices[0]
    spy = own_keys.device_entry(
        own_keys.generate_device(RANDOM), mailbox=MailboxId(RANDOM.random(16)), now_s=1
    )
    signed = own_keys.next_manifest(key, own.manifest, devices=[first, spy], now_s=1)
    return signed.to_bytes()


async def test_a_fork_is_refused_and_said_on_own_devices_and_to_contacts(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob, a_new_device(world, "laptop") as laptop:
            to_bob, _ = await introduce(alice, bob)
            forged = await bob._context.read(another_list)
            await link(bob, laptop, name="laptop")
            await reaches(alice, await alice.send(to_bob, "to both"), "delivered")

            async def knows_both() -> bool:
                found = await alice._context.read(manifest_sequence)
                return found == [2]

            await eventually(alice, knows_both)
        await world.relay.stop()
        with world.relay.file() as connection:
            connection.execute("UPDATE manifests SET manifest = ? WHERE sequence = 2", (forged,))
        await world.relay.start()
        async with a_new_device(world, "laptop") as laptop:

            async def says_so() -> bool:
                return "can't accept" in ((await laptop.status()).error or "")

            await eventually(laptop, says_so)
            assert [each.name for each in await laptop.devices()][1] == "laptop"
            await connected(laptop)  # its own mailbox works on; what the relay shows does not count
        await alice._context.write(mark_stale)
        await alice.send(to_bob, "is that still you?")

        async def warns() -> bool:
            return (await alice.conversations())[0].trust is Trust.CHANGED

        await eventually(alice, warns)


def manifest_sequence(rows: Rows) -> list[int]:
    return [row.manifest_sequence for row in contacts(rows) if row.state == "accepted"]


def mark_stale(rows: Rows) -> None:
    for row in contacts(rows):
        upsert_contact(rows, replace(row, is_stale=True))
