"""What people show of themselves: that they have read, that they type, that they are there."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
import trio

from restante.client.grammar import preferences
from restante.client.grammar.signals import MAX_UNANSWERED
from restante.client.interface import TypingChanged
from restante.protocol.sync import RecordKind
from restante.store.client_records import RecordRow, put_record
from tests.client.two_people import Two, becomes, two_people
from tests.client.world import eventually, reaches, shows

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.engine import LocalEngine
    from restante.store.client_rows import Rows

RANKS = count(1 << 62)


async def switch(engine: LocalEngine, name: str, value: bytes) -> None:
    """Choose what is shown, as another device of the same account would have it."""

    def work(rows: Rows) -> None:
        row = RecordRow(
            kind=int(RecordKind.SETTING),
            key=name.encode(),
            rank=next(RANKS),
            device_id=b"d" * 16,
            value=value,
        )
        assert put_record(rows, row)

    await engine._context.write(work)


async def test_what_was_read_is_said_to_its_writer(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        first = await two.alice.send(two.to_bob, "one")
        second = await two.alice.send(two.to_bob, "two")
        third = await two.alice.send(two.to_bob, "three")
        await shows(two.bob, two.to_alice, ["one", "two", "three"])
        await two.bob.mark_read(two.to_alice, up_to=second.id)
        await reaches(two.alice, first, "read")
        await reaches(two.alice, second, "read")
        assert (await reaches(two.alice, third, "delivered")).state == "delivered"


@pytest.mark.parametrize("whose", ["alice", "bob"])
async def test_receipts_of_reading_are_given_and_taken_or_neither(
    tmp_path: Path, whose: str
) -> None:
    async with two_people(tmp_path) as two:
        await switch(getattr(two, whose), preferences.RECEIPTS, preferences.OFF)
        sent = await two.alice.send(two.to_bob, "seen?")
        await two.arrived(sent)
        await two.bob.mark_read(two.to_alice, up_to=sent.id)
        await reaches(two.alice, sent, "delivered")
        # All that Bob has to say of it has arrived: what he sends later is here.
        await two.bob.synchronise(timeout_s=30)
        await two.bob.send(two.to_alice, "marker")
        await shows(two.alice, two.to_bob, ["seen?", "marker"])
        assert (await two.alice.message(sent.id)).state == "delivered"


async def talked(two: Two) -> None:
    """Have both say something, so that their session is live."""
    await two.alice.send(two.to_bob, "hello")
    await shows(two.bob, two.to_alice, ["hello"])
    await two.bob.send(two.to_alice, "hi")
    await shows(two.alice, two.to_bob, ["hello", "hi"])


async def hears_typing(engine: LocalEngine, two: Two) -> list[bool]:
    """Return what Alice hears of Bob's typing before his next message."""
    heard: list[bool] = []
    async with engine.subscribe() as events:
        await two.bob.typing(two.to_alice, is_typing=True)
        await two.bob.typing(two.to_alice, is_typing=False)
        marker = await two.bob.send(two.to_alice, "marker")
        with trio.fail_after(30):
            async for event in events:
                if isinstance(event, TypingChanged):
                    assert event.conversation == two.to_bob
                    heard.append(event.is_typing)
                elif getattr(getattr(event, "message", None), "id", None) == marker.id:
                    return heard
    return heard


async def test_typing_is_shown_to_who_shows_it(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        await talked(two)
        for engine in (two.alice, two.bob):
            await switch(engine, preferences.TYPING, preferences.ON)
        assert await hears_typing(two.alice, two) == [True, False]


async def test_typing_is_not_shown_unless_both_do(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        await talked(two)
        assert await hears_typing(two.alice, two) == []
        await switch(two.bob, preferences.TYPING, preferences.ON)
        assert await hears_typing(two.alice, two) == []
        await switch(two.bob, preferences.TYPING, preferences.OFF)
        await switch(two.alice, preferences.TYPING, preferences.ON)
        assert await hears_typing(two.alice, two) == []


async def test_signals_to_who_is_away_lose_no_message(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        await talked(two)
        await switch(two.bob, preferences.TYPING, preferences.ON)
        await two.alice.send(two.to_bob, "bye")
        await shows(two.bob, two.to_alice, ["hello", "hi", "bye"])
        async with two.world.online("carol") as carol:
            from_carol = await carol.contact_add(await two.bob.contact_code())
            to_carol = (await two.bob.contact_add(await carol.contact_code())).key
            await carol.send(from_carol.key, "I am off")
            await shows(two.bob, to_carol, ["I am off"])
            await reaches(two.bob, await two.bob.send(to_carol, "ok"), "delivered")
        for number in range(3 * MAX_UNANSWERED):
            await two.bob.typing(to_carol, is_typing=number % 2 == 0)
        sent = await two.bob.send(to_carol, "are you back?")
        await reaches(two.bob, sent, "relayed")
        async with two.world.online("carol") as carol:
            await shows(carol, from_carol.key, ["I am off", "ok", "are you back?"])


async def test_presence_is_coarse_and_shown_to_who_shows_it(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        await talked(two)
        assert (await two.alice.conversations())[0].is_online is None
        for engine in (two.alice, two.bob):
            await switch(engine, preferences.PRESENCE, preferences.ON)
        await two.bob.retry_now()
        await two.bob._grammar().signals.say_present()

        async def look() -> bool:
            return (await two.alice.conversations())[0].is_online is True

        await eventually(two.alice, look)
        seen_at = (await two.alice.conversations())[0].seen_at
        assert seen_at is not None
        assert (int(seen_at[14:16]) % 5, seen_at[17:]) == (0, "00.000Z")
        await switch(two.alice, preferences.PRESENCE, preferences.OFF)
        assert (await two.alice.conversations())[0].is_online is None


async def test_a_message_read_twice_is_said_once(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        sent = await two.alice.send(two.to_bob, "one")
        await two.arrived(sent)
        await two.bob.mark_read(two.to_alice, up_to=sent.id)
        await becomes(two.alice, sent, lambda now: now.state == "read")
        lines = [line.type for line in await two.alice.consume("tail")]
        await two.bob.mark_read(two.to_alice, up_to=sent.id)
        await two.bob.send(two.to_alice, "marker")
        await shows(two.alice, two.to_bob, ["one", "marker"])
        assert [line.type for line in await two.alice.consume("tail")] == [*lines, "message"]
