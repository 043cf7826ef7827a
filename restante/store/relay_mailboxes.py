"""Envelopes that wait for devices: stored in group commits, read in order, deleted by ack.

`MailboxWriter` and the functions below are work for a database's raw paths: they run in its
thread. Rule: an envelope is deletable only after its device's ack or its expiry; it is stored once
however often it is deposited within the retry window. Knows opaque bytes and numbers of devices;
nothing of senders. Spec: docs/relay.md, sections 2 and 4.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import bindparam, delete, exists, func, insert, select

from restante.protocol.ids import EnvelopeId
from restante.store.driver import RawConnection
from restante.store.failpoints import reach
from restante.store.relay_deposit_ids import (
    MAX_LOGGED_KEYS,
    DepositIds,
    DepositKey,
    deposit_key,
)
from restante.store.relay_statements import ROWS_AT_ONCE, Bulk, compiled
from restante.store.relay_tables import devices, payloads, waiting

HOUR_S: Final = 3600
EXPIRY_CHUNK: Final = 500
"""Envelopes that one transaction expires: deposits wait for it."""

_ALREADY_STORED: Final = 0

# The three values below are msgspec's: every envelope passes through each, and a named tuple takes
# three times as long to make. The collector need not see them: none is ever part of a cycle.

_INSERT = Bulk(
    insert(waiting).values,
    "seq",
    "device",
    "size_bytes",
    "expires_hour",
    "lane",
    "id",
    "shared",
    "payload",
)
_INSERT_PAYLOAD = compiled(insert(payloads), "number", "payload")
_DELETE = Bulk(
    lambda rows: delete(waiting).where(waiting.c.seq.in_([row["seq"] for row in rows])), "seq"
)
_DELETE_PAYLOAD = compiled(
    delete(payloads).where(
        payloads.c.number == bindparam("shared"),
        ~exists().where(waiting.c.shared == payloads.c.number),
    ),
    "shared",
)
_READ = compiled(
    select(
        waiting.c.seq,
        waiting.c.id,
        waiting.c.lane,
        waiting.c.size_bytes,
        waiting.c.shared,
        func.coalesce(waiting.c.payload, payloads.c.payload),
    )
    .select_from(waiting.outerjoin(payloads, payloads.c.number == waiting.c.shared))
    .where(
        waiting.c.device == bindparam("reader"),
        waiting.c.seq > bindparam("after"),
        waiting.c.expires_hour > bindparam("hour"),
    )
    .order_by(waiting.c.seq),
    "reader",
    "after",
    "hour",
)
_IDS = compiled(
    select(
        waiting.c.seq, waiting.c.id, waiting.c.lane, waiting.c.size_bytes, waiting.c.shared
    ).where(waiting.c.device == bindparam("reader")),
    "reader",
)
_EXPIRED = compiled(
    select(
        waiting.c.seq, waiting.c.device, waiting.c.lane, waiting.c.size_bytes, waiting.c.shared
    ).where(waiting.c.expires_hour <= bindparam("hour")),
    "hour",
)
_OWNERLESS = compiled(
    select(waiting.c.device).distinct().where(~exists().where(devices.c.number == waiting.c.device))
)
_LAST_SEQ = compiled(select(func.max(waiting.c.seq)))
_LAST_PAYLOAD = compiled(select(func.max(payloads.c.number)))


class Arrival(Struct, frozen=True, gc=False):
    """One payload on its way into mailboxes: `targets` are a device's number and a lane each."""

    id: EnvelopeId
    payload: bytes
    expires_hour: int
    is_retry: bool
    targets: Sequence[tuple[int, int]]


class Waiting(Struct, frozen=True, gc=False):
    """An envelope that waits. `shared` numbers the payload of a fan-out."""

    seq: int
    id: EnvelopeId
    lane: int
    size_bytes: int
    shared: int | None
    payload: bytes


class Removed(Struct, frozen=True, gc=False):
    """An envelope that was, or is to be, deleted: what its mailbox gets back."""

    seq: int
    device: int
    lane: int
    size_bytes: int
    shared: int | None


class MailboxWriter:
    """The one writer of waiting envelopes. Its numbers and keys follow committed transactions.

    `commit` is what one transaction does; `committed` must follow when it was, and is skipped when
    it was rolled back.
    """

    def __init__(self, *, max_logged_keys: int = MAX_LOGGED_KEYS) -> None:
        self._ids = DepositIds(max_logged_keys=max_logged_keys)
        self._last_seq = 0
        self._last_payload = 0
        self._uncommitted_seq = 0
        self._uncommitted_payload = 0
        self._uncommitted_keys: set[DepositKey] = set()
        self._shared: dict[int, int] = {}

    def load(self, raw: RawConnection) -> None:
        """Read where the numbers stand, at the start."""
        self._last_seq = raw.execute(_LAST_SEQ).fetchone()[0] or 0
        self._last_payload = raw.execute(_LAST_PAYLOAD).fetchone()[0] or 0
        self._ids.load(raw)

    def commit(
        self,
        raw: RawConnection,
        arrivals: Sequence[Arrival],
        acks: Collection[Removed],
        *,
        hour: int,
    ) -> list[int]:
        """Store arrivals and delete what was acked, in one transaction.

        Returns for each target of each arrival, in order, its sequence, or 0 if the envelope was
        stored before.
        """
        keys = [
            deposit_key(arrival.id, device) for arrival in arrivals for device, _ in arrival.targets
        ]
        fresh = set(keys)
        known = self._ids.known_among(fresh)
        for arrival in arrivals:
            if arrival.is_retry:
                known |= self._stored_earlier(raw, arrival)
        fresh -= known
        # A key that comes twice in one commit is stored once: its second row is left out.
        seen = known if len(fresh) + len(known) == len(keys) else _Seen(known)
        rows, shared_rows, sequences = self._rows(arrivals, keys, seen)
        if rows:
            _INSERT.run(raw, rows)
            if shared_rows:
                raw.executemany(_INSERT_PAYLOAD, shared_rows)
            self._ids.append(raw, fresh, hour=hour)
        delete_waiting(raw, acks)
        self._uncommitted_keys = fresh
        reach("relay: before commit")
        return sequences

    def _stored_earlier(self, raw: RawConnection, arrival: Arrival) -> set[DepositKey]:
        wanted = (deposit_key(arrival.id, device) for device, _ in arrival.targets)
        return {key for key in wanted if self._ids.in_segments(raw, key)}

    def _rows(
        self, arrivals: Sequence[Arrival], keys: list[DepositKey], seen: Container[DepositKey]
    ) -> tuple[list[tuple[Any, ...]], list[tuple[int, bytes]], list[int]]:
        """Number what is stored: rows for `waiting` and for `payloads`, and all sequences."""
        seq, shared = self._last_seq, self._last_payload
        rows: list[tuple[Any, ...]] = []
        shared_rows: list[tuple[int, bytes]] = []
        sequences: list[int] = []
        self._shared = {}
        at = 0
        for arrival in arrivals:
            envelope, payload, expires_hour = arrival.id, arrival.payload, arrival.expires_hour
            size_bytes = len(payload)
            is_fan_out = len(arrival.targets) > 1
            is_payload_stored = False
            for device, lane in arrival.targets:
                key = keys[at]
                at += 1
                if key in seen:
                    sequences.append(_ALREADY_STORED)
                    continue
                seq += 1
                sequences.append(seq)
                if not is_fan_out:
                    rows.append(
                        (seq, device, size_bytes, expires_hour, lane, envelope, None, payload)
                    )
                    continue
                if not is_payload_stored:
                    is_payload_stored = True
                    shared += 1
                    shared_rows.append((shared, payload))
                self._shared[seq] = shared
                rows.append((seq, device, size_bytes, expires_hour, lane, envelope, shared, None))
        self._uncommitted_seq, self._uncommitted_payload = seq, shared
        return rows, shared_rows, sequences

    def committed(self, *, hour: int) -> None:
        """Note that the transaction of the last `commit` was committed."""
        self._last_seq, self._last_payload = self._uncommitted_seq, self._uncommitted_payload
        if self._uncommitted_keys:
            self._ids.remember(self._uncommitted_keys, hour=hour)
            self._uncommitted_keys = set()

    def shared_of(self, seq: int) -> int | None:
        """Return the number of the shared payload of an envelope of the last commit, if any."""
        return self._shared.get(seq)

    @property
    def ids(self) -> DepositIds:
        """The keys of the retry window, for their upkeep."""
        return self._ids


class _Seen:
    """Keys that were met before: those known, and each that was asked about once."""

    def __init__(self, known: set[DepositKey]) -> None:
        self._seen = set(known)

    def __contains__(self, key: object) -> bool:
        if key in self._seen:
            return True
        self._seen.add(key)  # type: ignore[arg-type]  # only keys are asked about
        return False


def delete_waiting(raw: RawConnection, gone: Collection[Removed]) -> None:
    """Delete envelopes, and the shared payloads that nobody waits for any more."""
    if not gone:
        return
    _DELETE.run(raw, [(envelope.seq,) for envelope in gone])
    shared = {envelope.shared for envelope in gone if envelope.shared is not None}
    if shared:
        raw.executemany(_DELETE_PAYLOAD, [(number,) for number in sorted(shared)])


def read_waiting(
    raw: RawConnection, device: int, *, after_seq: int, max_items: int, max_bytes: int, hour: int
) -> list[Waiting]:
    """Return the next envelopes of a mailbox, in its order, as many as fit (at least one)."""
    found: list[Waiting] = []
    size_bytes = 0
    cursor = raw.execute(_READ, (device, after_seq, hour))
    while len(found) < max_items:  # to fetch at most none would be to fetch all
        rows = cursor.fetchmany(min(ROWS_AT_ONCE, max_items - len(found)))
        for row in rows:
            envelope = Waiting(*row)
            size_bytes += envelope.size_bytes
            if found and size_bytes > max_bytes:
                return found
            found.append(envelope)
        if not rows:
            break
    return found


def find_acked(raw: RawConnection, device: int, ids: Collection[EnvelopeId]) -> list[Removed]:
    """Return what of a mailbox has one of these ids: acks of an earlier connection."""
    return [
        Removed(seq=seq, device=device, lane=lane, size_bytes=size, shared=shared)
        for seq, envelope, lane, size, shared in raw.execute(_IDS, (device,))
        if envelope in ids
    ]


def expire(raw: RawConnection, *, hour: int) -> list[Removed]:
    """Delete some envelopes whose time has passed, and return them; an empty list: none is left."""
    gone = [
        Removed(seq=seq, device=device, lane=lane, size_bytes=size, shared=shared)
        for seq, device, lane, size, shared in raw.execute(_EXPIRED, (hour,)).fetchmany(
            EXPIRY_CHUNK
        )
    ]
    delete_waiting(raw, gone)
    return gone


def empty_mailbox(raw: RawConnection, device: int) -> None:
    """Delete all that waits for a device which is no more."""
    gone = [
        Removed(seq=seq, device=device, lane=lane, size_bytes=size, shared=shared)
        for seq, _, lane, size, shared in raw.execute(_IDS, (device,))
    ]
    delete_waiting(raw, gone)


def ownerless_mailboxes(raw: RawConnection) -> list[int]:
    """Return the devices that are no more and for which something waits: a crash came between."""
    return [device for (device,) in raw.execute(_OWNERLESS)]
