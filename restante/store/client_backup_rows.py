"""The history as a backup has it: all of it but what disappears, in one order, as a stream.

Rule: what has a time, or repeats or changes what has one, is not here; the order depends on what
the rows say alone, so that two databases with the same rows give the same stream. For one
snapshot, in a thread of its own. Knows no format. Spec: docs/protocol/backup.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from restante.store.client_marks import MARK, MarkRow
from restante.store.client_messages import MESSAGE, MessageRow
from restante.store.client_records import RECORD, RecordRow
from restante.store.client_rows import Rows, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingFile:
    """A file that is here, sealed: whose, where, and how long."""

    message_id: bytes
    place: bytes
    stored_bytes: int


_KEYS = Statement("backup_rows.KEYS")
_OF = Statement("backup_rows.OF")
_DISAPPEARING = Statement("backup_rows.DISAPPEARING")
_MARKS = Statement("backup_rows.MARKS")
_RECORDS = Statement("backup_rows.RECORDS")
_FILES = Statement("backup_rows.FILES")
_MANIFESTS = Statement("backup_rows.MANIFESTS")
_MEMBERS = Statement("backup_rows.MEMBERS")
_COUNT: Final = Statement("backup_rows.COUNT")


def conversations_in_order(rows: Rows) -> list[tuple[int, bytes]]:
    """Return all conversations by key, each with its number."""
    return [(number, key) for number, key in rows.all(_KEYS)]


def lasting_messages(rows: Rows, number: int) -> Iterator[tuple[MessageRow, bool]]:
    """Yield a conversation's messages that stay, and whether what each quotes is one of them."""
    for found in rows.stream(_OF, conversation=number):
        yield MESSAGE.read(found[:-1]), bool(found[-1])


def lasting_marks(rows: Rows) -> Iterator[MarkRow]:
    """Yield the changes of messages that stay, by id."""
    return map(MARK.read, rows.stream(_MARKS))


def lasting_files(rows: Rows) -> list[LastingFile]:
    """Return the files of messages that stay, as far as they are here, by message."""
    return [
        LastingFile(message_id=message_id, place=place, stored_bytes=stored_bytes)
        for message_id, place, stored_bytes in rows.all(_FILES)
    ]


def all_records(rows: Rows) -> Iterator[RecordRow]:
    """Yield all records, by kind and key."""
    return map(RECORD.read, rows.stream(_RECORDS))


def signing_manifests(rows: Rows) -> Iterator[bytes]:
    """Yield the manifests under which logs of groups were signed, by hash.

    Not those of groups in whose log we are no member yet.
    """
    return (manifest for (manifest,) in rows.stream(_MANIFESTS))


def mere_members(rows: Rows) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield who is known from groups alone: manifest and token, by account."""
    return ((manifest, token) for manifest, token in rows.stream(_MEMBERS))


def disappearing_total(rows: Rows) -> int:
    """Return how many messages have a time, and are in no backup."""
    return int(rows.value(_DISAPPEARING))


def total(rows: Rows) -> int:
    """Return how many messages there are in all."""
    return int(rows.value(_COUNT) or 0)
