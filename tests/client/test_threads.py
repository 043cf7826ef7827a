"""A thread is what leads to a message by its quotes, in whichever order all of it came."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from restante.client.changes import Changes
from restante.client.engine import LocalEngine
from restante.client.grammar.hiding import apply_hidden
from restante.client.interface import MessageAdded, MessageChanged
from restante.errors import UserError
from restante.protocol.content import Deletion, Quote
from restante.store.client_messages import insert_messages, message
from restante.store.client_rows import Rows
from restante.store.client_sql import SQL
from restante.store.client_threads import (
    MAX_COUNTED,
    MAX_WALKED,
    answers,
    count_answers,
    first_of_thread,
)
from tests.client.said import BOB, arrive, content, text
from tests.client.two_people import two_people
from tests.client.world import reaches
from tests.rounds import rounds
from tests.store.made_rows import made_message
from tests.store.profiles import Profile, profile

CAROL = b"carol-----------"


def named(name: str) -> bytes:
    return name.encode().ljust(16, b"-")


def said(name: str, *, to: str | None = None, rank: int = 1, words: str = "") -> object:
    quote = None if to is None else Quote(message=named(to), excerpt="")
    return content(text(words or name, quote=quote), id=name.encode(), rank=(1 << 40) + rank)


TREE = [
    said("root"),
    said("a", to="root", rank=2),
    said("b", to="a", rank=3),
    said("c", to="root", rank=4),
    said("d", to="b", rank=5),
    said("else", rank=6),
    said("reply", to="else", rank=7),
]


async def thread_ids(db: Profile, name: str) -> list[str]:
    first = await db.read(first_of_thread, BOB, named(name))
    found = [first, *await db.read(answers, BOB, first)]
    return [each.rstrip(b"-").decode() for each in found]


@pytest.mark.parametrize("seed", range(3))
async def test_a_thread_is_the_same_in_whichever_order_it_came(tmp_path: Path, seed: int) -> None:
    shuffled = list(TREE)
    random.Random(seed).shuffle(shuffled)
    async with profile(tmp_path) as db:
        for each in shuffled:
            await db.write(arrive, each)
        for name in ("root", "a", "b", "c", "d"):
            assert await thread_ids(db, name) == ["root", "a", "b", "c", "d"]
        assert await thread_ids(db, "reply") == ["else", "reply"]
        assert await db.read(count_answers, BOB, named("root")) == 4


async def test_quotes_that_lead_in_a_circle_are_one_thread(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        for each in (
            said("one", to="two"),
            said("two", to="one", rank=2),
            said("self", to="self", rank=3),
            said("into", to="two", rank=4),
        ):
            await db.write(arrive, each)
        for name in ("one", "two", "into"):
            assert await thread_ids(db, name) == ["one", "two", "into"]
        assert await thread_ids(db, "self") == ["self"]


async def test_a_thread_stays_in_its_conversation(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await db.write(arrive, said("root"))
        foreign = said("foreign", to="root", rank=2)
        await db.write(
            lambda rows: arrive(rows, foreign, author=CAROL, conversation=CAROL)  # type: ignore[arg-type]
        )
        assert await thread_ids(db, "root") == ["root"]
        assert await db.read(count_answers, BOB, named("root")) == 0


async def test_what_is_deleted_in_the_middle_begins_a_thread_of_its_own(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        for each in TREE:
            await db.write(arrive, each)
        changes = Changes()
        gone = content(Deletion(message=named("b")), id=b"deletion", rank=(1 << 40) + 9)
        await db.write(lambda rows: arrive(rows, gone, changes=changes))
        assert await thread_ids(db, "root") == ["root", "a", "c"]
        assert await thread_ids(db, "d") == ["b", "d"]
        assert named("root") in {each.row.id for each in changes.changed}

        await db.write(lambda rows: apply_hidden(rows, Changes(), named("root")))
        assert await db.read(message, named("root")) is None
        assert await thread_ids(db, "c") == ["root", "a", "c"]


async def test_a_thread_of_any_length_is_walked_so_far(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    async with profile(tmp_path) as db:
        length = rounds(MAX_COUNTED + 50, MAX_WALKED + 50)
        chain = [made_message(seeded_random, rank=n + 1) for n in range(length)]
        quoting = [
            made_message(seeded_random, rank=row.rank, id=row.id, quote_id=before.id)
            for before, row in pairwise(chain)
        ]
        await db.write(insert_messages, BOB, [chain[0], *quoting])
        assert await db.read(count_answers, BOB, chain[0].id) == MAX_COUNTED
        assert len(await db.read(answers, BOB, chain[0].id)) == min(length - 1, MAX_WALKED)
        last = chain[min(length, MAX_WALKED) - 1].id
        assert await db.read(first_of_thread, BOB, last) == chain[0].id


async def read(engine: LocalEngine, message_id: str) -> list[str]:
    thread = await engine.thread(message_id)
    assert thread.count == len(thread.messages)
    return [each.body for each in thread.messages]


async def test_both_see_the_same_thread_and_how_long_it_is(tmp_path: Path) -> None:
    async with two_people(tmp_path) as two:
        root = await two.alice.send(two.to_bob, "Lunch?")
        await two.arrived(root)
        async with two.alice.subscribe() as events:
            one = await two.bob.send(two.to_alice, "Where?", quote=root.id)
            await reaches(two.bob, one, "delivered")
            seen = []
            async for event in events:
                if isinstance(event, MessageAdded | MessageChanged):
                    seen.append((event.message.body, event.message.answers))
                if ("Lunch?", 1) in seen:
                    break
        assert ("Where?", 0) in seen
        two_ = await two.alice.send(two.to_bob, "At Luigi's", quote=one.id)
        await two.alice.send(two.to_bob, "By the way")
        await two.arrived(two_)
        for each in (root, one, two_):
            assert await read(two.bob, each.id) == ["Lunch?", "Where?", "At Luigi's"]
            assert await read(two.alice, each.id) == ["Lunch?", "Where?", "At Luigi's"]
        assert (await two.bob.message(root.id)).answers == 2
        part = await two.bob.thread(two_.id, start=1, count=1)
        assert (part.first, part.is_whole, part.count) == (root.id, True, 3)
        assert [each.body for each in part.messages] == ["Where?"]
        with pytest.raises(UserError, match="no message"):
            await two.bob.thread("00" * 16)


async def test_a_thread_costs_its_answers_and_not_its_conversation(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:

        def plan(rows: Rows) -> str:
            sql, names, _ = SQL["threads.ANSWERS"]
            found = rows._connection.execute(f"EXPLAIN QUERY PLAN {sql}", tuple(1 for _ in names))
            return str(found.fetchall())

        assert "COVERING INDEX messages_quoting (quote_id=? AND conversation=?)" in await db.read(
            plan
        )
