"""The history as a backup has it: all of it but what disappears, in one order, as a stream.

Rule: what has a time, or repeats or changes what has one, is not here; the order depends on what
the rows say alone, so that two databases with the same rows give the same stream. For one
snapshot, in a thread of its own. Knows no format. Spec: docs/protocol/backup.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, or_, select

from restante.store import client_tables as tables
from restante.store.client_files import files
from restante.store.client_marks import LAST_HISTORY_KIND, MARK, MarkRow
from restante.store.client_messages import MESSAGE, MessageRow
from restante.store.client_records import RECORD, RecordRow
from restante.store.client_rows import Rows, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingFile:
    """A file that is here, sealed: whose, where, and how long."""

    message_id: bytes
    place: bytes
    stored_bytes: int


_conversations = tables.conversations
_messages = tables.messages
_marks = tables.marks
_records = tables.records

_stays = (_messages.c.timer_s == 0) & _messages.c.gone_at_ms.is_(None)
_others = _messages.alias("others")
_other_stays = (_others.c.timer_s == 0) & _others.c.gone_at_ms.is_(None)
_quotes_what_stays = (
    select(_others.c.id)
    .where(_others.c.id == _messages.c.quote_id, _other_stays)
    .exists()
    .label("quotes_what_stays")
)

_KEYS = Statement(
    select(_conversations.c.number, _conversations.c.key).order_by(_conversations.c.key)
)
_OF = Statement(
    select(*MESSAGE.columns, _quotes_what_stays)
    .join_from(_messages, _conversations, _messages.c.conversation == _conversations.c.number)
    .where(_messages.c.conversation == bindparam("conversation"), _stays)
    .order_by(_messages.c.order_key)
)
_DISAPPEARING = Statement(
    select(func.count())
    .select_from(_messages)
    .where(or_(_messages.c.timer_s != 0, _messages.c.gone_at_ms.is_not(None)))
)
# In the order of their ids, which an index has: nothing is sorted in memory.
_MARKS = Statement(
    select(*MARK.columns)
    .join_from(_marks, _conversations, _marks.c.conversation == _conversations.c.number)
    .where(
        _marks.c.gone_at_ms.is_(None),
        _marks.c.kind <= LAST_HISTORY_KIND,
        select(_others.c.id).where(_others.c.id == _marks.c.target, _other_stays).exists(),
    )
    .order_by(_marks.c.id)
)
_RECORDS = Statement(select(*RECORD.columns).order_by(_records.c.kind, _records.c.key))
_FILES = Statement(
    select(files.c.message_id, files.c.place, files.c.stored_bytes)
    .select_from(files.join(_messages, _messages.c.id == files.c.message_id))
    .where(files.c.stored_bytes > 0, _messages.c.kind == "file", _stays)
    .order_by(files.c.message_id)
)
_COUNT: Final = Statement(select(func.sum(_conversations.c.message_count)))


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


def disappearing_total(rows: Rows) -> int:
    """Return how many messages have a time, and are in no backup."""
    return int(rows.value(_DISAPPEARING))


def total(rows: Rows) -> int:
    """Return how many messages there are in all."""
    return int(rows.value(_COUNT) or 0)
