"""Prekeys that begin no session aren't asked for again and again: that would use others up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import own_keys
from restante.protocol import frames as f
from restante.protocol.manifest import PrekeyKind
from restante.store.client_outbox import outbox_entries
from tests.client.second_device import a_second_device
from tests.client.tap import Tap
from tests.client.world import PATIENCE_S, TurnedClock, a_world, connected, shows

if TYPE_CHECKING:
    from pathlib import Path


def fetches(tap: Tap) -> int:
    frames = [frame for talk in tap.talks for frame in talk.by_client]
    return sum(isinstance(frame, f.FetchPrekeys) for frame in frames)


async def test_expired_prekeys_are_asked_for_once_in_a_while(tmp_path: Path) -> None:
    late = TurnedClock(ahead_ms=own_keys.PREKEY_TTL_S * 1000 + 60_000)
    async with a_world(tmp_path, tapped=True) as world:
        async with world.online("bob") as bob:
            await a_second_device(world, bob, "phone")
        async with world.online("phone") as phone:
            await connected(phone)
        await world.relay.stop()
        for envelope in world.relay.waiting():
            world.relay.drop(envelope)  # what the phone has said: it would have begun a session
        with world.relay.file() as connection:  # as the relay does it, by its own clock
            one_time = (int(PrekeyKind.ONE_TIME), int(PrekeyKind.KEM_ONE_TIME))
            connection.execute("DELETE FROM prekeys WHERE kind IN (?, ?)", one_time)
        await world.relay.start()
        assert world.tap is not None
        before = fetches(world.tap)
        async with world.online("bob", clock=late) as bob:
            key = await bob.resolve("self")
            texts = [f"note {number}" for number in range(4)]
            for text in texts:
                await bob.send(key, text)
                await bob.synchronise(timeout_s=PATIENCE_S)
            waiting = await bob._context.read(outbox_entries)
            assert any(entry.attempts for entry in waiting)
            assert fetches(world.tap) == before + 1
            async with world.online("phone", clock=late) as phone:
                await connected(phone)
                await bob.retry_now()
                await shows(phone, key, texts)
