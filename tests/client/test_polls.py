"""People ask each other in polls, over a relay: all see the same votes, and the same end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.errors import UserError
from tests.client.linked import a_new_device, link
from tests.client.party import a_party, is_in
from tests.client.two_people import Two, becomes, two_people
from tests.client.world import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.client.interface import Message, Poll

DAYS = ["Monday", "Tuesday", "Friday"]


def votes(*expected: int) -> Callable[[Message], bool]:
    def look(message: Message) -> bool:
        return message.poll is not None and counts(message.poll) == list(expected)

    return look


def counts(poll: Poll | None) -> list[int]:
    return [] if poll is None else [each.count for each in poll.options]


async def sees(engine: LocalEngine, key: str, sent: Message) -> None:
    async def look() -> bool:
        found = await engine.messages(key, start=0, count=99)
        return any(each.id == sent.id for each in found)

    await eventually(engine, look)


async def refuses_what_is_no_poll(two: Two) -> None:
    alice, key = two.alice, two.to_bob

    async def refused(match: str, question: str, options: list[str], **more: str) -> None:
        with pytest.raises(UserError, match=match):
            await alice.send_poll(key, question=question, options=options, **more)

    await refused("question of a poll can't be empty", " \n", DAYS)
    await refused("2 to 12 options", "Which?", ["one"])
    await refused("2 to 12 options", "Which?", [str(each) for each in range(13)])
    await refused("the same", "Which?", ["one", "One"])
    await refused("at most 100", "Which?", ["a", "b" * 101])
    await refused("no time with a zone", "Which?", DAYS, closes_at="tomorrow")
    await refused("later than now", "Which?", DAYS, closes_at="2020-01-01T00:00:00Z")
    note = await alice.send(key, "no poll")
    with pytest.raises(UserError, match="no poll"):
        await alice.vote(note.id, [1])


async def test_two_people_vote_see_the_end_and_are_told_what_is_no_poll(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        asked = await two.alice.send_poll(two.to_bob, question=" Which  day?", options=DAYS)
        assert (asked.kind, asked.body.split("\n")[0]) == ("poll", "Which day?")
        await two.arrived(asked)
        await two.bob.vote(asked.id, [2])
        await becomes(two.alice, asked, votes(0, 1, 0))
        seen = (await two.alice.message(asked.id)).poll
        assert seen is not None
        assert seen.options[1].names == [two.world.address("bob")]
        await two.alice.vote(asked.id, [3])
        await two.bob.vote(asked.id, [3])
        await becomes(two.bob, asked, votes(0, 0, 2))
        await two.bob.vote(asked.id, [])
        await becomes(two.alice, asked, votes(0, 0, 1))
        with pytest.raises(UserError, match="Only one option"):
            await two.bob.vote(asked.id, [1, 2])
        with pytest.raises(UserError, match="options are 1 to 3"):
            await two.bob.vote(asked.id, [4])
        with pytest.raises(UserError, match="Only who asked"):
            await two.bob.close_poll(asked.id)
        await two.alice.close_poll(asked.id)
        await becomes(
            two.bob, asked, lambda each: each.poll is not None and each.poll.closed_at is not None
        )
        with pytest.raises(UserError, match="over"):
            await two.bob.vote(asked.id, [1])
        assert counts((await two.bob.message(asked.id)).poll) == [0, 0, 1]
        await refuses_what_is_no_poll(two)


async def test_readers_of_a_group_vote_and_who_was_removed_does_not(tmp_path: Path) -> None:
    async with a_party(tmp_path) as party:
        key = await party.group()
        await party.alice.group_set(key, may_post="admin")

        async def is_told() -> bool:
            line = (await party.bob.group(key)).conversation.group
            return line is not None and not line.may_post

        await eventually(party.bob, is_told)
        asked = await party.alice.send_poll(key, question="Which?", options=DAYS, multiple=True)
        for each in (party.bob, party.carol):
            await sees(each, key, asked)
        with pytest.raises(UserError, match="Only admins"):
            await party.bob.send_poll(key, question="Why?", options=DAYS)
        await party.bob.vote(asked.id, [1, 3])
        await party.carol.vote(asked.id, [3])
        for engine in (party.alice, party.bob, party.carol):
            await becomes(engine, asked, votes(1, 0, 2))
        await party.alice.group_remove(key, [party.to_carol])
        await is_in(party.bob, key, members=2)

        async def is_out() -> bool:
            line = (await party.carol.group(key)).conversation.group
            return line is not None and line.role is None

        await eventually(party.carol, is_out)
        with pytest.raises(UserError, match="not in"):
            await party.carol.vote(asked.id, [1])
        await party.bob.vote(asked.id, [2])
        await becomes(party.alice, asked, votes(0, 1, 1))


async def test_a_poll_and_its_votes_come_to_a_linked_device_which_votes_on(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        asked = await two.bob.send_poll(two.to_alice, question="Which?", options=DAYS)
        await sees(two.alice, two.to_bob, asked)
        await two.alice.vote(asked.id, [1])
        await becomes(two.bob, asked, votes(1, 0, 0))
        async with a_new_device(two.world, "laptop") as laptop:
            await link(two.alice, laptop)
            await sees(laptop, two.to_bob, asked)
            await becomes(laptop, asked, votes(1, 0, 0))
            poll = (await laptop.message(asked.id)).poll
            assert poll is not None
            assert [each.is_mine for each in poll.options] == [True, False, False]
            await laptop.vote(asked.id, [3])
            for engine in (two.bob, two.alice):
                await becomes(engine, asked, votes(0, 0, 1))
