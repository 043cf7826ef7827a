"""Rows of the history as items of a part, and items as rows.

Rule: what an item says becomes a row only through `printable` and within the words that this
version knows, as if a stranger had written it: a part is another device's word. Pure.
Spec: docs/protocol/history.md.
"""

from __future__ import annotations

from typing import Final, get_args, get_type_hints

from restante.client.grammar.reading import NEWER
from restante.client.interface import Message, MessageState
from restante.protocol.history_part import (
    MAX_ERROR_CHARS,
    MAX_EXCERPT_CHARS,
    HistoryMark,
    HistoryMessage,
    HistoryRecord,
)
from restante.protocol.ids import ID_BYTES, MessageId
from restante.protocol.order import order_key
from restante.protocol.text import printable
from restante.store.client_marks import MarkRow
from restante.store.client_messages import MessageRow
from restante.store.client_records import RecordRow

_KINDS: Final = frozenset(get_args(get_type_hints(Message)["kind"]))
_UNSENT: Final = frozenset({MessageState.QUEUED.value, MessageState.AWAITING_ACCEPTANCE.value})
_STATES: Final = frozenset(state.value for state in MessageState)
_RECEIVED: Final = frozenset({MessageState.DELIVERED.value, MessageState.READ.value})


def is_exported(row: MessageRow, *, now_ms: int) -> bool:
    """Whether a message is given to another device.

    One that waits to be sealed is not: when it is sent, the other device gets a copy, and until
    then it may be taken back. Nor is one whose time is over.
    """
    waits = row.received_at_ms is None and row.counter == 0 and row.state in _UNSENT
    return not waits and (row.gone_at_ms is None or row.gone_at_ms > now_ms)


def message_item(row: MessageRow) -> HistoryMessage:
    """Return a message as it is given to another device."""
    return HistoryMessage(
        conversation=row.conversation,
        id=row.id,
        author=row.author,
        device=row.device_id,
        counter=row.counter,
        rank=row.rank,
        sent_at_ms=row.sent_at_ms,
        received_at_ms=row.received_at_ms,
        kind=row.kind,
        state=row.state,
        error=None if row.error is None else row.error[:MAX_ERROR_CHARS],
        quote=row.quote_id,
        quote_excerpt=row.quote_excerpt,
        expires_at_ms=row.expires_at_ms,
        timer_s=row.timer_s,
        gone_at_ms=row.gone_at_ms,
        text=row.text,
        body=row.body,
    )


def message_row(item: HistoryMessage, *, own_account: bytes) -> MessageRow:
    """Return the row of a message that another device gave."""
    is_known = item.kind in _KINDS
    return MessageRow(
        id=item.id,
        conversation=item.conversation,
        author=item.author,
        device_id=item.device,
        counter=item.counter,
        order_key=order_key(item.rank, MessageId(item.id)),
        rank=item.rank,
        sent_at_ms=item.sent_at_ms,
        received_at_ms=item.received_at_ms,
        kind=item.kind if is_known else "unknown",
        text=printable(item.text, multiline=True) if is_known else NEWER,
        body=item.body,
        state=_state(item, is_own=item.author == own_account),
        error=_line(item.error, MAX_ERROR_CHARS),
        quote_id=item.quote,
        quote_excerpt=_line(item.quote_excerpt, MAX_EXCERPT_CHARS),
        expires_at_ms=item.expires_at_ms,
        timer_s=item.timer_s,
        gone_at_ms=item.gone_at_ms,
    )


def _state(item: HistoryMessage, *, is_own: bool) -> str:
    if not is_own:
        return item.state if item.state in _RECEIVED else MessageState.READ.value
    if item.state in _UNSENT or item.state not in _STATES:
        # Sealed there, and sent from there: here nothing is left to do for it.
        return MessageState.RELAYED.value
    return item.state


def _line(text: str | None, max_chars: int) -> str | None:
    return None if text is None else printable(text, multiline=False)[:max_chars]


def is_mark_exported(row: MarkRow, *, now_ms: int) -> bool:
    """Whether a mark is given to another device: not what this one noted for itself."""
    is_anybodys = {len(row.id), len(row.author), len(row.device_id)} == {ID_BYTES}
    return is_anybodys and (row.gone_at_ms is None or row.gone_at_ms > now_ms)


def mark_item(row: MarkRow) -> HistoryMark:
    """Return a mark as it is given to another device."""
    return HistoryMark(
        conversation=row.conversation,
        id=row.id,
        target=row.target,
        kind=row.kind,
        author=row.author,
        device=row.device_id,
        counter=row.counter,
        rank=row.rank,
        at_ms=row.at_ms,
        gone_at_ms=row.gone_at_ms,
        value=row.value,
        body=row.body,
    )


def mark_row(item: HistoryMark) -> MarkRow:
    """Return the row of a mark that another device gave."""
    return MarkRow(
        id=item.id,
        conversation=item.conversation,
        target=item.target,
        kind=item.kind,
        author=item.author,
        device_id=item.device,
        counter=item.counter,
        rank=item.rank,
        at_ms=item.at_ms,
        gone_at_ms=item.gone_at_ms,
        value=printable(item.value, multiline=True),
        body=item.body,
    )


def record_item(row: RecordRow) -> HistoryRecord:
    """Return a record as it is given to another device."""
    return HistoryRecord(
        kind=row.kind, key=row.key, rank=row.rank, device=row.device_id, value=row.value
    )
