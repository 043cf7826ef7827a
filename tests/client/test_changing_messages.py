"""What is done to a message is the same for both sides: edits, deletions, reactions, pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.errors import UserError
from tests.client.two_people import becomes, two_people
from tests.client.world import bodies, shows

if TYPE_CHECKING:
    from pathlib import Path


async def test_an_edit_is_seen_by_both_with_its_history(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send(two.to_bob, "helo")
        edited = await two.alice.edit(sent.id, "hello")
        assert (edited.body, edited.edited, edited.position) == ("hello", True, 0)
        await two.alice.edit(sent.id, "hello!")
        await shows(two.bob, two.to_alice, ["hello!"])
        seen = await two.bob.message(sent.id)
        assert seen.edited
        assert seen.edited_at is not None
        for engine in (two.alice, two.bob):
            history = await engine.edits(sent.id)
            assert [each.body for each in history] == ["helo", "hello", "hello!"]


async def test_what_is_deleted_for_everyone_is_gone_for_both(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send(two.to_bob, "a secret")
        await two.arrived(sent)
        answer = await two.bob.send(two.to_alice, "oh", quote=sent.id)
        await shows(two.alice, two.to_bob, ["a secret", "oh"])
        await two.alice.react(answer.id, "👍")
        await two.alice.delete(sent.id, for_everyone=True)
        assert await bodies(two.alice, two.to_bob) == ["[deleted]", "oh"]
        await shows(two.bob, two.to_alice, ["[deleted]", "oh"])
        for engine in (two.alice, two.bob):
            assert (await engine.message(sent.id)).body == ""
            quote = (await engine.message(answer.id)).quote
            assert quote is not None
            assert (quote.message, quote.excerpt) == (sent.id, "")
            with pytest.raises(UserError, match="deleted"):
                await engine.react(sent.id, "👍")


async def test_what_is_deleted_for_oneself_stays_with_the_other(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send(two.to_bob, "one")
        await two.alice.send(two.to_bob, "two")
        await shows(two.bob, two.to_alice, ["one", "two"])
        await two.bob.delete(sent.id, for_everyone=False)
        assert await bodies(two.bob, two.to_alice) == ["two"]
        assert await bodies(two.alice, two.to_bob) == ["one", "two"]


async def test_each_has_one_reaction_and_may_take_it_back(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send(two.to_bob, "lunch?")
        await two.arrived(sent)
        await two.bob.react(sent.id, "👍")
        await becomes(two.alice, sent, lambda m: [r.emoji for r in m.reactions] == ["👍"])
        mine = await two.alice.react(sent.id, "👍")
        assert [(r.count, r.is_mine) for r in mine.reactions] == [(2, True)]
        await two.bob.react(sent.id, "🎉")
        await becomes(two.alice, sent, lambda m: [r.emoji for r in m.reactions] == ["👍", "🎉"])
        await two.bob.react(sent.id, "")
        await becomes(two.alice, sent, lambda m: [r.emoji for r in m.reactions] == ["👍"])
        await becomes(two.bob, sent, lambda m: [r.is_mine for r in m.reactions] == [False])
        assert (await two.bob.message(sent.id)).reactions[0].names == [two.world.address("alice")]


async def test_a_pin_is_everybodys(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        first = await two.alice.send(two.to_bob, "the address")
        await two.alice.send(two.to_bob, "chatter")
        await two.arrived(first)
        await two.bob.pin(first.id, pinned=True)
        await becomes(two.alice, first, lambda m: m.pinned)
        assert [m.id for m in await two.alice.pinned(two.to_bob)] == [first.id]
        await two.alice.pin(first.id, pinned=False)
        await becomes(two.bob, first, lambda m: not m.pinned)
        assert await two.bob.pinned(two.to_alice) == []


async def test_others_messages_are_theirs(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send(two.to_bob, "mine")
        await two.arrived(sent)
        with pytest.raises(UserError, match="your own"):
            await two.bob.edit(sent.id, "yours")
        with pytest.raises(UserError, match="your own"):
            await two.bob.delete(sent.id, for_everyone=True)


async def test_what_nobody_has_heard_of_leaves_no_trace(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        old = await two.alice.send(two.to_bob, "old")
        await shows(two.bob, two.to_alice, ["old"])
        await two.world.relay.stop()
        sent = await two.alice.send(two.to_bob, "a secret")
        await two.alice.edit(sent.id, "a better secret")
        await two.alice.delete(sent.id, for_everyone=True)
        assert await bodies(two.alice, two.to_bob) == ["old"]
        assert (await two.alice.status()).outbox_count == 0
        # Of what was relayed the deletion alone goes out, not what it makes worthless.
        await two.alice.edit(old.id, "older")
        await two.alice.react(old.id, "👍")
        await two.alice.delete(old.id, for_everyone=True)
        assert (await two.alice.status()).outbox_count == 1
        await two.world.relay.start()
        await two.alice.retry_now()
        await two.bob.retry_now()
        await shows(two.bob, two.to_alice, ["[deleted]"])
        # The counters are right: what comes next reveals no gap.
        await two.alice.send(two.to_bob, "next")
        await shows(two.bob, two.to_alice, ["[deleted]", "next"])


async def test_who_reads_what_arrives_hears_of_changes(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send(two.to_bob, "one")
        await shows(two.bob, two.to_alice, ["one"])
        await two.alice.edit(sent.id, "two")
        await two.alice.pin(sent.id, pinned=True)
        await becomes(two.bob, sent, lambda now: now.pinned)
        await two.bob.react(sent.id, "👍")  # what one does oneself is no news
        lines = await two.bob.consume("bot")
        assert [line.type for line in lines] == ["message", "change", "change"]
        assert {line.message.body for line in lines} == {"two"}
        await two.alice.delete(sent.id, for_everyone=True)
        await becomes(two.bob, sent, lambda now: now.kind == "deleted")
        assert [line.message.body for line in await two.bob.consume("bot")] == [""] * 4
