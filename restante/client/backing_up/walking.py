"""A history as the items of a backup, from one snapshot.

Rule: an item says what a restored device shows: what waited to be sent can't go from there, and
says so. Nothing that disappears, no session, no key, no token and no draft is given out.
Spec: docs/protocol/backup.md.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client.backing_up.group_items import group_items
from restante.client.grammar.marking import without_excerpt
from restante.client.history_transfer.items import is_mark_exported, mark_item, message_item
from restante.client.history_transfer.items import record_item as packed_record
from restante.client.interface import MessageState
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.content import Content, Edit, Kind, Text
from restante.protocol.history_part import (
    MAX_COUNTERS,
    DeviceCounter,
    HistoryConversation,
    Item,
)
from restante.protocol.sync import RecordKind
from restante.store import client_backup_rows as lasting
from restante.store.client_conversations import clock, gaps, own_counter
from restante.store.client_transfer_rows import highest_counters
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.store.client_marks import MarkRow
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

WAITED: Final = (
    "It waited to be sent when the backup was made, on the device that wrote it. If that device is "
    "gone, send it anew."
)

MAX_GAPS: Final = 8 * MAX_COUNTERS
"""Missing counters of a conversation that are given out."""

LEFT_OUT: Final = frozenset(
    {
        RecordKind.TOKEN,
        RecordKind.CODE,
        RecordKind.DEVICE_NAME,
        RecordKind.HISTORY,
        RecordKind.DRAFT,
        RecordKind.THREAD_DRAFT,
    }
)
"""Records that say nothing to a new device: the account's present tokens and code, the names of
its devices, transfers between them; and what was only begun, perhaps in a chat that disappears."""

_UNSENT: Final = frozenset({MessageState.QUEUED.value, MessageState.AWAITING_ACCEPTANCE.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose snapshot it is."""

    rows: Rows
    own_device: bytes


def walk(source: Source) -> Generator[Item, None, None]:
    """Yield all items between a backup's first and last one, in an order that rows alone decide.

    To be closed before the snapshot is.
    """
    rows = source.rows
    for record in lasting.all_records(rows):
        if record.kind not in LEFT_OUT:
            yield packed_record(record)
    yield from group_items(rows)
    for number, key in lasting.conversations_in_order(rows):
        yield from _counters(source, key)
        for row, quotes_what_stays in lasting.lasting_messages(rows, number):
            yield message_item(_as_restored(row, quotes_what_stays=quotes_what_stays))
    for mark in lasting.lasting_marks(rows):
        if is_mark_exported(mark, now_ms=0):
            yield mark_item(_without_quote(mark))


def _as_restored(row: MessageRow, *, quotes_what_stays: bool) -> MessageRow:
    if row.quote_id is not None and not quotes_what_stays:
        row = replace(row, quote_excerpt="", body=without_excerpt(row.body))
    if row.received_at_ms is None and row.state in _UNSENT:
        if row.counter:  # sealed, and on its way from there
            return replace(row, state=MessageState.RELAYED.value, error=None)
        return replace(row, state=MessageState.FAILED.value, error=WAITED)
    return row


def _without_quote(mark: MarkRow) -> MarkRow:
    """Return an edit without what it repeats of another message, which nobody is shown."""
    if mark.kind != Kind.EDIT:
        return mark
    try:
        content = Content.from_bytes(mark.body)
        edit = decode(content.body, Edit)
        text = decode(edit.body, Text) if edit.kind == Kind.TEXT else None
    except RemoteProtocolError:
        return mark
    if text is None or text.quote is None or not text.quote.excerpt:
        return mark
    text = msgspec.structs.replace(text, quote=msgspec.structs.replace(text.quote, excerpt=""))
    edit = msgspec.structs.replace(edit, body=encode(text))
    return replace(mark, body=msgspec.structs.replace(content, body=encode(edit)).to_bytes())


def _counters(source: Source, key: bytes) -> Iterator[HistoryConversation]:
    """Yield what is known of a conversation's counters: its highest first, then what is missing."""
    rows = source.rows
    highest = highest_counters(rows, key)
    own = own_counter(rows, key)
    if own:
        highest.append((source.own_device, own))
    missing = sorted(gaps(rows, key))[-MAX_GAPS:]
    now = clock(rows, key)
    for start in range(0, max(len(highest), 1), MAX_COUNTERS):
        part = sorted(highest)[start : start + MAX_COUNTERS]
        yield HistoryConversation(conversation=key, clock=now, highest=_listed(part), missing=[])
    for start in range(0, len(missing), MAX_COUNTERS):
        part = missing[start : start + MAX_COUNTERS]
        yield HistoryConversation(conversation=key, clock=now, highest=[], missing=_listed(part))


def _listed(counters: list[tuple[bytes, int]]) -> list[DeviceCounter]:
    return [DeviceCounter(device=device, counter=counter) for device, counter in counters]
