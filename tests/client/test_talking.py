"""Two people with one relay between them: what one sends, the other reads, once and in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from restante.client.interface import ContactState, MessageAdded, Trust
from restante.errors import ExitCode, UserError
from tests.client.world import (
    TurnedClock,
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


async def test_a_text_is_read_and_the_receipt_comes_back(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        sent = await alice.send(to_bob, "Hello Bob")
        assert sent.state == "queued"
        await shows(bob, to_alice, ["Hello Bob"])
        await reaches(alice, sent, "delivered")


async def test_bob_offline_reads_everything_when_he_comes_back(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        async with world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        long_text = "Grüße, 世界, 🌍\n" * 400
        texts = ["one", "two", long_text]
        sent = [await alice.send(to_bob, text) for text in texts]
        for message in sent:
            await reaches(alice, message, "relayed")
        async with world.online("bob") as bob:
            await shows(bob, to_alice, texts)
            answer = await bob.send(to_alice, "all read")
            await shows(alice, to_bob, [*texts, "all read"])
            for message in sent:
                await reaches(alice, message, "delivered")
            await reaches(bob, answer, "delivered")


async def test_a_conversation_goes_on_after_both_restart(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
            await alice.send(to_bob, "first")
            await shows(bob, to_alice, ["first"])
            await bob.send(to_alice, "second")
            await shows(alice, to_bob, ["first", "second"])
        async with world.online("alice") as alice, world.online("bob") as bob:
            assert await bodies(alice, to_bob) == ["first", "second"]
            await alice.send(to_bob, "third")
            await shows(bob, to_alice, ["first", "second", "third"])


async def test_many_messages_both_ways_arrive_once_each(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(alice.send, to_bob, f"a{number}")
                nursery.start_soon(bob.send, to_alice, f"b{number}")
        expected = {f"{who}{number}" for who in "ab" for number in range(20)}

        async def all_here(engine: object, key: str) -> bool:
            found = await bodies(engine, key)  # type: ignore[arg-type]
            return len(found) == 40 and set(found) == expected

        await eventually(alice, lambda: all_here(alice, to_bob))
        await eventually(bob, lambda: all_here(bob, to_alice))
        assert await bodies(alice, to_bob) == await bodies(bob, to_alice)


async def test_the_same_message_id_is_one_message(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        once = await alice.send(to_bob, "once", message_id="ab" * 16)
        again = await alice.send(to_bob, "once", message_id="ab" * 16)
        assert once.id == again.id
        await alice.send(to_bob, "last")
        await shows(bob, to_alice, ["once", "last"])


async def test_an_answer_quotes_what_it_answers(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        question = await alice.send(to_bob, "Which day?\nThe 4th?")
        await shows(bob, to_alice, ["Which day?\nThe 4th?"])
        await bob.send(to_alice, "Yes", quote=question.id)
        await shows(alice, to_bob, ["Which day?\nThe 4th?", "Yes"])
        answer = (await alice.messages(to_bob, start=1, count=1))[0]
        assert answer.quote is not None
        assert answer.quote.message == question.id
        assert answer.quote.excerpt == "Which day? The 4th?"


async def test_a_subscriber_sees_a_message_appear_with_its_position(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        async with bob.subscribe() as events:
            await alice.send(to_bob, "hello")
            with trio.fail_after(30):
                async for event in events:
                    if isinstance(event, MessageAdded):
                        break
        assert event.message.body == "hello"
        assert (event.message.conversation, event.message.position) == (to_alice, 0)


async def test_a_code_makes_verified_and_an_address_does_not(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        by_address = await alice.contact_add(world.address("bob"))
        assert (by_address.trust, by_address.state) == (Trust.UNVERIFIED, ContactState.PENDING)
        by_code = await alice.contact_add(await bob.contact_code(), petname="Bobby")
        assert by_code.key == by_address.key
        assert (by_code.trust, by_code.petname) == (Trust.VERIFIED, "Bobby")
        assert await alice.resolve("bobby") == by_code.key
        assert await alice.resolve(world.address("bob")) == by_code.key


async def test_both_see_the_same_safety_number(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        ours = await alice.safety_number(to_bob)
        assert ours.digits == (await bob.safety_number(to_alice)).digits
        assert [len(group) for group in ours.digits.split()] == [5] * 12


async def test_a_clock_an_hour_off_hurts_nobody(tmp_path: Path) -> None:
    hour_ms = 3_600_000
    async with a_world(tmp_path) as world:
        fast, slow = TurnedClock(ahead_ms=hour_ms), TurnedClock(ahead_ms=-hour_ms)
        async with (
            world.online("alice", clock=fast) as alice,
            world.online("bob", clock=slow) as bob,
        ):
            to_bob, to_alice = await introduce(alice, bob)
            await alice.send(to_bob, "question")
            await shows(bob, to_alice, ["question"])
            await bob.send(to_alice, "answer")
            await shows(alice, to_bob, ["question", "answer"])
            assert await bodies(bob, to_alice) == ["question", "answer"]


async def test_a_clock_set_back_by_an_hour_holds_nothing_up(tmp_path: Path) -> None:
    clock = TurnedClock(ahead_ms=3_600_000)
    async with (
        a_world(tmp_path) as world,
        world.online("alice", clock=clock) as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await alice.send(to_bob, "before")
        await shows(bob, to_alice, ["before"])
        clock.ahead_ms = 0
        await alice.send(to_bob, "after")
        await shows(bob, to_alice, ["before", "after"])


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty"), (" \n\t", "empty"), ("\ud800", "Unicode")],
)
async def test_what_is_no_message_is_refused(tmp_path: Path, text: str, says: str) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, _ = await introduce(alice, bob)
        with pytest.raises(UserError, match=says):
            await alice.send(to_bob, text)
        assert await bodies(alice, to_bob) == []


async def test_the_longest_message_arrives_whole(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        longest = "ä" * 25_000
        await alice.send(to_bob, longest)
        await shows(bob, to_alice, [longest])


async def test_a_name_that_means_several_lists_them(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as _bob,
        world.online("bobby") as _bobby,
    ):
        await alice.contact_add(world.address("bob"))
        await alice.contact_add(world.address("bobby"))
        with pytest.raises(UserError, match=r"bob@.*bobby@") as refused:
            await alice.resolve("bo")
        assert refused.value.exit_code is ExitCode.FIXABLE
        with pytest.raises(UserError, match="no contact"):
            await alice.resolve("zoe")


async def test_what_was_read_is_no_longer_unread(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await alice.send(to_bob, "one")
        last = await alice.send(to_bob, "two")
        await shows(bob, to_alice, ["one", "two"])
        line = (await bob.conversations())[0]
        assert (line.unread_count, line.first_unread) == (2, 0)
        await bob.mark_read(await the_conversation(bob), up_to=last.id)
        assert (await bob.conversations())[0].unread_count == 0


async def test_the_feed_shows_each_arrival_once_to_each_consumer(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        await alice.send(to_bob, "one")
        await alice.send(to_bob, "two")
        await shows(bob, to_alice, ["one", "two"])
        lines = await bob.consume("tail")
        assert [line.message.body for line in lines] == ["one", "two"]
        assert await bob.consume("tail") == lines
        await bob.acknowledge("tail", cursor=lines[0].cursor)
        assert [line.message.body for line in await bob.consume("tail")] == ["two"]
        assert [line.message.body for line in await bob.consume("other")] == ["one", "two"]


async def test_a_line_of_the_feed_says_how_far_a_message_had_come_by_then(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        world.online("alice") as alice,
        world.online("bob") as bob,
    ):
        to_bob, to_alice = await introduce(alice, bob)
        sent = await reaches(alice, await alice.send(to_bob, "one"), "delivered")
        await bob.mark_read(to_alice, up_to=sent.id)
        await reaches(alice, sent, "read")
        lines = await alice.consume("tail")
        assert [line.message.state for line in lines] == ["delivered", "read"]
