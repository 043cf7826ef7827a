"""Attacks 9 and 10 on an account's own devices: prekeys that were drained, and expired ones.

Held by: a device whose one-time prekeys a contact has used up is reached by its last-resort one,
which is post-quantum too; and a device of one's own is believed no more than anybody's: a prekey
past its time begins no session, whoever's it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.crypto import own_keys
from restante.crypto.signatures import verify_bundle
from restante.protocol.address import Address
from restante.protocol.ids import DeviceId, Token
from restante.protocol.manifest import PrekeyKind
from restante.store.client_contacts import contacts
from restante.store.client_outbox import outbox_entries
from restante.store.client_rows import Rows
from restante.store.client_sessions import sessions_of
from tests.client.linked import a_new_device, link
from tests.client.second_device import a_second_device
from tests.client.world import (
    PATIENCE_S,
    TurnedClock,
    World,
    a_world,
    connected,
    introduce,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine

MOST_ASKED: Final = 300


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
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
        a_new_device(world, "laptop") as laptop,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await reaches(alice, await alice.send(to_bob, "before"), "delivered")
        await drain(world, alice, bob)
        await link(bob, laptop, name="laptop")
        await shows(laptop, to_alice, ["before"])
        await reaches(laptop, await laptop.send(to_alice, "from the laptop"), "delivered")
        await shows(laptop, to_alice, ["before", "from the laptop"])
        await shows(bob, to_alice, ["before", "from the laptop"])


async def test_an_expired_prekey_of_ones_own_device_begins_no_session(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world:
        async with world.online("bob") as bob:
            await a_second_device(world, bob, "phone")
        async with world.online("phone") as phone:
            await connected(phone)
            other = DeviceId(bytes.fromhex(str((await phone.status()).device)))
        await world.relay.stop()
        for envelope in world.relay.waiting():
            world.relay.drop(envelope)  # what the phone has said: it would have begun a session
        with world.relay.file() as connection:
            one_time = (int(PrekeyKind.ONE_TIME), int(PrekeyKind.KEM_ONE_TIME))
            connection.execute("DELETE FROM prekeys WHERE kind IN (?, ?)", one_time)
        await world.relay.start()
        clock.ahead_ms = own_keys.PREKEY_TTL_S * 1000 + 60_000
        async with world.online("bob", clock=clock) as bob:
            key = await bob.resolve("self")
            await bob.send(key, "to the phone")
            await bob.synchronise(timeout_s=PATIENCE_S)  # until it has failed for now
            assert await bob._context.read(_was_tried)
            assert await bob._context.read(lambda rows: sessions_of(rows, other)) == []
            async with world.online("phone", clock=clock) as phone:
                await connected(phone)
                await bob.retry_now()
                await shows(phone, key, ["to the phone"])


def _was_tried(rows: Rows) -> bool:
    return any(entry.attempts for entry in outbox_entries(rows))
