"""What all devices of the account agree on, record by record: the greatest (rank, device id) wins.

Rule: a record is only ever replaced by a greater one, so devices that have seen the same ones hold
the same, in whatever order they came. Knows no record's meaning. Spec: docs/client-store.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import bindparam, func, or_, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_rows import Rows, Shape, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One record: `kind` and `key` say what it is about; `value` None: there is none any more."""

    kind: int
    key: bytes
    rank: int
    device_id: bytes
    value: bytes | None = field(repr=False)


CONVERSATION: Final = (5, 6, 7, 8, 10)
"""Kinds of records that the user made of a conversation: mute, pin, archive, draft, unread."""

_records = tables.records
RECORD: Final = Shape(RecordRow, _records)
_put = upsert(_records)
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=[_records.c.kind, _records.c.key],
        set_={
            "rank": _put.excluded.rank,
            "device_id": _put.excluded.device_id,
            "value": _put.excluded.value,
        },
        where=or_(
            _records.c.rank < _put.excluded.rank,
            (_records.c.rank == _put.excluded.rank)
            & (_records.c.device_id < _put.excluded.device_id),
        ),
    ),
    *RECORD.names,
)
_ONE = Statement(
    select(*RECORD.columns).where(
        _records.c.kind == bindparam("kind"), _records.c.key == bindparam("key")
    )
)
# As literal text: five look-ups by the primary key, in one statement.
_OF_CONVERSATION = Statement(
    select(*RECORD.columns).where(
        _records.c.key == bindparam("key"), text(f"kind IN ({', '.join(map(str, CONVERSATION))})")
    )
)
_OF_KIND = Statement(
    select(*RECORD.columns).where(_records.c.kind == bindparam("kind")).order_by(_records.c.key)
)
_ALL = Statement(select(*RECORD.columns).order_by(_records.c.kind, _records.c.key))
_CLOCK = Statement(select(func.max(_records.c.rank)))


def put_record(rows: Rows, row: RecordRow) -> bool:
    """Keep a record if it is greater than the one that is there; False if it isn't."""
    return bool(rows.run(_PUT, **RECORD.write(row)))


def record(rows: Rows, kind: int, key: bytes) -> RecordRow | None:
    """Return a record."""
    found = rows.first(_ONE, kind=kind, key=key)
    return None if found is None else RECORD.read(found)


def records_of_conversation(rows: Rows, conversation: bytes) -> dict[int, bytes]:
    """Return the values of a conversation's records, by kind; without those that are none."""
    found = map(RECORD.read, rows.all(_OF_CONVERSATION, key=conversation))
    return {row.kind: row.value for row in found if row.value is not None}


def records_of(rows: Rows, kind: int) -> list[RecordRow]:
    """Return all records of a kind, by key."""
    return [RECORD.read(found) for found in rows.all(_OF_KIND, kind=kind)]


def records(rows: Rows) -> list[RecordRow]:
    """Return all records, by kind and key."""
    return [RECORD.read(found) for found in rows.all(_ALL)]


def records_clock(rows: Rows) -> int:
    """Return the highest rank of any record."""
    return int(rows.value(_CLOCK) or 0)
