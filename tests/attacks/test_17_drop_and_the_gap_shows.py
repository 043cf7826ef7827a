"""Attack 17: a relay loses an envelope. With later traffic the gap shows, and is filled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.client.world import QUICK, a_world, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

SLOW_TO_ASK = replace(QUICK, resend_grace_s=600.0)


async def test_a_dropped_message_shows_as_a_gap_and_is_asked_for(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await alice.send(to_bob, "one")
            await shows(bob, to_alice, ["one"])
            await reaches(bob, await bob.send(to_alice, "heard"), "delivered")
        sent = []
        for text in ("two", "three", "four"):
            sent.append(await alice.send(to_bob, text))
            await reaches(alice, sent[-1], "relayed")
        await world.relay.stop()
        world.relay.drop(world.relay.waiting()[-3])
        await world.relay.start()
        async with world.online("bob", tuning=SLOW_TO_ASK) as bob:
            await shows(bob, to_alice, ["one", "heard", "[gap]", "three", "four"])
            gap = (await bob.messages(to_alice, start=2, count=1))[0]
            assert "missing" in str(gap.error)
            assert "gap" in [line.type for line in await bob.consume("tail")]
            assert (await alice.message(sent[0].id)).state == "relayed"
        async with world.online("bob") as bob:
            # The request, once due, brings it back into its place, under its own id.
            await bob.retry_now()
            await shows(bob, to_alice, ["one", "heard", "two", "three", "four"])
            await reaches(alice, sent[0], "delivered")


async def test_a_dropped_first_message_shows_too(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        for text in ("one", "two"):
            await reaches(alice, await alice.send(to_bob, text), "relayed")
        await world.relay.stop()
        world.relay.drop(world.relay.waiting()[-2])
        await world.relay.start()
        async with world.online("bob", tuning=SLOW_TO_ASK) as bob:
            await shows(bob, to_alice, ["[gap]", "two"])


async def test_a_long_lost_run_is_bridged_and_takes_few_entries(tmp_path: Path) -> None:
    """Past the window of expected tags every 64th is expected too; what came before it waits."""
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "first"), "delivered")
            await reaches(bob, await bob.send(to_alice, "heard"), "delivered")
            await world.relay.emptied()  # what waits is what follows
        texts = [str(number) for number in range(140)]
        for text in texts:
            last = await alice.send(to_bob, text)
        await reaches(alice, last, "relayed")
        await world.relay.stop()
        lost = world.relay.waiting()[:100]
        for envelope in lost:
            world.relay.drop(envelope)
        await world.relay.start()
        async with world.online("bob", tuning=SLOW_TO_ASK) as bob:
            await shows(bob, to_alice, ["first", "heard", "[gap]", "[gap]", *texts[100:]])
            found = await bob.messages(to_alice, start=2, count=2)
            counts = [int(str(entry.error).split()[0]) for entry in found]
            assert sum(counts) == len(lost)
        async with world.online("bob") as bob:
            await bob.retry_now()
            await shows(bob, to_alice, ["first", "heard", *texts])
