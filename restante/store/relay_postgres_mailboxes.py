"""Envelopes that wait, in PostgreSQL: any number of relays store, read and delete them at once.

A commit is one statement where it can be: ids, envelopes and deletions together, sent once. An id
is unique among all relays by the key of `deposit_ids`. Order of sequences is not order of commits,
so nothing is read past a sequence: whoever reads says what it has. Rule: rows are locked in the
order of their keys, and who is the victim of a deadlock runs again. Spec: docs/scaling.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import trio
from asyncpg.connection import Connection

from restante.protocol.ids import EnvelopeId
from restante.store.errors import Busy, Unreachable
from restante.store.failpoints import reach
from restante.store.postgres import PATIENCE_S, RECONNECT_S, TRIES, Postgres
from restante.store.relay_deposit_ids import RETRY_WINDOW_HOURS, DepositKey, deposit_key
from restante.store.relay_mailboxes import EXPIRY_CHUNK, Arrival, Removed, Waiting

SEGMENT_HOURS: Final = 6
"""Ids of so many hours are one end of their index: it grows there alone, in memory. A retry asks
for each of the 57 segments of the window."""

FORGET_CHUNK: Final = 20_000

_ALREADY_STORED: Final = 0

# Joins are nested loops here (postgres._HOT_SETTINGS), so that they are right for tables of any
# size; where lists of one commit are joined, `(... IN ...) IS TRUE` looks up in a hash instead.
_GIVEN = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::int8[], $4::int8[], $5::int8[], $6::int8[],
        $7::int8[], $8::bytea[]) WITH ORDINALITY
        AS given(key, id, device, size_bytes, expires_hour, lane, sharing, payload, place)
), fresh AS (
    INSERT INTO deposit_ids (segment, key) SELECT $9::int8, key FROM given ORDER BY key
    ON CONFLICT DO NOTHING RETURNING key
), numbered AS MATERIALIZED (
    SELECT *, nextval('waiting_seq') AS seq
    FROM (
        SELECT * FROM given WHERE (key IN (SELECT key FROM fresh)) IS TRUE ORDER BY place
    ) AS ordered
), gone AS (
    DELETE FROM waiting USING unnest($10::int8[], $11::int8[]) AS acked(device, seq)
    WHERE waiting.device = acked.device AND waiting.seq = acked.seq
), """
_STORE = "".join(
    (
        _GIVEN,
        """stored AS (
    INSERT INTO waiting (seq, device, size_bytes, expires_hour, lane, id, payload)
    SELECT seq, device, size_bytes, expires_hour, lane, id, payload FROM numbered
) SELECT place, seq, NULL::int8 FROM numbered""",
    )
)
_STORE_SHARED = "".join(
    (
        _GIVEN,
        """bodies AS MATERIALIZED (
    SELECT place, payload, nextval('payloads_number') AS number
    FROM unnest($12::bytea[]) WITH ORDINALITY AS body(payload, place)
), numbers AS MATERIALIZED (
    SELECT array_agg(number ORDER BY place) AS of_body FROM bodies
), kept AS (
    INSERT INTO payloads (number, payload) SELECT number, payload FROM bodies
    WHERE (place IN (SELECT sharing FROM numbered)) IS TRUE
), stored AS (
    INSERT INTO waiting (seq, device, size_bytes, expires_hour, lane, id, shared, payload)
    SELECT seq, device, size_bytes, expires_hour, lane, id, of_body[sharing], payload
    FROM numbered, numbers
) SELECT place, seq, of_body[sharing] FROM numbered, numbers""",
    )
)
_DELETE = """
DELETE FROM waiting USING unnest($1::int8[], $2::int8[]) AS acked(device, seq)
WHERE waiting.device = acked.device AND waiting.seq = acked.seq"""
# Two relays may delete the last two rows of a payload at once, and each sees the other's: so each
# deletes its row first, then waits for the payload's lock, then looks.
_LOCK_PAYLOADS = "SELECT FROM payloads WHERE number = ANY($1::int8[]) ORDER BY number FOR UPDATE"
_DELETE_PAYLOADS = """
DELETE FROM payloads WHERE number = ANY($1::int8[])
AND NOT EXISTS (SELECT FROM waiting WHERE waiting.shared = payloads.number)"""
# A retry may come here while the first try is under way elsewhere, by a clock of another segment:
# its key is put into the segments beside as well, where the two meet.
_CLAIM = """
INSERT INTO deposit_ids (segment, key)
SELECT segment, key FROM unnest($1::bytea[]) AS retried(key),
    unnest(ARRAY[$2::int8 - 1, $2::int8 + 1]) AS beside(segment)
ORDER BY key, segment ON CONFLICT DO NOTHING RETURNING key"""
_KNOWN = """
SELECT key FROM unnest($1::bytea[]) AS retried(key) WHERE EXISTS (
    SELECT FROM generate_series($2::int8, $3::int8) AS past(segment)
    JOIN deposit_ids USING (segment) WHERE deposit_ids.key = retried.key)"""
_READ = """
SELECT seq, id, lane, size_bytes, shared, coalesce(found.payload, payloads.payload)
FROM (
    SELECT *, sum(size_bytes) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) AS so_far FROM (
        SELECT seq, id, lane, size_bytes, shared, payload FROM waiting
        WHERE device = $1 AND expires_hour > $2 AND seq <> ALL ($3::int8[])
        ORDER BY seq LIMIT $4
    ) AS next
) AS found LEFT JOIN payloads ON payloads.number = found.shared
WHERE so_far <= $5 OR so_far = size_bytes ORDER BY seq"""
_FIND = """
SELECT seq, device, lane, size_bytes, shared FROM waiting
WHERE device = $1 AND id = ANY ($2::bytea[])"""
_EXPIRE = """
DELETE FROM waiting USING (
    SELECT device, seq FROM waiting WHERE expires_hour <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
) AS old WHERE waiting.device = old.device AND waiting.seq = old.seq
RETURNING waiting.seq, waiting.device, lane, size_bytes, shared"""
_EMPTY = "DELETE FROM waiting WHERE device = ANY ($1::int8[]) RETURNING shared"
_OWNERLESS = """
SELECT DISTINCT device FROM waiting
WHERE NOT EXISTS (SELECT FROM devices WHERE devices.number = waiting.device)"""
_FORGET = """
DELETE FROM deposit_ids USING (
    SELECT segment, key FROM deposit_ids WHERE segment < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
) AS old WHERE deposit_ids.segment = old.segment AND deposit_ids.key = old.key"""


class PostgresMailboxes:
    """Mailboxes that other relays fill and empty too."""

    reads_past = False

    def __init__(self, db: Postgres, *, on_lost: Callable[[], None]) -> None:
        """`on_lost` is told when a commit's answer was lost: what it stored, nobody here knows."""
        self._db = db
        self._on_lost = on_lost
        self._shared: dict[int, int] = {}

    async def load(self) -> Sequence[int]:
        """As `Mailboxes.load`."""
        return [row[0] for row in await self._db.read_hot(lambda raw: raw.fetch(_OWNERLESS))]

    async def commit(
        self, arrivals: Sequence[Arrival], acks: Collection[Removed], *, hour: int
    ) -> list[int]:
        """As `Mailboxes.commit`. A server that restarts meanwhile is waited for."""
        commit = _Commit(arrivals, acks, segment=hour // SEGMENT_HOURS)
        until, tries_left = trio.current_time() + PATIENCE_S, TRIES
        while True:
            try:
                await self._db.write_hot(commit.run)
                break
            except Busy:  # two relays met head-on, and this one gave way
                tries_left -= 1
                if not tries_left:
                    raise
            except Unreachable:
                self._on_lost()
                # It may have been committed: from now on each is a retry.
                commit.is_all_retried = True
                if trio.current_time() >= until:
                    raise
                await trio.sleep(RECONNECT_S)
        self._shared = commit.shared
        return commit.sequences

    def shared_of(self, seq: int) -> int | None:
        """As `Mailboxes.shared_of`."""
        return self._shared.get(seq)

    async def read(
        self,
        device: int,
        *,
        after_seq: int,
        besides: Collection[int],
        max_items: int,
        max_bytes: int,
        hour: int,
    ) -> list[Waiting]:
        """As `Mailboxes.read`."""
        del after_seq  # what has a lower one may be committed later
        rows = await self._db.read_hot(
            lambda raw: raw.fetch(_READ, device, hour, list(besides), max_items, max_bytes)
        )
        return [Waiting(*row) for row in rows]

    async def find_acked(self, device: int, ids: Collection[EnvelopeId]) -> list[Removed]:
        """As `Mailboxes.find_acked`."""
        rows = await self._db.read_hot(lambda raw: raw.fetch(_FIND, device, list(ids)))
        return [Removed(*row) for row in rows]

    async def expire(self, *, hour: int) -> list[Removed]:
        """As `Mailboxes.expire`."""

        async def work(raw: Connection) -> list[Removed]:
            async with raw.transaction():
                rows = await raw.fetch(_EXPIRE, hour, EXPIRY_CHUNK)
                await _let_go(raw, {row["shared"] for row in rows})
            return [Removed(*row) for row in rows]

        return await self._db.write_hot(work)

    async def empty(self, devices: Sequence[int]) -> None:
        """As `Mailboxes.empty`."""

        async def work(raw: Connection) -> None:
            async with raw.transaction():
                rows = await raw.fetch(_EMPTY, list(devices))
                await _let_go(raw, {row["shared"] for row in rows})

        if devices:
            await self._db.write_hot(work)

    async def upkeep(self, *, hour: int) -> None:
        """Nothing: ids are where they stay from the first."""

    async def run(self) -> None:
        """Nothing: the server does it."""

    async def forget_ids(self, *, hour: int) -> None:
        """As `Mailboxes.forget_ids`."""
        oldest = (hour - RETRY_WINDOW_HOURS) // SEGMENT_HOURS - 1

        async def work(raw: Connection) -> bool:
            return bool(await raw.execute(_FORGET, oldest, FORGET_CHUNK) != "DELETE 0")

        while await self._db.read_hot(work):  # beside the commits; all relays share the work
            pass


class _Commit:
    """One commit, and what came of it; it may be run again."""

    def __init__(
        self, arrivals: Sequence[Arrival], acks: Collection[Removed], *, segment: int
    ) -> None:
        self._arrivals = arrivals
        self._ack_devices = [removed.device for removed in acks]
        self._ack_seqs = [removed.seq for removed in acks]
        self._freed = {removed.shared for removed in acks} - {None}
        self._segment = segment
        self.is_all_retried = False
        self.sequences: list[int] = []
        self.shared: dict[int, int] = {}

    async def run(self, raw: Connection) -> None:
        """Run it on the driver's connection."""
        retried = [
            deposit_key(arrival.id, device)
            for arrival in self._arrivals
            if arrival.is_retry or self.is_all_retried
            for device, _ in arrival.targets
        ]
        if not retried and not self._freed:
            # One statement is one transaction, and one way there and back.
            await self._run_statement(raw, frozenset())
            return
        async with raw.transaction():
            await self._run_statement(raw, await self._known(raw, sorted(set(retried))))
            await _let_go(raw, self._freed)

    async def _known(self, raw: Connection, retried: list[DepositKey]) -> frozenset[bytes]:
        if not retried:
            return frozenset()
        claimed: dict[bytes, int] = {}
        for row in await raw.fetch(_CLAIM, retried, self._segment):
            claimed[row["key"]] = claimed.get(row["key"], 0) + 1
        known = {key for key in retried if claimed.get(key) != 2}
        # Each segment but the two that were just claimed, and this one, which its own insert asks.
        window = RETRY_WINDOW_HOURS // SEGMENT_HOURS + 1
        first, last = self._segment - window, self._segment - 2
        known |= {row["key"] for row in await raw.fetch(_KNOWN, retried, first, last)}
        return frozenset(known)

    async def _run_statement(self, raw: Connection, known: frozenset[bytes]) -> None:
        columns: tuple[list[Any], ...] = ([], [], [], [], [], [], [], [])
        keys, ids, devices, sizes, expiries, lanes, sharing, payloads = columns
        bodies: list[bytes] = []
        places: list[int] = []  # of each row among all targets
        seen: set[bytes] = set(known)
        at = 0
        for arrival in self._arrivals:
            envelope, payload, targets = arrival.id, arrival.payload, arrival.targets
            is_fan_out = len(targets) > 1
            if is_fan_out:
                bodies.append(payload)
            for device, lane in targets:
                key = deposit_key(envelope, device)
                if key not in seen:
                    seen.add(key)
                    places.append(at)
                    keys.append(key)
                    ids.append(envelope)
                    devices.append(device)
                    sizes.append(len(payload))
                    expiries.append(arrival.expires_hour)
                    lanes.append(lane)
                    sharing.append(len(bodies) if is_fan_out else None)
                    payloads.append(None if is_fan_out else payload)
                at += 1
        self.sequences, self.shared = [_ALREADY_STORED] * at, {}
        acked = (self._ack_devices, self._ack_seqs)
        reach("relay: before commit")
        if not keys:
            if self._ack_seqs:
                await raw.execute(_DELETE, *acked)
            return
        if bodies:
            rows = await raw.fetch(_STORE_SHARED, *columns, self._segment, *acked, bodies)
        else:
            rows = await raw.fetch(_STORE, *columns, self._segment, *acked)
        for place, seq, shared in rows:
            self.sequences[places[place - 1]] = seq
            if shared is not None:
                self.shared[seq] = shared


async def _let_go(raw: Connection, shared: Collection[int | None]) -> None:
    """Delete payloads that nobody waits for any more. In the transaction that deleted the rows."""
    freed = sorted(number for number in shared if number is not None)
    if freed:
        await raw.execute(_LOCK_PAYLOADS, freed)
        await raw.execute(_DELETE_PAYLOADS, freed)
