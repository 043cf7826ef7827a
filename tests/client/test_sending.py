"""A key sends once; what waits for its time is sent then, once, and is nothing before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from restante.client.clock import SystemClock, rfc3339
from restante.client.engine import LocalEngine
from restante.client.sending.keys import KEPT_MS
from restante.errors import UserError
from restante.store import failpoints
from tests.client.world import (
    QUICK,
    TurnedClock,
    World,
    a_world,
    bodies,
    eventually,
    introduce,
    reaches,
    shows,
)


def soon(ahead_ms: int) -> str:
    return rfc3339(SystemClock().now_ms() + ahead_ms)


async def nothing_waits(engine: LocalEngine) -> None:
    async def look() -> bool:
        return not await engine.scheduled()

    await eventually(engine, look)


async def test_a_key_sends_one_message_however_often_it_is_used(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with (
        a_world(tmp_path) as world,
        world.online("alice", clock=clock) as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        first = await alice.send(to_bob, "backup done", idempotency_key="2026-11-21")
        again = await alice.send(to_bob, "backup done", idempotency_key="2026-11-21")
        assert again.id == first.id
        with pytest.raises(UserError, match="used for another message"):
            await alice.send(to_bob, "backup failed", idempotency_key="2026-11-21")
        own = await alice.resolve("self")
        elsewhere = await alice.send(own, "backup done", idempotency_key="2026-11-21")
        assert elsewhere.id != first.id
        await reaches(alice, first, "delivered")
        await shows(bob, to_alice, ["backup done"])

        await alice.delete(first.id, for_everyone=False)
        with pytest.raises(UserError, match="is no more here"):
            await alice.send(to_bob, "backup done", idempotency_key="2026-11-21")
        for bad in ("", "k" * 257):
            with pytest.raises(UserError, match="1 to 256"):
                await alice.send(to_bob, "x", idempotency_key=bad)

        clock.ahead_ms = KEPT_MS + 1000
        much_later = await alice.send(to_bob, "backup done", idempotency_key="2026-11-21")
        assert much_later.id != first.id


async def test_a_text_is_sent_when_its_time_has_come_and_stands_nowhere_before(
    tmp_path: Path,
) -> None:
    clock = TurnedClock()
    async with a_world(tmp_path) as world:
        async with (
            world.online("alice", clock=clock) as alice,
            world.online("bob") as bob,
        ):
            to_bob, to_alice = await introduce(alice, bob)
            kept = await alice.schedule(to_bob, "happy new year", at=soon(3_600_000))
            assert [each.id for each in await alice.scheduled()] == [kept.id]
            assert await bodies(alice, to_bob) == []
            with pytest.raises(UserError, match="no message with this id"):
                await alice.message(kept.id)

            other = await alice.schedule(to_bob, "taken back", at=soon(3_600_000))
            await alice.unschedule(other.id)
            with pytest.raises(UserError, match="Nothing waits"):
                await alice.unschedule(other.id)
        # It waits on disk: another engine sends it, late if it was not running in time.
        clock.ahead_ms = 7_200_000
        async with (
            world.online("alice", clock=clock) as alice,
            world.online("bob") as bob,
        ):
            await nothing_waits(alice)
            await shows(bob, to_alice, ["happy new year"])
            assert (await alice.message(kept.id)).body == "happy new year"


async def test_what_is_scheduled_while_the_engine_waits_for_a_later_one_is_not_late(
    tmp_path: Path,
) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await alice.schedule(to_bob, "later", at=soon(3_600_000))
        await alice.schedule(to_bob, "now", at=soon(200))
        await shows(bob, to_alice, ["now"])
        assert [each.text for each in await alice.scheduled()] == ["later"]


async def test_what_cannot_be_sent_when_due_says_why_and_goes_out_once_it_can(
    tmp_path: Path,
) -> None:
    clock = TurnedClock()
    async with (
        a_world(tmp_path) as world,
        world.online("alice", clock=clock) as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await alice.contact_block(to_bob)
        kept = await alice.schedule(to_bob, "after all", at=soon(0))

        async def refused() -> str | None:
            return (await alice.scheduled())[0].error

        assert "blocked" in str(await eventually(alice, refused))
        await alice.contact_accept(to_bob)
        await alice.schedule(to_bob, "another", at=soon(0))  # whatever has it look again
        await nothing_waits(alice)
        assert (await alice.message(kept.id)).body == "after all"
        assert to_alice


@pytest.mark.parametrize(
    ("text", "at", "because"),
    [
        ("", 60_000, "empty"),
        ("x", "tomorrow", "no time"),
        ("x", "2026-11-22T08:00:00", "no time with a zone"),
        ("x", -3_600_000, "from now on"),
        ("x", 400 * 86_400_000, "until a year"),
    ],
)
async def test_what_is_no_text_or_no_time_is_refused(
    tmp_path: Path, text: str, at: str | int, because: str
) -> None:
    """`at`: words, or so many ms from now; a test's name must be the same in every worker."""
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        own = await alice.resolve("self")
        with pytest.raises(UserError, match=because):
            await alice.schedule(own, text, at=at if isinstance(at, str) else soon(at))
        assert await alice.scheduled() == []


class Died(BaseException):
    """What a power cut is to the process that it ends."""


async def dies_sending(world: World, to_bob: str) -> None:
    async with world.online("alice") as alice:
        await alice.schedule(to_bob, "once", at=soon(0))
        await trio.sleep_forever()


async def test_who_dies_between_sending_and_noting_it_sends_nothing_twice(tmp_path: Path) -> None:
    def die(point: str) -> None:
        if point == "send.due":
            raise Died

    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_bob, to_alice = await introduce(alice, bob)
        failpoints.observe(die)
        try:
            with pytest.raises(BaseExceptionGroup) as died:
                await dies_sending(world, to_bob)
        finally:
            failpoints.observe(lambda _: None)
        assert died.group_contains(Died)
        async with world.online("alice") as alice:
            await nothing_waits(alice)
            (only,) = await alice.messages(to_bob, start=0, count=9)
            await reaches(alice, only, "delivered")
        assert await bodies(bob, to_alice) == ["once"]


async def test_an_engine_for_one_message_puts_off_its_housekeeping_until_it_is_needed(
    tmp_path: Path,
) -> None:
    brief = replace(QUICK, housekeeping_delay_s=3600.0)
    report = tmp_path / "report.txt"
    report.write_text("all is well")
    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_bob, _ = await introduce(alice, bob)
        async with world.online("alice", tuning=brief) as alice:
            await reaches(alice, await alice.send(to_bob, "a line"), "delivered")
            needed = alice._services.running().doors.are_needed
            assert not needed.is_set()
            sent = await alice.send_file(to_bob, path=str(report))
            assert needed.is_set()
            await reaches(alice, sent, "delivered")
