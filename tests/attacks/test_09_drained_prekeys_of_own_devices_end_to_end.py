"""Attack 9 on an account's own devices: their one-time prekeys were used up, by a contact.

Held by: a device whose one-time prekeys are gone is reached by its last-resort one, which is
post-quantum too; so another device is linked, and talks, and a session is begun anew all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.crypto.signatures import verify_bundle
from restante.protocol.address import Address
from restante.protocol.ids import DeviceId, Token
from restante.protocol.manifest import PrekeyKind
from restante.store.client_contacts import contacts
from tests.client.linked import a_new_device, link
from tests.client.world import QUICK, World, a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine

MOST_ASKED: Final = 300

FILLS_NOTHING_UP: Final = replace(QUICK, one_time_prekeys=0)
"""What was used up stays so, however soon the device is back."""


async def drain(world: World, alice: LocalEngine, bob: LocalEngine) -> None:
    """Have a contact take one-time prekeys until there are none for anybody."""
    address = Address.parse(world.address("bob"))
    device = DeviceId(bytes.fromhex(str((await bob.status()).device)))
    (token,) = await alice._context.read(
        lambda rows: [row.token for row in contacts(rows) if row.state == "accepted"]
    )
    for _ in range(MOST_ASKED):
        found = await alice._services.directory.bundles(address, [device], Token(token or b""))
        bundle = verify_bundle(found[device], now_s=alice._context.now_s())
        if found[device].one_time is None:
            assert found[device].kem.kind == PrekeyKind.KEM_LAST_RESORT
            assert bundle.kem is not None
            return
    raise AssertionError("there was no end of them")


async def test_a_device_is_linked_and_talks_although_the_others_prekeys_are_drained(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "before"), "delivered")
            await drain(world, alice, bob)
        async with (
            world.online("bob", tuning=FILLS_NOTHING_UP) as bob,
            a_new_device(world, "laptop") as laptop,
        ):
            await link(bob, laptop, name="laptop")
            await shows(laptop, to_alice, ["before"])
            await reaches(laptop, await laptop.send(to_alice, "from the laptop"), "delivered")
            await shows(laptop, to_alice, ["before", "from the laptop"])
            await shows(bob, to_alice, ["before", "from the laptop"])
            await alice.contact_reset(to_bob)
            await alice.send(to_bob, "begun anew")
            await shows(bob, to_alice, ["before", "from the laptop", "begun anew"])
