"""Mailboxes in the store: stored once, read in order, gone by ack or expiry, known to retries."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from restante.protocol.ids import EnvelopeId
from restante.store import relay_deposit_ids
from restante.store.driver import RawConnection
from restante.store.relay_database import open_relay_database
from restante.store.relay_deposit_ids import (
    FORGOTTEN_AT_ONCE,
    RETRY_WINDOW_HOURS,
    DepositIds,
    deposit_key,
)
from restante.store.relay_mailboxes import (
    Arrival,
    MailboxWriter,
    Removed,
    empty_mailbox,
    expire,
    find_acked,
    read_waiting,
)
from restante.store.relay_seam import Database
from restante.store.seam import open_loop

HOUR = 500_000
PAYLOAD = bytes(4096)


class Mailboxes:
    """A writer on a real database, with the steps that a relay takes."""

    def __init__(self, db: Database, *, max_logged_keys: int) -> None:
        self.db = db
        self.writer = MailboxWriter(max_logged_keys=max_logged_keys)

    async def store(
        self, *arrivals: Arrival, acks: tuple[Removed, ...] = (), hour: int = HOUR
    ) -> list[int]:
        sequences = await self.db.write_raw(
            partial(self.writer.commit, arrivals=arrivals, acks=acks, hour=hour)
        )
        self.writer.committed(hour=hour)
        return sequences

    async def read(
        self, device: int, *, after: int = 0, items: int = 100, hour: int = HOUR
    ) -> list[Any]:
        return await self.db.read_raw(
            partial(
                read_waiting,
                device=device,
                after_seq=after,
                max_items=items,
                max_bytes=10**9,
                hour=hour,
            )
        )

    async def count(self, table: str) -> int:
        def count(raw: RawConnection) -> int:
            return int(raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

        return await self.db.read_raw(count)

    async def fold(self, *, hour: int = HOUR) -> None:
        ids = self.writer.ids
        while ids.wants_folding(hour=hour):
            await self.db.write_raw(partial(ids.fold, hour=hour))
            ids.folded()


@asynccontextmanager
async def mailboxes(path: Path, *, max_logged_keys: int = 1000) -> AsyncIterator[Mailboxes]:
    async with open_loop(), open_relay_database(path / "relay.db") as db:
        found = Mailboxes(db, max_logged_keys=max_logged_keys)
        await db.read_raw(found.writer.load)
        yield found


def arrival(*devices: int, payload: bytes = PAYLOAD, **rest: Any) -> Arrival:
    fields: dict[str, Any] = {
        "id": EnvelopeId(os.urandom(16)),
        "expires_hour": HOUR + 24,
        "is_retry": False,
    }
    return Arrival(payload=payload, targets=[(device, 0) for device in devices], **(fields | rest))


def removed(envelope: Any, device: int) -> Removed:
    return Removed(envelope.seq, device, envelope.lane, envelope.size_bytes, envelope.shared)


async def test_envelopes_are_read_in_the_order_of_their_commits(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        sent = [arrival(1, payload=bytes([n]) * 4096) for n in range(10)]
        for part in (sent[:3], sent[3:4], sent[4:]):
            await box.store(*part)
        found = await box.read(1)
        assert [entry.id for entry in found] == [one.id for one in sent]
        assert [entry.payload for entry in found] == [one.payload for one in sent]
        assert await box.read(1, after=found[6].seq) == found[7:]
        assert await box.read(1, items=2) == found[:2]
        assert await box.read(2) == []


async def test_a_reading_is_bounded_by_bytes_but_never_empty(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        await box.store(*(arrival(1) for _ in range(5)))
        read = partial(read_waiting, device=1, after_seq=0, max_items=100, hour=HOUR)
        assert len(await box.db.read_raw(partial(read, max_bytes=3 * 4096))) == 3
        assert len(await box.db.read_raw(partial(read, max_bytes=1))) == 1


async def test_a_fan_out_is_one_payload_until_the_last_ack(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        await box.store(arrival(1, 2, 3), arrival(1))
        assert (await box.count("waiting"), await box.count("payloads")) == (4, 1)
        for left, device in ((1, 1), (1, 2), (0, 3)):
            (shared, *_) = await box.read(device)
            assert shared.payload == PAYLOAD
            assert box.writer.shared_of(shared.seq) in {shared.shared, None}
            await box.store(acks=(removed(shared, device),))
            assert await box.count("payloads") == left


async def test_the_same_envelope_is_stored_once_for_each_device(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        first = arrival(1)
        again = replace(first, is_retry=True)
        both = replace(first, targets=[(1, 0), (2, 0)])
        assert await box.store(first, first) == [1, 0]
        assert await box.store(again) == [0]
        assert await box.store(both) == [0, 2]
        assert (await box.count("waiting"), await box.count("payloads")) == (2, 1)
        (kept,) = await box.read(2)
        assert kept.payload == PAYLOAD


async def test_a_rolled_back_commit_is_forgotten_with_its_keys(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        sent = arrival(1)

        def failing(raw: RawConnection) -> None:
            box.writer.commit(raw, [sent], (), hour=HOUR)
            raise LookupError

        with pytest.raises(LookupError):
            await box.db.write_raw(failing)
        assert await box.store(replace(sent, is_retry=True)) == [1]


async def test_a_retry_is_known_past_ack_restart_and_folding(tmp_path: Path) -> None:
    sent = [arrival(1, 2) for _ in range(30)]
    retried = [replace(one, is_retry=True) for one in sent]
    async with mailboxes(tmp_path, max_logged_keys=20) as box:
        await box.store(*sent)
        for device in (1, 2):
            gone = tuple(removed(one, device) for one in await box.read(device))
            await box.store(acks=gone)
        assert await box.store(*retried) == [0] * 60
        assert box.writer.ids.wants_folding(hour=HOUR)
        await box.db.write_raw(partial(box.writer.ids.fold, hour=HOUR))  # one shelf, then "crash"
    async with mailboxes(tmp_path, max_logged_keys=20) as box:
        assert await box.store(*retried) == [0] * 60
        await box.fold()
        assert (await box.count("id_log"), await box.count("deposit_ids")) == (0, 60)
        assert await box.store(*retried) == [0] * 60
        fresh = arrival(1, is_retry=True)
        assert await box.store(fresh) != [0]
        assert await box.count("waiting") == 1
    async with mailboxes(tmp_path, max_logged_keys=20) as box:
        assert await box.store(*retried) == [0] * 60
        assert await box.count("waiting") == 1


async def test_old_ids_are_forgotten_with_their_segment(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        sent = arrival(1)
        await box.store(sent)
        assert not box.writer.ids.wants_folding(hour=HOUR + 23)
        await box.fold(hour=HOUR + 24)
        assert await box.count("deposit_ids") == 1
        forget = box.writer.ids.forget
        last = HOUR + 24 + RETRY_WINDOW_HOURS
        assert not await box.db.write_raw(partial(forget, hour=last))
        assert await box.store(replace(sent, is_retry=True), hour=last) == [0]
        assert await box.db.write_raw(partial(forget, hour=last + 1))
        assert (await box.count("deposit_ids"), await box.count("id_segments")) == (0, 0)
        assert await box.store(replace(sent, is_retry=True), hour=last + 1) != [0]


async def test_a_large_segment_is_forgotten_piece_by_piece(tmp_path: Path) -> None:
    many = FORGOTTEN_AT_ONCE + 10
    async with mailboxes(tmp_path) as box:
        await box.store(*[arrival(1) for _ in range(many)])
        await box.fold(hour=HOUR + 24)
        assert await box.count("deposit_ids") == many
        forget = partial(box.writer.ids.forget, hour=HOUR + 25 + RETRY_WINDOW_HOURS)
        assert await box.db.write_raw(forget)
        assert (await box.count("deposit_ids"), await box.count("id_segments")) == (10, 1)
        assert await box.db.write_raw(forget)
        assert (await box.count("deposit_ids"), await box.count("id_segments")) == (0, 0)
        assert not await box.db.write_raw(forget)


async def test_what_expired_is_neither_read_nor_kept(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        await box.store(
            arrival(1, expires_hour=HOUR + 1),
            arrival(1, 2, expires_hour=HOUR + 2),
            arrival(1, expires_hour=HOUR + 3),
        )
        assert len(await box.read(1, hour=HOUR + 2)) == 1
        gone = await box.db.write_raw(partial(expire, hour=HOUR + 2))
        assert sorted(one.device for one in gone) == [1, 1, 2]
        assert await box.db.write_raw(partial(expire, hour=HOUR + 2)) == []
        assert (await box.count("waiting"), await box.count("payloads")) == (1, 0)


async def test_acks_by_id_find_only_their_own_mailbox(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        mine, theirs = arrival(1), arrival(2)
        await box.store(mine, theirs)
        wanted = frozenset((mine.id, theirs.id, EnvelopeId(bytes(16))))
        (found,) = await box.db.read_raw(partial(find_acked, device=1, ids=wanted))
        assert found.device == 1
        await box.store(acks=(found,))
        assert await box.read(1) == []
        assert len(await box.read(2)) == 1


async def test_emptying_a_mailbox_leaves_the_others(tmp_path: Path) -> None:
    async with mailboxes(tmp_path) as box:
        await box.store(arrival(1, 2), arrival(1), arrival(2))
        await box.db.write_raw(partial(empty_mailbox, device=1))
        assert await box.read(1) == []
        assert len(await box.read(2)) == 2
        await box.db.write_raw(partial(empty_mailbox, device=2))
        assert (await box.count("waiting"), await box.count("payloads")) == (0, 0)


async def test_hot_statements_use_their_indexes(tmp_path: Path) -> None:
    from restante.store import relay_mailboxes as store  # its private statements

    expected = {
        store._READ: ((1, 0, HOUR), "waiting_by_device"),
        store._EXPIRED: ((HOUR,), "waiting_by_expiry"),
        store._DELETE_PAYLOAD: ((1,), "waiting_by_shared"),
        relay_deposit_ids._FIND_KEY: ((b"x",), "PRIMARY KEY"),
    }
    async with mailboxes(tmp_path) as box:
        for statement, (parameters, index) in expected.items():

            def plan(raw: RawConnection, sql: str = statement, given: Any = parameters) -> str:
                return repr(raw.execute(f"EXPLAIN QUERY PLAN {sql}", given).fetchall())

            said = await box.db.read_raw(plan)
            assert index in said, said
            assert "SORT" not in said.upper().replace("TEMP B-TREE FOR SORT", "SORT"), said


def test_a_key_is_an_envelope_and_a_device() -> None:
    keys = {deposit_key(EnvelopeId(bytes([n]) * 16), device) for n in (1, 2) for device in (1, 2)}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {relay_deposit_ids.KEY_BYTES}
    assert not DepositIds().known_among(keys)
