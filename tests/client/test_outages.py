"""Relays that go away, lie low, fill up; clients that are closed in the middle: nothing is lost."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import trio

from restante.client.engine import open_engine
from restante.client.interface import ConnectionPhase
from restante.errors import ExitCode, UserError
from tests.client.world import (
    QUICK,
    TurnedClock,
    a_world,
    bodies,
    connected,
    eventually,
    introduce,
    key_of,
    reaches,
    shows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Status

DAY_MS = 86_400_000


async def until_phase(engine: LocalEngine, phase: ConnectionPhase) -> Status:
    async def look() -> Status | None:
        status = await engine.status()
        return status if status.phase is phase else None

    found = await eventually(engine, look)
    assert found is not None
    return found


async def test_a_message_written_offline_goes_when_the_relay_is_back(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await world.relay.stop()
        offline = await until_phase(alice, ConnectionPhase.OFFLINE)
        assert offline.retry_in_s is not None
        assert offline.error is not None
        sent = await alice.send(to_bob, "written offline")
        assert (await alice.status()).outbox_count == 1
        assert not await alice.synchronise(timeout_s=30)
        assert (await alice.message(sent.id)).state == "queued"
        await world.relay.start()
        await shows(bob, to_alice, ["written offline"])
        await reaches(alice, sent, "delivered")
        status = await alice.status()
        assert (status.outbox_count, status.error) == (0, None)


async def test_what_was_put_off_is_not_overtaken_by_what_came_later(tmp_path: Path) -> None:
    """In the order of arrival too, which is what `tail` prints, not only in the history's."""
    slow = replace(QUICK, first_backoff_s=60.0, longest_backoff_s=600.0)
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await reaches(alice, await alice.send(to_bob, "begin"), "delivered")
        await world.relay.stop()
        async with world.online("alice", tuning=slow) as alice:
            for number in range(3):
                await alice.send(to_bob, f"offline {number}")
                assert not await alice.synchronise(timeout_s=30)
        await world.relay.start()
        async with world.online("alice", tuning=slow) as alice:
            await reaches(alice, await alice.send(to_bob, "online"), "relayed")
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["begin", *(f"offline {n}" for n in range(3)), "online"])
            arrived = [line.message.body for line in await bob.consume("tail")]
            assert arrived == ["begin", *(f"offline {n}" for n in range(3)), "online"]


async def test_the_relay_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        texts = [f"text {number}" for number in range(60)]
        for number, text in enumerate(texts):
            await alice.send(to_bob, text)
            if number % 20 == 10:
                await world.relay.stop()
                await world.relay.start()
        await shows(bob, to_alice, texts)


async def test_connections_cut_again_and_again_lose_and_double_nothing(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path, tapped=True) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        assert world.tap is not None
        to_bob, to_alice = await introduce(alice, bob)
        texts = [f"text {number}" for number in range(40)]
        for number, text in enumerate(texts):
            await alice.send(to_bob, text)
            if number % 5 == 0:
                world.tap.cut()
        await shows(bob, to_alice, texts)
        for message in await alice.messages(to_bob, start=0, count=40):
            await reaches(alice, message, "delivered")


async def test_a_profile_that_runs_twice_fences_itself_off_once(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice"):
            pass
        copy = tmp_path / "alice's backup"
        shutil.copytree(world.profile("alice"), copy)
        async with world.online("alice") as alice:
            await connected(alice)
            async with open_engine(copy, key_of("alice"), profile="copy", tuning=QUICK) as other:
                await connected(other)
                fenced = await until_phase(alice, ConnectionPhase.OFFLINE)
                assert "another place" in str(fenced.error)
                assert fenced.retry_in_s is None, "by itself it never comes back"
                assert (await other.status()).phase is ConnectionPhase.CONNECTED
            await alice.retry_now()
            assert (await until_phase(alice, ConnectionPhase.CONNECTED)).error is None


async def test_synchronise_ends_early_when_the_relay_is_away(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice"):
            pass
        await world.relay.stop()
        async with world.online("alice") as alice:
            with trio.fail_after(20):
                assert not await alice.synchronise(timeout_s=3600)
            assert "reach" in str((await alice.status()).error)


async def test_a_queued_message_can_be_taken_back_without_a_gap(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await alice.send(to_bob, "one")
        await shows(bob, to_alice, ["one"])
        await world.relay.stop()
        await until_phase(alice, ConnectionPhase.OFFLINE)
        regretted = await alice.send(to_bob, "not this")
        await alice.send(to_bob, "two")
        taken_back = await alice.cancel(regretted.id)
        assert taken_back.state == "failed"
        assert "took it back" in str(taken_back.error)
        await world.relay.start()
        await shows(bob, to_alice, ["one", "two"])
        with pytest.raises(UserError, match="too late"):
            await alice.cancel((await alice.messages(to_bob, start=0, count=1))[0].id)
        await alice.retry(regretted.id)
        await reaches(alice, regretted, "delivered")
        assert set(await bodies(bob, to_alice)) == {"one", "two", "not this"}


async def test_what_nobody_fetches_expires_and_a_late_receipt_wins(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world, world.online("alice", clock=clock) as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        sent = await alice.send(to_bob, "hello?")
        await reaches(alice, sent, "relayed")
        clock.ahead_ms = 31 * DAY_MS
        await alice.retry_now()
        expired = await reaches(alice, sent, "expired")
        assert "not fetched" in str(expired.error)
        async with world.online("bob") as bob:
            await shows(bob, to_alice, ["hello?"])  # the relay's clock wasn't turned
            delivered = await reaches(alice, sent, "delivered")
            assert delivered.error is None


async def test_an_expired_message_sent_again_arrives_once(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world, world.online("alice", clock=clock) as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        sent = await alice.send(to_bob, "hello?")
        await reaches(alice, sent, "relayed")
        clock.ahead_ms = 31 * DAY_MS
        await alice.retry_now()
        await reaches(alice, sent, "expired")
        clock.ahead_ms = 0
        await alice.retry(sent.id)
        await reaches(alice, sent, "relayed")
        async with world.online("bob") as bob:
            await reaches(alice, sent, "delivered")
            await alice.send(to_bob, "end")
            await shows(bob, to_alice, ["hello?", "end"])


async def test_an_unknown_name_and_a_closed_relay_say_so(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        with pytest.raises(UserError, match="knows nobody") as unknown:
            await alice.contact_add(world.address("nobody"))
        assert unknown.value.exit_code is ExitCode.FIXABLE
        await world.relay.stop()
        with pytest.raises(
            UserError, match=r"Can't reach .*:1: connection refused. Check"
        ) as closed:
            await alice.contact_add("bob@127.0.0.1:1")
        assert closed.value.exit_code is ExitCode.UNAVAILABLE


async def test_a_relay_restored_from_nothing_is_reported_and_history_stays(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        await alice.send(to_bob, "kept")
        await world.relay.stop()
        world.relay.forget_everything()
        await world.relay.start()

        async def reported() -> bool:
            return "doesn't" in str((await alice.status()).error)

        await eventually(alice, reported)
        assert await bodies(alice, to_bob) == ["kept"]
