"""Attack 10 on an account's own devices: prekeys of another own device past their time.

Held by: a device of one's own is believed no more than anybody's. A prekey that has expired begins
no session, and what is for that device waits until it has published others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import own_keys
from restante.protocol.ids import DeviceId
from restante.protocol.manifest import PrekeyKind
from restante.store.client_outbox import outbox_entries
from restante.store.client_rows import Rows
from restante.store.client_sessions import sessions_of
from tests.client.second_device import a_second_device
from tests.client.world import (
    PATIENCE_S,
    TurnedClock,
    a_world,
    connected,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path


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
