"""What was said is found by words, person, time and kind; what was deleted or edited, no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from restante.client.engine import LocalEngine
from restante.errors import UserError
from tests.client.world import a_world, eventually, introduce, reaches


async def found(engine: LocalEngine, words: str = "", **wanted: str | None) -> list[str]:
    return [each.body for each in await engine.search(words, **wanted)]  # type: ignore[arg-type]


async def test_both_find_what_was_said_where_it_stands(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        first = await alice.send(to_bob, "Crème brûlée at the harbour")
        await alice.send(to_bob, "see https://example.org/harbour")
        last = await alice.send_location(to_bob, latitude=1, longitude=2, label="the harbour")
        await reaches(alice, last, "delivered")
        answer = await bob.send(to_alice, "harbour it is")
        await reaches(bob, answer, "delivered")

        own = await alice.resolve("self")
        assert await found(alice, "creme bru") == ["Crème brûlée at the harbour"]
        assert await found(alice, "harbour", sender=to_bob) == ["harbour it is"]
        assert len(await found(alice, "harbour", sender=own)) == 3
        assert await found(alice, "harbour", type="link") == ["see https://example.org/harbour"]
        assert await found(alice, type="location", conversation=to_bob) == ["geo:1,2 the harbour"]
        assert await found(alice, "harbour", conversation=own) == []
        assert await found(alice, "harbour", before=first.sent_at[:4] + "-01-01T00:00:00Z") == []

        for here in await bob.search("harbour"):
            there = await bob.messages(to_alice, start=here.position, count=1)
            assert [each.id for each in there] == [here.id]
        newest = (await bob.search("harbour", limit=1))[0]
        assert newest.body == "harbour it is"
        assert len(await bob.search("harbour", past=newest.id)) == 3

        await alice.edit(first.id, "Crème caramel at the pier")
        await alice.delete(last.id, for_everyone=True)

        async def is_gone() -> bool:
            return not await found(bob, "brulee") and not await found(bob, type="location")

        await eventually(bob, is_gone)
        assert await found(bob, "caramel") == ["Crème caramel at the pier"]


async def test_a_date_is_found_in_a_conversation(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        own = await alice.resolve("self")
        for number in range(3):
            said = await alice.send(own, f"note {number}")
        assert await alice.position_at(own, at="2001-01-01T00:00:00Z") == 0
        assert await alice.position_at(own, at="2999-01-01T00:00:00Z") == 3
        assert await alice.position_at(own, at=said.sent_at) in {0, 1, 2}
        assert await alice.position_at("ab" * 16, at=said.sent_at) == 0


async def test_what_is_no_question_is_refused_with_what_would_be(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        for asked, sentence in (
            ({}, "Say what to look for"),
            ({"words": " ", "since": "2026-01-01T00:00:00Z"}, "Say what to look for"),
            ({"words": "tea", "type": "gap"}, "There are: text"),
            ({"words": "tea", "since": "yesterday"}, "is no time"),
            ({"words": "tea", "sender": "bob"}, "no such conversation"),
            ({"words": "tea", "past": "bob"}, "message's id"),
        ):
            with pytest.raises(UserError, match=sentence):
                await alice.search(**asked)  # type: ignore[arg-type]
        assert await alice.search('"*) OR text : (') == []
