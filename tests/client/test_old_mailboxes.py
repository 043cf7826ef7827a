"""What an account leaves behind at relays where it was: emptied for 30 days, then erased there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.lifecycle.old_mailbox import left_to_stay_s
from tests.client.moves import at, is_at, two_relays
from tests.client.relays import GENEROUS, Relay, open_relay
from tests.client.world import TurnedClock, connected, introduce, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.store.client_rows import Rows

DAY_S = 86_400


def names_at(relay: Relay) -> list[str]:
    with relay.file() as connection:
        return sorted(name for (name,) in connection.execute("SELECT name FROM accounts"))


async def test_after_two_moves_what_comes_to_the_first_relay_still_arrives(tmp_path: Path) -> None:
    async with (
        two_relays(tmp_path) as (world, second),
        open_relay(tmp_path / "relay-3", is_open=True, limits=GENEROUS, names=[]) as third,
        world.online("alice") as alice,
    ):
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(bob, await bob.send(to_alice, "one"), "delivered")
        for relay in (second, third):
            await alice.account_move(address=at(relay, "alice"))
            await connected(alice)
        with world.relay.file() as connection:  # what Alice told Bob
            connection.execute("DELETE FROM waiting")
        async with world.online("bob") as bob:
            await reaches(bob, await bob.send(to_alice, "to the first relay"), "delivered")
            await shows(alice, to_bob, ["one", "to the first relay"])
            await bob.send(to_alice, "three")  # her receipt said that she has a newer list
            await is_at(bob, to_alice, at(third, "alice"))
            await shows(alice, to_bob, ["one", "to the first relay", "three"])


async def test_a_clock_that_is_wrong_once_erases_nothing(tmp_path: Path) -> None:
    async with two_relays(tmp_path) as (world, other):
        async with world.online("alice") as alice:
            await alice.account_move(address=at(other, "alice"))
            await connected(alice)
        for days in (31, 0, 300):
            clock = TurnedClock(ahead_ms=days * DAY_S * 1000)
            async with world.online("alice", clock=clock) as alice:
                await connected(alice)
            assert names_at(world.relay) == ["alice"]


async def test_thirty_days_that_were_seen_to_pass_end_it(tmp_path: Path) -> None:
    async with two_relays(tmp_path) as (world, other), world.online("bob"):
        async with world.online("alice") as alice:
            await alice.account_move(address=at(other, "alice"))
            await connected(alice)
            now_s = alice._context.now_s()

            def look_daily(rows: Rows) -> list[int]:
                here = world.address("alice")
                days = [now_s + day * DAY_S for day in range(1, 31)]
                return [left_to_stay_s(rows, here, now_s=day_s) for day_s in days]

            *before, last = await alice._context.write(look_daily)
            assert before[-1] > 0 >= last
        async with world.online("alice") as alice:
            await connected(alice)
        assert (names_at(world.relay), names_at(other)) == (["bob"], ["alice"])


async def test_a_deletion_reaches_the_relays_of_before_or_says_so(tmp_path: Path) -> None:
    async with (
        two_relays(tmp_path) as (world, second),
        open_relay(tmp_path / "relay-3", is_open=True, limits=GENEROUS, names=[]) as third,
        world.online("alice") as alice,
    ):
        for relay in (second, third):
            await alice.account_move(address=at(relay, "alice"))
            await connected(alice)
        await second.stop()
        gone = await alice.account_delete(address=at(third, "alice"))
        assert gone.unerased == [at(second, "alice")]
        assert (names_at(world.relay), names_at(third)) == ([], [])
        assert names_at(second) == ["alice"]
