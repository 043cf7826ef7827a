"""Messages that disappear: at the same age for both, wherever they could still be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.client.clock import SystemClock
from restante.errors import UserError
from restante.protocol.content import Setting
from restante.protocol.order import rank_at
from tests.client.linked import a_new_device, link
from tests.client.said import arrive, content
from tests.client.two_people import becomes, two_people
from tests.client.world import (
    TurnedClock,
    World,
    a_world,
    bodies,
    eventually,
    introduce,
    reaches,
    shows,
    the_conversation,
)

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message
    from restante.store.client_rows import Rows

HOUR_S = 3600


async def test_what_both_have_disappears_after_its_time(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with two_people(tmp_path, clock=clock) as two:
        told = await two.alice.set_timer(two.to_bob, timer_s=HOUR_S)
        assert told.timer_s == HOUR_S
        sent = await two.alice.send(two.to_bob, "not for long")
        await shows(two.bob, two.to_alice, ["[setting]", "not for long"])
        seen = await two.bob.message(sent.id)
        assert (seen.timer_s, seen.gone_at) == (HOUR_S, None)  # he hasn't read it
        await two.bob.mark_read(two.to_alice, up_to=sent.id)
        assert (await two.bob.message(sent.id)).gone_at is not None
        assert (await two.bob.conversations())[0].timer_s == HOUR_S
        # What he answers lasts as long: the setting is the conversation's.
        answer = await two.bob.send(two.to_alice, "read it", quote=sent.id)
        assert answer.timer_s == HOUR_S
        await reaches(two.bob, answer, "delivered")
        clock.ahead_ms = HOUR_S * 1000 + 1
        await two.bob.send(two.to_alice, "is it gone?")
        await shows(two.bob, two.to_alice, ["[setting]", "is it gone?"])
        assert sent.id not in {each.message.id for each in await two.bob.consume("anybody")}
        with pytest.raises(UserError, match="no message"):
            await two.bob.message(sent.id)


async def test_what_ran_out_while_nobody_looked_is_never_shown_again(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await bob.set_timer(to_alice, timer_s=60)
            await shows(alice, to_bob, ["[setting]"])
            sent = await alice.send(to_bob, "a minute")
            await shows(bob, to_alice, ["[setting]", "a minute"])
            await bob.mark_read(to_alice, up_to=sent.id)
        async with world.online("bob", clock=TurnedClock(ahead_ms=61_000)) as bob:
            assert await bodies(bob, to_alice) == ["[setting]"]


async def test_the_senders_clock_starts_at_sending_and_not_before(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with (
        a_world(tmp_path) as world,
        world.online("bob") as bob,
        world.online("alice", clock=clock) as alice,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await alice.set_timer(to_bob, timer_s=60)
        await shows(bob, to_alice, ["[setting]"])
        sent = await alice.send(to_bob, "tick")
        assert sent.gone_at is None
        await becomes(alice, sent, lambda now: now.gone_at is not None)
        await shows(bob, to_alice, ["[setting]", "tick"])
        clock.ahead_ms = 61_000
        await alice.send(to_bob, "tock")
        await shows(alice, to_bob, ["[setting]", "tock"])
        # He hasn't read it: with him it is still there.
        assert "tick" in await bodies(bob, to_alice)


async def test_what_is_gone_is_answered_as_gone_and_the_gap_closes(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        to_bob, _ = await with_one_lost(world, alice)
        lost = (await alice.messages(to_bob, start=2, count=1))[0]
        await alice.delete(lost.id, for_everyone=False)
        async with world.online("bob") as bob:
            await bob.retry_now()
            await shows(bob, await the_conversation(bob), ["one", "heard", "three"])


async def test_a_lost_change_is_asked_for_like_a_message(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        _, first = await with_one_lost(world, alice, change="one, as I meant it")
        async with world.online("bob") as bob:
            await bob.retry_now()
            to_alice = await the_conversation(bob)
            await shows(bob, to_alice, ["one, as I meant it", "heard", "three"])
            assert (await bob.message(first.id)).edited
            assert (await alice.message(first.id)).edited


async def with_one_lost(
    world: World, alice: LocalEngine, *, change: str | None = None
) -> tuple[str, Message]:
    """Let a message to Bob be lost, or an edit, and the next one wait for him at the relay."""
    async with world.online("bob") as bob:
        to_bob, to_alice = await introduce(alice, bob)
        first = await alice.send(to_bob, "one")
        await shows(bob, to_alice, ["one"])
        await reaches(bob, await bob.send(to_alice, "heard"), "delivered")
    if change is None:
        await reaches(alice, await alice.send(to_bob, "two"), "relayed")
    else:
        await alice.edit(first.id, change)
    await reaches(alice, await alice.send(to_bob, "three"), "relayed")
    await world.relay.stop()
    world.relay.drop(world.relay.waiting()[-2])
    await world.relay.start()
    return to_bob, first


async def test_a_timer_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        for timer_s in (-1, 1, 4, 400 * 86_400):
            with pytest.raises(UserError, match="5 seconds"):
                await two.alice.set_timer(two.to_bob, timer_s=timer_s)


async def test_a_setting_dated_months_ahead_can_be_changed(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        bob = bytes.fromhex(two.to_bob)
        months_ahead = rank_at(SystemClock().now_ms() + 300 * 86_400_000)
        far = content(Setting(disappears_after_s=60), id=b"far", rank=months_ahead)

        def work(rows: Rows) -> None:
            arrive(rows, far, author=bob, conversation=bob)

        await two.alice._context.write(work)
        assert (await two.alice.conversations())[0].timer_s == 60
        changed = await two.alice.set_timer(two.to_bob, timer_s=0)
        assert changed.timer_s == 0
        # The months stay with the settings: what is said next stands where it is said.
        sent = await two.alice.send(two.to_bob, "now")
        assert (sent.timer_s, sent.position) == (0, 0)


async def test_a_copy_disappears_when_the_message_does_not_when_it_was_written(
    tmp_path: Path,
) -> None:
    clock = TurnedClock()
    (tmp_path / "there").mkdir()
    async with (
        a_world(tmp_path) as world,
        a_world(tmp_path / "there") as there,
        world.online("alice", clock=clock) as alice,
        a_new_device(world, "laptop", clock=clock) as laptop,
    ):
        async with there.online("bob") as bob:
            to_bob, _ = await introduce(alice, bob)
        await link(alice, laptop)
        await alice.set_timer(to_bob, timer_s=HOUR_S)
        await there.relay.stop()
        sent = await alice.send(to_bob, "waits for its relay")
        clock.ahead_ms = 2 * HOUR_S * 1000
        await there.relay.start()
        await alice.retry_now()
        sent = await reaches(alice, sent, "relayed")
        assert sent.gone_at is not None
        await shows(laptop, to_bob, ["[setting]", "waits for its relay"])

        async def is_told() -> bool:
            return (await laptop.message(sent.id)).gone_at == sent.gone_at

        await eventually(laptop, is_told)
