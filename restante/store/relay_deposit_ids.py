"""Which deposits were stored already: so that a retried one is not stored twice.

A key is an envelope id and a device's number. Each commit appends its keys as one row of `id_log`,
and they stay in memory; when there are many, they are sorted and appended to `deposit_ids` as a
segment of their own. An index over random ids would be written to all over with every commit and
halve the relay's speed; segments are written once, in order, and a retry looks in each of them.
Rule: a key is known from the commit of its envelope until the retry window has passed, also past
the ack. All methods run in the writer's thread, inside its transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NewType

from sqlalchemy import and_, bindparam, delete, func, insert, select

from restante.protocol.ids import ID_BYTES, EnvelopeId
from restante.protocol.limits import RETRY_WINDOW_S
from restante.store.driver import RawConnection
from restante.store.relay_statements import Bulk, compiled
from restante.store.relay_tables import deposit_ids, id_log, id_segments

DepositKey = NewType("DepositKey", bytes)
"""Envelope id 16 B || device number u64 big-endian."""

KEY_BYTES: Final = ID_BYTES + 8
_PAST_ALL_KEYS: Final = b"\xff" * (KEY_BYTES + 1)
RETRY_WINDOW_HOURS: Final = RETRY_WINDOW_S // 3600

MAX_LOGGED_KEYS: Final = 65_536
"""Keys in memory before they become a segment: about 8 MiB."""

MAX_LOG_AGE_HOURS: Final = 24
"""A quiet relay makes one segment a day, so that a segment's age says enough to forget it."""

FORGOTTEN_AT_ONCE: Final = 1024
"""Of the keys of an old segment: deposits wait for it, and a whole one takes as long as hundreds of
commits."""

SHELVES: Final = 16
"""A segment is folded a shelf at a time, keys by their first four bits: milliseconds, between two
commits."""

_APPEND_LOG = compiled(insert(id_log), "number", "hour", "packed")
_READ_LOG = compiled(select(id_log.c.number, id_log.c.hour, id_log.c.packed).order_by("number"))
_DELETE_LOG = compiled(delete(id_log).where(id_log.c.number <= bindparam("last")), "last")
_LAST_SEGMENT = compiled(select(func.max(id_segments.c.number)))
_ADD_SEGMENT = compiled(insert(id_segments), "number", "hour")
_ADD_KEY = Bulk(
    insert(deposit_ids).prefix_with("OR IGNORE").values,  # folding starts again after a crash
    "segment",
    "key",
)
_FIND_KEY = compiled(
    select(id_segments.c.number).join(
        deposit_ids,
        and_(
            deposit_ids.c.segment == id_segments.c.number, deposit_ids.c.key == bindparam("wanted")
        ),
    ),
    "wanted",
)
_OLD_SEGMENT = compiled(
    select(id_segments.c.number).where(id_segments.c.hour < bindparam("oldest")),
    "oldest",
)
_KEY_AFTER_SOME = compiled(
    select(deposit_ids.c.key)
    .where(deposit_ids.c.segment == bindparam("old"))
    .order_by(deposit_ids.c.key)
    .limit(bindparam("one"))
    .offset(bindparam("passed")),
    "old",
    "one",
    "passed",
)
_FORGET_KEYS = compiled(
    delete(deposit_ids).where(
        deposit_ids.c.segment == bindparam("old"), deposit_ids.c.key < bindparam("until")
    ),
    "old",
    "until",
)
_FORGET_SEGMENT = compiled(
    delete(id_segments).where(id_segments.c.number == bindparam("old")), "old"
)


def deposit_key(envelope: EnvelopeId, device: int) -> DepositKey:
    """Return the key of an envelope in a device's mailbox."""
    return DepositKey(envelope + device.to_bytes(8, "big"))


class DepositIds:
    """The keys of the retry window. One for each writer."""

    def __init__(self, *, max_logged_keys: int = MAX_LOGGED_KEYS) -> None:
        self._max_logged_keys = max_logged_keys
        self._logged: set[DepositKey] = set()
        self._folding: set[DepositKey] = set()
        self._shelves: list[list[DepositKey]] = []
        self._next_row = 1
        self._last_folding_row = 0
        self._oldest_hour: int | None = None

    def load(self, raw: RawConnection) -> None:
        """Read back what isn't in a segment yet, at the start."""
        for number, hour, packed in raw.execute(_READ_LOG):
            self._next_row = number
            self.remember(set(_split(packed)), hour=hour)

    def known_among(self, keys: set[DepositKey]) -> set[DepositKey]:
        """Return which of these were stored since the last segment."""
        if self._logged.isdisjoint(keys) and self._folding.isdisjoint(keys):
            return set()
        return keys & (self._logged | self._folding)

    def in_segments(self, raw: RawConnection, key: DepositKey) -> bool:
        """Whether an envelope was stored before that: asked for a retry alone."""
        return raw.execute(_FIND_KEY, (key,)).fetchone() is not None

    def append(self, raw: RawConnection, keys: Iterable[DepositKey], *, hour: int) -> None:
        """Write the keys of one commit. `remember` follows when it has been committed."""
        raw.execute(_APPEND_LOG, (self._next_row, hour, b"".join(keys)))

    def remember(self, keys: set[DepositKey], *, hour: int) -> None:
        """Know the keys of `append` from now on: the transaction was committed."""
        self._logged |= keys
        self._next_row += 1
        if self._oldest_hour is None:
            self._oldest_hour = hour

    def wants_folding(self, *, hour: int) -> bool:
        """Whether `fold` has something to do."""
        if self._folding or len(self._logged) >= self._max_logged_keys:
            return True
        return self._oldest_hour is not None and hour - self._oldest_hour >= MAX_LOG_AGE_HOURS

    def fold(self, raw: RawConnection, *, hour: int) -> None:
        """Move one shelf of keys into the segment. `folded` follows when it has been committed.

        After a rollback the same shelf is folded again, after a crash all of them.
        """
        if not self._folding:
            self._folding, self._logged = self._logged, set()
            self._last_folding_row = self._next_row - 1
            self._oldest_hour = None
            self._shelves = [[] for _ in range(SHELVES)]
            for key in self._folding:
                self._shelves[key[0] >> 4].append(key)
        segment = (raw.execute(_LAST_SEGMENT).fetchone()[0] or 0) + 1
        _ADD_KEY.run(raw, [(segment, key) for key in sorted(self._shelves[-1])])
        if len(self._shelves) == 1:
            raw.execute(_ADD_SEGMENT, (segment, hour))
            raw.execute(_DELETE_LOG, (self._last_folding_row,))

    def folded(self) -> None:
        """Note that a shelf was committed."""
        self._shelves.pop()
        if not self._shelves:
            self._folding = set()

    def forget(self, raw: RawConnection, *, hour: int) -> bool:
        """Delete some keys of a segment that is past the retry window; say whether there was one.

        The segment itself goes with its last key: after a crash the rest goes as before.
        """
        row = raw.execute(_OLD_SEGMENT, (hour - RETRY_WINDOW_HOURS,)).fetchone()
        if row is None:
            return False
        until = raw.execute(_KEY_AFTER_SOME, (*row, 1, FORGOTTEN_AT_ONCE)).fetchone()
        raw.execute(_FORGET_KEYS, (*row, *(until or (_PAST_ALL_KEYS,))))
        if until is None:
            raw.execute(_FORGET_SEGMENT, row)
        return True


def _split(packed: bytes) -> Iterable[DepositKey]:
    return (DepositKey(packed[at : at + KEY_BYTES]) for at in range(0, len(packed), KEY_BYTES))
