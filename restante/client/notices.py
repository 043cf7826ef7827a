"""Notices: what happened to a contact's account, said once, and in the same place on all devices.

Each device may see it by itself, at its own time. Rule: a notice is a record of the account, and
stands where the record says; whoever has it, from another device too, files no other. A notice
never takes the place of what somebody wrote. Inside the caller's transaction.
Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from restante.client.history import file_note
from restante.client.history_transfer.awaiting import is_history_awaited
from restante.client.interface import MessageState
from restante.client.syncing.putting import put
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.ids import ID_BYTES, U63, MessageId
from restante.protocol.order import is_out_of_reach, order_key
from restante.protocol.sync import RecordKind
from restante.protocol.text import printable
from restante.store.client_feed import append_feed, feed_of, put_feed_back
from restante.store.client_messages import (
    MessageRow,
    Placed,
    delete_message,
    insert_message,
    message,
)
from restante.store.client_records import record

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_contacts import ContactRow
    from restante.store.client_records import RecordRow
    from restante.store.client_rows import Rows

NOTICE: Final = "notice"
MAX_SENTENCE_CHARS: Final = 1000


class Notice(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Value of a NOTICE record: in which conversation, at which place, when, and what it says."""

    conversation: Annotated[bytes, Meta(min_length=16, max_length=32)]
    rank: U63
    at_ms: U63
    sentence: Annotated[str, Meta(min_length=1, max_length=MAX_SENTENCE_CHARS)]


def file_notice(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    sentence: str,
    *,
    entry_id: bytes,
    now_ms: int,
) -> None:
    """Say something of a contact, here and on the account's other devices; once for an id."""
    known = record(rows, int(RecordKind.NOTICE), entry_id)
    if known is not None and message(rows, entry_id) is not None:
        return
    file_note(
        rows,
        changes,
        row.account_id,
        entry_id=entry_id,
        device_id=bytes(ID_BYTES),
        kind=NOTICE,
        error=sentence,
        rank=None,
        feed_type=NOTICE,
        now_ms=now_ms,
    )
    filed = message(rows, entry_id)
    if filed is None:
        return
    notice = Notice(
        conversation=filed.conversation,
        rank=filed.rank,
        at_ms=filed.sent_at_ms,
        sentence=(filed.error or sentence)[:MAX_SENTENCE_CHARS],
    )
    # Nobody's decision: of several devices that see it at once, the greatest id says where it is.
    put(rows, RecordKind.NOTICE, entry_id, encode(notice), now_ms=now_ms, is_decision=False)


def follow_notice(rows: Rows, changes: Changes, said: RecordRow, *, now_ms: int) -> None:
    """Let a notice stand where its record says. Raises RemoteProtocolError if it is malformed."""
    if said.value is None or len(said.key) != ID_BYTES:
        raise RemoteProtocolError("a notice of nothing")
    notice = decode(said.value, Notice)
    known = message(rows, said.key)
    if is_out_of_reach(notice.rank, now_ms) or (known is not None and known.kind != NOTICE):
        return
    entry = _entry(said.key, notice)
    if known == entry:
        return
    lines = feed_of(rows, said.key)
    if known is not None:
        delete_message(rows, said.key)
        changes.is_resync = True
    position = insert_message(rows, entry)
    if position is None:
        return
    changes.message_added(Placed(row=entry, position=position))
    if known is not None:
        put_feed_back(rows, said.key, lines)  # it is told once, wherever it stands
    elif not is_history_awaited(rows):
        changes.cursors.append(append_feed(rows, NOTICE, said.key, at_ms=now_ms))


def _entry(entry_id: bytes, notice: Notice) -> MessageRow:
    return MessageRow(
        id=entry_id,
        conversation=notice.conversation,
        author=notice.conversation[:ID_BYTES],
        device_id=bytes(ID_BYTES),
        counter=0,
        order_key=order_key(notice.rank, MessageId(entry_id)),
        rank=notice.rank,
        sent_at_ms=notice.at_ms,
        received_at_ms=None,
        kind=NOTICE,
        text="",
        body=b"",
        state=MessageState.READ.value,
        error=printable(notice.sentence, multiline=False),
        quote_id=None,
        quote_excerpt=None,
        expires_at_ms=None,
    )
