"""A contact who was away for longer than a mailbox keeps anything still learns of a move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.changes import Changes
from restante.client.lifecycle.telling_again import AGAIN_AFTER_MS, ROUNDS, tell_again
from restante.crypto.randomness import SystemRandomness
from restante.store.client_outbox import outbox_entries
from tests.client.moves import at, is_at, two_relays
from tests.client.world import TurnedClock, connected, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows

RANDOM = SystemRandomness()


@pytest.mark.parametrize("is_silent", [True, False])
async def test_who_was_silent_since_the_move_is_told_again(tmp_path: Path, is_silent: bool) -> None:
    async with two_relays(tmp_path) as (world, other):
        async with world.online("alice") as alice:
            async with world.online("bob") as bob:
                to_bob, to_alice = await introduce(alice, bob)
                await reaches(bob, await bob.send(to_alice, "one"), "delivered")
            await alice.account_move(address=at(other, "alice"))
            await connected(alice)
            if not is_silent:
                async with world.online("bob") as bob:
                    await is_at(bob, to_alice, at(other, "alice"))
                    await reaches(bob, await bob.send(to_alice, "two"), "delivered")
                    await shows(alice, to_bob, ["one", "two"])
        with world.relay.file() as connection:  # what waited for him was kept for thirty days
            connection.execute("DELETE FROM waiting")
        async with world.online("alice", clock=TurnedClock(ahead_ms=AGAIN_AFTER_MS)) as alice:
            await connected(alice)
        assert bool(world.relay.waiting()) == is_silent
        async with world.online("bob") as bob:
            await is_at(bob, to_alice, at(other, "alice"))


async def test_it_is_said_every_twenty_days_for_a_year_and_no_more(tmp_path: Path) -> None:
    async with two_relays(tmp_path) as (world, other), world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "one"), "delivered")
        await alice.account_move(address=at(other, "alice"))
        await connected(alice)
        await world.relay.stop()
        now_ms = alice._context.now_ms()
        days = range(0, 500, 10)
        queued = [await queued_on(alice, now_ms + day * 86_400_000) for day in days]
        assert queued == [0, 0, *[1, 0] * ROUNDS, *[0] * (len(days) - 2 - 2 * ROUNDS)]


async def queued_on(engine: LocalEngine, now_ms: int) -> int:
    """Look at that moment, and return how many were told."""

    def look(rows: Rows) -> int:
        before = len(outbox_entries(rows))
        tell_again(rows, Changes(), jitter_ms=0, randomness=RANDOM, now_ms=now_ms)
        return len(outbox_entries(rows)) - before

    return await engine._context.write(look)
