"""Under way: the outbox, what was dealt with, receipts that are owed, and the feed."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from restante.store import (
    client_consumers,
    client_feed,
    client_inbox,
    client_messages,
    client_outbox,
)
from restante.store.client_inbox import ReceiptRow
from restante.store.client_outbox import OutboxRow
from restante.store.errors import Conflict
from tests.store.made_rows import ANN, BOB, PHONE, made_entry, made_id, made_message
from tests.store.profiles import Profile, profile

DELIVERED, READ = 1, 2


async def _enqueue(db: Profile, *rows: OutboxRow) -> None:
    for row in rows:
        await db.write(client_outbox.enqueue, row)


async def _due(db: Profile, now_ms: int, limit: int = 100) -> list[OutboxRow]:
    return await db.read(client_outbox.due, now_ms, limit)


async def test_entries_come_due_in_the_order_they_were_added(tmp_path: Path) -> None:
    rows = [made_entry(bytes([n]) * 16, next_attempt_ms=at) for n, at in enumerate((9, 3, 5, 3))]
    parked = made_entry(b"parked----------", next_attempt_ms=None)
    async with profile(tmp_path) as db:
        await _enqueue(db, *rows, parked)
    async with profile(tmp_path) as db:
        assert await _due(db, 2) == []
        assert await _due(db, 3) == [rows[1], rows[3]]
        assert await _due(db, 5) == rows[1:]
        assert await _due(db, 9) == rows
        assert await _due(db, 9, limit=2) == rows[:2]
        assert await db.read(client_outbox.next_due_ms) == 3
        assert await db.read(client_outbox.outbox_entries) == [*rows, parked]
        assert await db.write(client_outbox.wake, 3) == 2
        assert [row.id for row in await _due(db, 3)] == [row.id for row in rows]
        for row in rows:
            await db.write(client_outbox.delete, row.id)
        assert await db.read(client_outbox.next_due_ms) is None
        assert await db.read(client_outbox.count) == 1


async def test_one_relay_does_not_crowd_out_another(tmp_path: Path) -> None:
    slow = [made_entry(bytes([n]) * 16, relay="slow", message_id=b"m" * 16) for n in range(5)]
    fast = made_entry(b"f" * 16, relay="fast", message_id=b"n" * 16)
    later = made_entry(b"l" * 16, relay="later", next_attempt_ms=9)
    async with profile(tmp_path) as db:
        await _enqueue(db, *slow, fast, later)
        assert await db.read(client_outbox.relays_due, 5) == ["fast", "slow"]
        assert await db.read(client_outbox.due, 5, 2, relay="fast") == [fast]
        assert await db.read(client_outbox.due, 5, 2, relay="slow") == slow[:2]
        assert await db.read(client_outbox.due, 5, 2, relay="later") == []
        assert await db.read(client_outbox.count) == 7
        assert await db.read(client_outbox.count_messages) == 2


async def test_an_entry_is_sealed_marked_and_done_with(tmp_path: Path) -> None:
    row = made_entry(b"entry-----------", message_id=b"message---------")
    sealed = replace(row, envelope_id=b"e" * 16, device_id=PHONE, payload=b"p" * 4096, relay="r")
    tried = replace(sealed, state="sent", attempts=1, next_attempt_ms=70, was_sent=True)
    async with profile(tmp_path) as db:
        await _enqueue(db, row)
        with pytest.raises(Conflict):
            await _enqueue(db, row)
        await db.write(
            client_outbox.save_sealed,
            row.id,
            envelope_id=b"e" * 16,
            device_id=PHONE,
            payload=b"p" * 4096,
            relay="r",
        )
        assert await db.read(client_outbox.outbox_entry, row.id) == sealed
        await db.write(
            client_outbox.mark, row.id, state="sent", attempts=1, next_attempt_ms=70, was_sent=True
        )
        by_message = client_outbox.by_message
        assert await db.read(by_message, b"message---------") == [tried]
        assert await db.read(client_outbox.by_account, BOB) == [tried]
        await db.write(client_outbox.delete, row.id)
        assert await db.read(client_outbox.outbox_entry, row.id) is None
        assert await db.read(client_outbox.count) == 0


async def test_an_envelope_is_dealt_with_once_until_it_is_forgotten(tmp_path: Path) -> None:
    envelope = b"e" * 16
    async with profile(tmp_path) as db:
        is_processed = client_inbox.is_processed
        assert not await db.read(is_processed, envelope)
        for now_s in (100, 200):
            await db.write(client_inbox.mark_processed, envelope, now_s)
        assert await db.write(client_inbox.prune, 100) == 0
        assert await db.read(is_processed, envelope)
        assert await db.write(client_inbox.prune, 101) == 1
        assert not await db.read(is_processed, envelope)


async def test_receipts_are_owed_once_and_read_says_delivered(tmp_path: Path) -> None:
    owed = [(BOB, b"1" * 16, READ), (BOB, b"1" * 16, DELIVERED), (BOB, b"2" * 16, DELIVERED)]
    async with profile(tmp_path) as db:
        for account, message, state in [*owed, (ANN, b"3" * 16, DELIVERED)]:
            await db.write(client_inbox.queue_receipt, account, message, state)
        assert await db.read(client_inbox.count_receipts) == 3
        first = await db.write(client_inbox.take_receipts, 2)
        assert first == [
            ReceiptRow(account_id=ANN, message_id=b"3" * 16, state=DELIVERED),
            ReceiptRow(account_id=BOB, message_id=b"2" * 16, state=DELIVERED),
        ]
        rest = await db.write(client_inbox.take_receipts)
        assert rest == [ReceiptRow(account_id=BOB, message_id=b"1" * 16, state=READ)]
        assert await db.write(client_inbox.take_receipts) == []


async def test_the_feed_shows_each_message_as_it_stands(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    late, early = (made_message(seeded_random, rank=rank) for rank in (2, 1))
    async with profile(tmp_path) as db:

        async def append(message_id: bytes, type_: str, detail: str | None = None) -> int:
            return await db.write(
                client_feed.append_feed, type_, message_id, at_ms=7, detail=detail
            )

        for row in (late, early):
            await db.write(client_messages.insert_message, row)
        cursors = [await append(late.id, "message"), await append(early.id, "gap", "two are lost")]
        assert cursors == [1, 2]
        await db.write(client_messages.update_state, late.id, "read", None)
        lines = await db.read(client_feed.feed_after, 0, 10)
        assert [(line.cursor, line.type, line.detail, line.position) for line in lines] == [
            (1, "message", None, 1),
            (2, "gap", "two are lost", 0),
        ]
        assert [line.message for line in lines] == [replace(late, state="read"), early]
        assert len(await db.read(client_feed.feed_after, 0, 1)) == 1
        assert await db.read(client_feed.feed_after, 2, 10) == []
        with pytest.raises(Conflict):
            await append(made_id(seeded_random), "message")
        # The last line's cursor is not given again, though the line is gone.
        await db.write(client_messages.delete_message, early.id)
        assert await append(late.id, "receipt") == 3


async def test_a_consumer_s_cursor_never_moves_back(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        for moved_to, stands in ((5, 5), (3, 5), (9, 9)):
            await db.write(client_consumers.set_cursor, "tail", moved_to)
            assert await db.read(client_consumers.cursor, "tail") == stands
        assert await db.read(client_consumers.cursor, "another") == 0
