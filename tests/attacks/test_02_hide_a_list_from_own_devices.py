"""Attack 2 on oneself: the relay hides the account's new list of devices from one of them.

Held by: what the other devices write names the list that they go by; one that doesn't come is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.clock import SystemClock
from restante.client.linking.reassuring import EVERY_MS
from restante.crypto import own_keys
from tests.attacks.test_02_hide_a_revoked_device_end_to_end import devices_at, hide_the_newest
from tests.client.linked import a_new_device, link
from tests.client.second_device import RANDOM, sign_with
from tests.client.world import PATIENCE_S, QUICK, TurnedClock, a_world, connected, eventually, shows

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_device_that_never_hears_of_the_new_list_is_warned(tmp_path: Path) -> None:
    at_once = replace(QUICK, doubt_grace_s=0.0)
    async with a_world(tmp_path) as world:
        async with world.online("bob") as bob:
            async with a_new_device(world, "laptop", tuning=at_once) as laptop:
                await link(bob, laptop, name="laptop")
                key = await bob.resolve("self")
                await bob.send(key, "begin")
                await shows(laptop, key, ["begin"])
                await connected(laptop)
            before = devices_at(world)
            now_s = SystemClock().now_ms() // 1000
            await sign_with(bob, own_keys.generate_device(RANDOM), now_s=now_s)  # and tells nobody
            await bob._services.waiting_with(lambda now: now.mailbox.published())
            await world.relay.stop()
            hide_the_newest(world, "bob", before)
            await world.relay.start()
            await bob.send(key, "do you know?")
            await bob.synchronise(timeout_s=PATIENCE_S)  # the other one has no keys yet
        async with a_new_device(world, "laptop", tuning=at_once) as laptop:

            async def is_warned() -> bool:
                return "goes by a newer list" in str((await laptop.status()).error)

            await eventually(laptop, is_warned)
            await shows(laptop, key, ["begin", "do you know?"])


async def test_a_device_that_nobody_writes_to_hears_of_it_within_a_day(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("bob") as bob, a_new_device(world, "laptop") as laptop:
            await link(bob, laptop, name="laptop")
            for engine in (bob, laptop) * 3:  # until they have nothing left to say
                await connected(engine)
        before = devices_at(world)
        async with world.online("bob") as bob:
            now_s = SystemClock().now_ms() // 1000
            await sign_with(bob, own_keys.generate_device(RANDOM), now_s=now_s)  # and tells nobody
            await bob._services.waiting_with(lambda now: now.mailbox.published())
        await world.relay.stop()
        hide_the_newest(world, "bob", before)
        await world.relay.start()
        tomorrow = TurnedClock(ahead_ms=EVERY_MS + 60_000)
        async with (
            world.online("bob", clock=tomorrow),
            a_new_device(world, "laptop") as laptop,
        ):

            async def has_heard() -> bool:
                return len(await laptop.devices()) == 3

            await eventually(laptop, has_heard)
