"""Positions, windows and unread counts are those of a plain sorted list, whatever is done to it.

Inserts come as single messages and as floods between two ranks, so that chunks split at their end
and in their middle; the model is a sorted list of keys.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from bisect import bisect_left, insort
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import pytest
import trio
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from restante.store import client_messages, client_summaries
from restante.store.client_messages import MessageRow
from restante.store.client_rows import Rows
from restante.store.errors import Corrupted
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver
from tests.rounds import rounds
from tests.store.made_rows import BOB, made_message
from tests.store.profiles import KEY, profile

RANKS = st.integers(min_value=0, max_value=40)
CHUNK_MAX = 1024


class HistoryMachine(RuleBasedStateMachine):
    """One conversation, in a real file and in a list."""

    template: Path

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "profile.db"
        shutil.copy(self.template, self.path)
        self.model: list[tuple[bytes, MessageRow]] = []
        self.open()

    def open(self) -> None:
        self.connection = sqlcipher_driver(DatabaseKey(KEY)).connect(self.path)
        self.connection.execute("PRAGMA synchronous = OFF")  # where things stand, not what lasts
        self.rows = Rows(self.connection)

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()
            self.folder.cleanup()

    @rule(rank=RANKS, is_theirs=st.booleans())
    def one_comes(self, rank: int, is_theirs: bool) -> None:
        row = self.make(rank)
        if not is_theirs:
            row = replace(row, received_at_ms=None)
        position = client_messages.insert_message(self.rows, row)
        assert position == bisect_left(self.model, (row.order_key,))
        insort(self.model, (row.order_key, row))

    @rule(low=RANKS, high=RANKS, count=st.integers(300, 1500), in_order=st.booleans())
    def many_come(self, low: int, high: int, count: int, in_order: bool) -> None:
        low, high = sorted((low, high))
        added = [self.make(self.chance.randint(low, high)) for _ in range(count)]
        if in_order:
            added.sort(key=lambda row: row.order_key)
        self.connection.execute("BEGIN")
        client_messages.insert_messages(self.rows, BOB, added)
        self.connection.execute("COMMIT")
        self.model = sorted([*self.model, *((row.order_key, row) for row in added)])

    @precondition(lambda self: self.model)
    @rule(where=st.floats(0, 1, exclude_max=True))
    def one_comes_again(self, where: float) -> None:
        row = self.at(where)
        assert client_messages.insert_message(self.rows, replace(row, text="again")) is None

    @precondition(lambda self: self.model)
    @rule(where=st.floats(0, 1, exclude_max=True), state=st.sampled_from(["delivered", "read"]))
    def a_state_changes(self, where: float, state: str) -> None:
        index = int(where * len(self.model))
        row = replace(self.model[index][1], state=state)
        placed = client_messages.update_state(self.rows, row.id, state, None)
        assert placed == client_messages.Placed(row=row, position=index)
        self.model[index] = (row.order_key, row)

    @precondition(lambda self: self.model)
    @rule(where=st.floats(0, 1, exclude_max=True))
    def all_is_read_up_to(self, where: float) -> None:
        last = self.at(where)
        expected = []
        for index, (key, row) in enumerate(self.model):
            if key <= last.order_key and row.received_at_ms is not None and row.state != "read":
                expected.append(row.id)
                self.model[index] = (key, replace(row, state="read"))
        assert client_summaries.mark_read(self.rows, BOB, last.id) == expected

    @precondition(lambda self: self.model)
    @rule(where=st.floats(0, 1, exclude_max=True), count=st.sampled_from([1, 40, 1100]))
    def some_are_erased(self, where: float, count: int) -> None:
        index = int(where * len(self.model))
        self.connection.execute("BEGIN")
        for _, row in self.model[index : index + count]:
            assert client_messages.delete_message(self.rows, row.id) == index
        self.connection.execute("COMMIT")
        del self.model[index : index + count]

    @rule()
    def the_program_ends_and_starts(self) -> None:
        self.connection.close()
        self.open()

    @invariant()
    def windows_and_positions_are_the_list_s(self) -> None:
        if not hasattr(self, "rows"):
            return
        total = len(self.model)
        assert client_messages.count(self.rows, BOB) == total
        for start in {0, 1, total // 2, total - 70, total - 1, total}:
            expected = [row for _, row in self.model[start : start + 64]] if start >= 0 else []
            assert client_messages.window(self.rows, BOB, start, 64) == expected
        for index in {self.chance.randrange(total) for _ in range(5)} if total else ():
            row = self.model[index][1]
            assert client_messages.position_of(self.rows, row.id) == index

    @invariant()
    def the_summary_is_the_list_s(self) -> None:
        if not hasattr(self, "rows"):
            return
        unread = [
            index
            for index, (_, row) in enumerate(self.model)
            if row.received_at_ms is not None and row.state == "delivered"
        ]
        assert client_summaries.unread(self.rows, BOB) == len(unread)
        summary = client_summaries.conversation_summary(self.rows, BOB)
        if summary is None:
            assert not self.model
            return
        assert summary.message_count == len(self.model)
        assert summary.unread_count == len(unread)
        assert summary.first_unread == (unread[0] if unread else None)
        assert summary.last == (self.model[-1][1] if self.model else None)

    @invariant()
    def no_chunk_is_too_large_and_none_but_the_first_is_empty(self) -> None:
        if not hasattr(self, "rows"):
            return
        chunks = self.connection.execute("SELECT first_key, size FROM chunks").fetchall()
        assert all(0 < size <= CHUNK_MAX for first_key, size in chunks if first_key)
        assert sum(size for _, size in chunks) == len(self.model)

    def make(self, rank: int) -> MessageRow:
        return made_message(self.chance, rank=rank)

    def at(self, where: float) -> MessageRow:
        return self.model[int(where * len(self.model))][1]


@pytest.mark.soak
def test_positions_are_those_of_a_sorted_list(tmp_path: Path) -> None:
    async def make_template() -> None:
        async with profile(tmp_path):
            pass

    trio.run(make_template)

    class Machine(HistoryMachine):
        template = tmp_path / "profile.db"

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=rounds(6, 400), stateful_step_count=rounds(15, 60), deadline=None
        ),
    )


async def test_a_history_that_only_grows_fills_its_chunks(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    added = [made_message(seeded_random, rank=rank) for rank in range(3 * CHUNK_MAX + 1)]
    async with profile(tmp_path) as db:
        await db.write(client_messages.insert_messages, BOB, added)
        sizes = await db.database.read_raw(
            lambda raw: [size for (size,) in raw.execute("SELECT size FROM chunks")]
        )
        assert sizes == [CHUNK_MAX, CHUNK_MAX, CHUNK_MAX, 1]
        assert await db.read(client_messages.window, BOB, 1000, 100) == added[1000:1100]


async def test_chunks_that_disagree_with_the_history_say_so(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    added = [made_message(seeded_random, rank=rank) for rank in range(9)]
    async with profile(tmp_path) as db:
        await db.write(client_messages.insert_messages, BOB, added)
        await db.database.write_raw(lambda raw: raw.execute("UPDATE chunks SET size = 2"))
        for start in (3, 5):
            with pytest.raises(Corrupted):
                await db.read(client_messages.window, BOB, start, 1)
