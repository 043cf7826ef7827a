"""Consumers have places of their own; what a program won't take is put aside, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.client.clock import SystemClock, rfc3339
from restante.client.engine import LocalEngine
from restante.errors import UserError
from restante.store import failpoints
from tests.client.world import TurnedClock, World, a_world, introduce, shows


async def consumed(engine: LocalEngine, consumer: str, **chosen: str | int) -> list[str]:
    found = await engine.consume(consumer, **chosen)  # type: ignore[arg-type]
    return [each.message.body for each in found if each.type == "message"]


async def test_each_consumer_has_a_place_and_filters_move_none(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with (
        a_world(tmp_path) as world,
        world.online("alice", clock=clock) as alice,
        world.online("bob") as bob,
        world.online("carol") as carol,
    ):
        bob_to_alice, alice_to_bob = await introduce(bob, alice)
        carol_to_alice, _ = await introduce(carol, alice)
        await bob.send(bob_to_alice, "one")
        await shows(alice, alice_to_bob, ["one"])
        clock.ahead_ms = 3_600_000
        later = rfc3339(SystemClock().now_ms() + 1_800_000)
        await carol.send(carol_to_alice, "two")
        key_of_carol = await alice.resolve("carol")
        await shows(alice, key_of_carol, ["two"])

        assert await consumed(alice, "a") == ["one", "two"]
        assert await consumed(alice, "a", conversation=key_of_carol) == ["two"]
        assert await consumed(alice, "a", since=later) == ["two"]
        assert await alice.consumers() == []
        first = (await alice.consume("a"))[0]
        await alice.acknowledge("a", cursor=first.cursor)
        assert await consumed(alice, "a") == ["two"]
        assert await consumed(alice, "a", after=0) == ["one", "two"]
        assert await consumed(alice, "b") == ["one", "two"]
        (kept,) = await alice.consumers()
        assert (kept.name, kept.cursor) == ("a", first.cursor)
        assert kept.waiting >= 1
        await alice.consumer_forget("a")
        with pytest.raises(UserError, match="no consumer"):
            await alice.consumer_forget("a")
        assert await consumed(alice, "a") == ["one", "two"]
        for bad in ("", "x" * 65, "a\nb"):
            with pytest.raises(UserError, match="1 to 64"):
                await alice.acknowledge(bad, cursor=1)
        with pytest.raises(UserError, match="no time"):
            await alice.consume("a", since="yesterday")


async def test_what_is_put_aside_is_behind_the_place_and_on_the_list(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_alice, to_bob = await introduce(bob, alice)
        for text in ("taken", "refused", "deleted"):
            await bob.send(to_alice, text)
        await shows(alice, to_bob, ["taken", "refused", "deleted"])
        lines = {each.message.body: each for each in await alice.consume("hooks")}
        await alice.acknowledge("hooks", cursor=lines["taken"].cursor)
        for text in ("refused", "deleted"):
            await alice.dead_letter("hooks", cursor=lines[text].cursor, error="exit 1")
        assert await consumed(alice, "hooks") == []
        found = await alice.dead_letters()
        assert [(each.received.message.body, each.error) for each in found] == [
            ("refused", "exit 1"),
            ("deleted", "exit 1"),
        ]
        # Put aside again, it is one letter with the newer reason; erased, it is none.
        await alice.dead_letter("hooks", cursor=lines["refused"].cursor, error="exit 2")
        await alice.delete(lines["deleted"].message.id, for_everyone=False)
        (only,) = [
            each for each in await alice.dead_letters() if each.received.message.body == "refused"
        ]
        assert only.error == "exit 2"
        assert "deleted" not in [each.received.message.body for each in await alice.dead_letters()]
        await alice.dead_letter_drop("hooks", cursor=only.received.cursor)
        with pytest.raises(UserError, match="no dead letter"):
            await alice.dead_letter_drop("hooks", cursor=only.received.cursor)


class Died(BaseException):
    """What a power cut is to the process that it ends."""


async def dies(world: World, cursor: int, *, is_refused: bool) -> None:
    async with world.online("alice") as alice:
        if is_refused:
            await alice.dead_letter("hooks", cursor=cursor, error="exit 1")
        else:
            await alice.acknowledge("hooks", cursor=cursor)


@pytest.mark.parametrize("at", ["consumer.moved", "consumer.buried"])
async def test_who_dies_after_a_line_is_done_with_does_not_get_it_again(
    tmp_path: Path, at: str
) -> None:
    def die(point: str) -> None:
        if point == at:
            raise Died

    async with a_world(tmp_path) as world, world.online("bob") as bob:
        async with world.online("alice") as alice:
            to_alice, to_bob = await introduce(bob, alice)
            await bob.send(to_alice, "once")
            await shows(alice, to_bob, ["once"])
            line = next(each for each in await alice.consume("hooks") if each.type == "message")
        failpoints.observe(die)
        try:
            with pytest.raises(BaseException) as died:  # noqa: PT011  # Died, alone or in a group
                await dies(world, line.cursor, is_refused=at == "consumer.buried")
        finally:
            failpoints.observe(lambda _: None)
        assert died.errisinstance(Died) or died.group_contains(Died)
        async with world.online("alice") as alice:
            assert await consumed(alice, "hooks") == []
            assert len(await alice.dead_letters()) == int(at == "consumer.buried")
