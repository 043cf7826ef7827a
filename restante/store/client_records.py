"""What all devices of the account agree on, record by record: the greatest (rank, device id) wins.

Rule: a record is only ever replaced by a greater one, so devices that have seen the same ones hold
the same, in whatever order they came. Knows no record's meaning. Spec: docs/client-store.md.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


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
RECORD: Final = Shape(RecordRow)
_PUT = Statement("records.PUT")
_ONE = Statement("records.ONE")
_OF_CONVERSATION = Statement("records.OF_CONVERSATION")
_OF_KIND = Statement("records.OF_KIND")
_ALL = Statement("records.ALL")


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
