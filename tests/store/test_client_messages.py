"""History: filed by key, found by id and position, counted, read, erased."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from restante.store import client_conversations, client_feed, client_messages, client_summaries
from restante.store.client_messages import MessageRow, Placed
from restante.store.errors import Conflict
from tests.store.made_rows import ANN, BOB, PHONE, made_id, made_message
from tests.store.profiles import Profile, profile

GROUP = b"a group of three"


async def _insert(db: Profile, *rows: MessageRow) -> list[int | None]:
    return [await db.write(client_messages.insert_message, row) for row in rows]


async def _window(db: Profile, start: int = 0, count: int = 512) -> list[MessageRow]:
    return await db.read(client_messages.window, BOB, start, count)


async def test_a_message_survives_reopening_whole(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    full = made_message(
        seeded_random,
        rank=5,
        received_at_ms=None,
        error="The relay refused it.",
        state="failed",
        quote_id=made_id(seeded_random),
        quote_excerpt="as I said",
        expires_at_ms=99,
        text="Zażółć gęślą jaźń 🦊\nnext line",
        body=bytes(range(256)),
    )
    bare = made_message(seeded_random, rank=6, text="", body=b"")
    async with profile(tmp_path) as db:
        assert await _insert(db, full, bare) == [0, 1]
    async with profile(tmp_path) as db:
        assert await _window(db) == [full, bare]
        assert await db.read(client_messages.message, full.id) == full
        assert await db.read(client_messages.message, made_id(seeded_random)) is None


async def test_an_id_is_filed_once_whatever_comes_under_it(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    row = made_message(seeded_random, rank=5)
    other_rank = replace(row, rank=1, order_key=bytes(7) + b"\x01" + row.id, text="changed")
    elsewhere = replace(row, conversation=GROUP)
    async with profile(tmp_path) as db:
        assert await _insert(db, row, row, other_rank, elsewhere) == [0, None, None, None]
        assert await _window(db) == [row]
        assert await db.read(client_messages.count, BOB) == 1
        assert await db.read(client_messages.count, GROUP) == 0


async def test_an_order_key_of_another_message_is_refused(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    row = made_message(seeded_random, rank=5)
    async with profile(tmp_path) as db:
        with pytest.raises(Conflict):
            await _insert(db, replace(row, id=made_id(seeded_random)))
        assert await _window(db) == []


async def test_what_comes_late_is_filed_in_the_middle(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    first, middle, last = (made_message(seeded_random, rank=rank) for rank in (1, 2, 3))
    async with profile(tmp_path) as db:
        assert await _insert(db, first, last, middle) == [0, 1, 1]
        assert await _window(db) == [first, middle, last]
        for position, row in enumerate((first, middle, last)):
            found = await db.read(client_messages.position_of, row.id)
            assert found == position
        assert await _window(db, 1, 1) == [middle]
        assert await _window(db, 3, 1) == await _window(db, -1, 2) == await _window(db, 0, 0) == []


async def test_equal_ranks_are_ordered_by_id(tmp_path: Path, seeded_random: random.Random) -> None:
    rows = [made_message(seeded_random, rank=7) for _ in range(9)]
    async with profile(tmp_path) as db:
        await _insert(db, *rows)
        assert await _window(db) == sorted(rows, key=lambda row: row.id)


async def test_a_state_changes_and_the_message_is_told_with_its_place(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    rows = [made_message(seeded_random, rank=rank, received_at_ms=None) for rank in (1, 2)]
    async with profile(tmp_path) as db:
        await _insert(db, *rows)

        async def update(message_id: bytes, error: str | None) -> Placed | None:
            return await db.write(client_messages.update_state, message_id, "failed", error)

        changed = replace(rows[1], state="failed", error="Too large.")
        assert await update(rows[1].id, "Too large.") == Placed(row=changed, position=1)
        assert await update(made_id(seeded_random), None) is None
        assert await _window(db) == [rows[0], changed]


async def test_an_erased_message_moves_those_after_it(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    rows = [made_message(seeded_random, rank=rank) for rank in (1, 2, 3)]
    async with profile(tmp_path) as db:
        await _insert(db, *rows)
        await db.write(client_feed.append_feed, "message", rows[1].id, at_ms=1)
        erase = client_messages.delete_message
        assert await db.write(erase, rows[1].id) == 1
        assert await db.write(erase, rows[1].id) is None
        assert await _window(db) == [rows[0], rows[2]]
        assert await db.read(client_messages.position_of, rows[2].id) == 1
        assert await db.read(client_feed.feed_after, 0, 10) == []
        summary = await db.read(client_summaries.conversation_summary, BOB)
        assert summary is not None
        assert (summary.message_count, summary.unread_count) == (2, 2)


async def test_heads_are_the_last_messages_that_others_know(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    rows = [made_message(seeded_random, rank=rank) for rank in range(12)]
    gap = made_message(seeded_random, rank=100, counter=0, kind="gap")
    async with profile(tmp_path) as db:
        heads = client_messages.heads
        assert await db.read(heads, BOB) == []
        await _insert(db, *rows, gap)
        assert await db.read(heads, BOB) == [row.id for row in rows[:3:-1]]
        assert await db.read(heads, BOB, limit=1) == [rows[-1].id]


async def test_reading_up_to_a_message_reads_no_further(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    theirs = [made_message(seeded_random, rank=rank) for rank in (1, 2, 5)]
    mine = made_message(seeded_random, rank=3, received_at_ms=None, author=ANN, state="delivered")
    elsewhere = made_message(seeded_random, rank=1, conversation=GROUP)
    async with profile(tmp_path) as db:
        await _insert(db, *theirs, mine, elsewhere)

        async def read_up_to(message_id: bytes) -> list[bytes]:
            return await db.write(client_summaries.mark_read, BOB, message_id)

        assert await db.read(client_summaries.unread, BOB) == 3
        assert await read_up_to(elsewhere.id) == []
        assert await read_up_to(mine.id) == [theirs[0].id, theirs[1].id]
        assert await read_up_to(mine.id) == []
        window = await _window(db)
        assert [row.state for row in window] == ["read", "read", "delivered", "delivered"]
        summary = await db.read(client_summaries.conversation_summary, BOB)
        assert summary is not None
        assert (summary.unread_count, summary.first_unread) == (1, 3)
        assert await db.read(client_summaries.unread, GROUP) == 1


async def test_the_conversation_with_the_newest_message_comes_first(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    old = made_message(seeded_random, rank=1, conversation=GROUP)
    new = made_message(seeded_random, rank=2)
    async with profile(tmp_path) as db:
        await db.write(client_conversations.set_clock, ANN, 1)
        await _insert(db, old, new)

        async def keys() -> list[bytes]:
            found = await db.read(client_summaries.conversation_summaries)
            return [each.conversation for each in found]

        assert await keys() == [BOB, GROUP, ANN]
        await _insert(db, made_message(seeded_random, rank=3, conversation=GROUP))
        assert await keys() == [GROUP, BOB, ANN]
        empty = await db.read(client_summaries.conversation_summary, ANN)
        assert empty is not None
        assert (empty.message_count, empty.unread_count, empty.first_unread, empty.last) == (
            0,
            0,
            None,
            None,
        )
        nobody = await db.read(client_summaries.conversation_summary, PHONE)
        assert nobody is None


async def test_own_counters_grow_by_one_and_the_clock_is_kept(tmp_path: Path) -> None:
    count_up = client_conversations.next_counter
    async with profile(tmp_path) as db:
        assert [await db.write(count_up, BOB) for _ in range(3)] == [1, 2, 3]
        assert await db.write(count_up, GROUP) == 1
        assert await db.read(client_conversations.clock, BOB) == 0
        await db.write(client_conversations.set_clock, BOB, 2**62)
    async with profile(tmp_path) as db:
        assert await db.write(count_up, BOB) == 4
        assert await db.read(client_conversations.clock, BOB) == 2**62


async def test_a_counter_that_skips_shows_a_gap_until_it_is_filled(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:

        async def note(counter: int) -> list[int]:
            return await db.write(client_conversations.note_counter, BOB, PHONE, counter)

        async def missing() -> list[int]:
            gaps = await db.read(client_conversations.gaps, BOB)
            return [counter for _, counter in gaps]

        assert await note(1) == []
        assert await note(4) == [2, 3]
        assert await note(4) == []
        assert await missing() == [2, 3]
        assert await db.read(client_conversations.is_missing, BOB, PHONE, 3)
        assert await note(3) == []
        assert not await db.read(client_conversations.is_missing, BOB, PHONE, 3)
        assert await missing() == [2]
        assert await note(6) == [5]
        assert await missing() == [2, 5]


async def test_a_counter_out_of_all_reason_notes_a_bounded_gap(tmp_path: Path) -> None:
    highest = 2**63 - 1
    async with profile(tmp_path) as db:
        note = client_conversations.note_counter
        missing = await db.write(note, BOB, PHONE, highest)
        assert len(missing) == client_conversations.MAX_MISSING
        assert missing[-1] == highest - 1
        assert await db.write(note, BOB, PHONE, 7) == []


async def test_a_message_gets_its_counter_when_it_is_sealed_and_is_found_by_it(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    row = made_message(seeded_random, rank=1, counter=0, received_at_ms=None)
    local = made_message(seeded_random, rank=2, counter=0, kind="gap")
    async with profile(tmp_path) as db:
        await _insert(db, row, local)
        by_counter = client_messages.message_by_counter
        assert await db.read(by_counter, BOB, PHONE, 0) is None
        await db.write(client_messages.assign_counter, row.id, counter=7, body=b"with seven")
        counted = replace(row, counter=7, body=b"with seven")
        assert await db.read(by_counter, BOB, PHONE, 7) == counted
        assert await db.read(by_counter, GROUP, PHONE, 7) is None
        assert await db.read(by_counter, BOB, ANN, 7) is None


async def test_messages_whose_time_is_over_are_listed_by_state(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    rows = [
        made_message(seeded_random, rank=rank, received_at_ms=None, state="relayed")
        for rank in range(4)
    ]
    async with profile(tmp_path) as db:
        await _insert(db, *rows)
        for row, expires_at_ms in zip(rows, (30, 10, 20, None), strict=True):
            await db.write(client_messages.set_expiry, row.id, expires_at_ms)
        await db.write(client_messages.update_state, rows[2].id, "delivered", None)

        async def over(now_ms: int, limit: int = 10) -> list[bytes]:
            found = await db.read(client_messages.expiring, now_ms, limit, state="relayed")
            return [row.id for row in found]

        assert await over(9) == []
        assert await over(30) == [rows[1].id, rows[0].id]
        assert await over(30, limit=1) == [rows[1].id]
        await db.write(client_messages.set_expiry, rows[1].id, None)
        assert await over(30) == [rows[0].id]
