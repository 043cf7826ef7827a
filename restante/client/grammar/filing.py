"""What other devices sent for a history, filed: a contact's, or another one of our own.

Rule: one path for both, told apart by who wrote it and on which device; a content is filed once,
and one that the user has deleted, or whose time is over, isn't filed again. Inside the caller's
transaction. Spec: docs/protocol/content.md, sections 2 to 5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client.grammar.marking import (
    is_gone,
    is_hidden,
    keep_change,
    read_before_ms,
    settle,
    without_excerpt,
)
from restante.client.grammar.naming import calls_of
from restante.client.grammar.reading import read_entry
from restante.client.grammar.threads import thread_changed
from restante.client.grammar.timers import start_clock
from restante.client.interface import MessageState
from restante.protocol.content import CHANGES, Content, Kind
from restante.protocol.ids import MessageId
from restante.protocol.order import advance, is_out_of_reach, order_key
from restante.store.client_conversations import clock, set_clock
from restante.store.client_feed import append_feed
from restante.store.client_groups import is_group
from restante.store.client_messages import (
    MessageRow,
    Placed,
    delete_message,
    insert_message,
    message,
    placed_message,
    update_state,
)

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_rows import Rows

RANKED: Final = frozenset({Kind.EDIT, Kind.REACTION, Kind.PIN, Kind.VOTE, Kind.SETTING})
"""Kinds of which the greatest rank decides."""


def file_content(
    rows: Rows,
    changes: Changes,
    content: Content,
    *,
    conversation: bytes,
    author: bytes,
    device_id: bytes,
    packed: bytes,
    is_own: bool,
    state: MessageState,
    feed_type: str | None,
    now_ms: int,
) -> bool:
    """File a content of kinds 1 to 99; False if it is here already.

    `conversation` is the other account's id, `packed` the content byte for byte. `is_own`: another
    device of this account wrote it. `state` is what an entry begins as. True also says that its
    counter has arrived, where nothing is left to show. Raises RemoteProtocolError if its body is
    malformed.
    """
    if content.kind in RANKED and is_out_of_reach(content.rank, now_ms):
        return True  # nobody could ever decide otherwise
    is_foreign = content.conversation != (conversation if is_group(conversation) else b"")
    if content.kind in CHANGES and not is_foreign:
        return keep_change(
            rows,
            changes,
            content,
            conversation=conversation,
            author=author,
            device_id=device_id,
            packed=packed,
            is_own=is_own,
            is_told=feed_type == "message",
            now_ms=now_ms,
        )
    shown = read_entry(content, is_foreign=is_foreign)
    is_away = shown.kind != "setting" and is_hidden(rows, content.id)
    if is_away or is_gone(rows, content.id):
        return True
    entry = MessageRow(
        id=content.id,
        conversation=conversation,
        author=author,
        device_id=device_id,
        counter=content.counter,
        order_key=order_key(content.rank, MessageId(content.id)),
        rank=content.rank,
        sent_at_ms=content.sent_at_ms,
        received_at_ms=None if is_own else now_ms,
        kind=shown.kind,
        text=shown.text,
        body=packed,
        state=state.value,
        error=None,
        quote_id=shown.quote_id,
        quote_excerpt=shown.quote_excerpt,
        expires_at_ms=None,
        timer_s=content.disappears_after_s,
    )
    if shown.quote_id is not None and _is_erased(rows, shown.quote_id):
        entry = _without_excerpt(entry)
    if calls := calls_of(rows, entry):
        entry = replace(entry, calls=calls)
    if is_own:
        _clear_place(rows, changes, entry)
    position = insert_message(rows, entry)
    if position is None:
        return False
    before = clock(rows, conversation)
    set_clock(rows, conversation, advance(before, content.rank, now_ms))
    _start_clock(rows, entry, is_own=is_own, now_ms=now_ms)
    placed = settle(rows, changes, entry.id)
    if placed is None and (entry.timer_s or entry.quote_id is not None):
        placed = placed_message(rows, entry.id)
    changes.message_added(placed or Placed(row=entry, position=position))
    thread_changed(rows, changes, entry)
    if feed_type is not None:
        changes.cursors.append(append_feed(rows, feed_type, entry.id, at_ms=now_ms))
    return True


def _clear_place(rows: Rows, changes: Changes, entry: MessageRow) -> None:
    """Erase what somebody else has filed under the id of a message of this account.

    Whoever has our message can send one of theirs under its id, before our copy comes here.
    """
    known = message(rows, entry.id)
    if known is not None and known.author != entry.author:
        delete_message(rows, entry.id)
        changes.is_resync = True


def _start_clock(rows: Rows, entry: MessageRow, *, is_own: bool, now_ms: int) -> None:
    """Start the clock of what was sent, or read, before it came here."""
    read_at_ms = read_before_ms(rows, entry.id)
    if is_own:  # the device that sends it says when it has left; a note has nowhere to go
        is_note = entry.conversation == entry.author
        left_at_ms = entry.sent_at_ms if is_note else read_at_ms
        if left_at_ms is not None:
            start_clock(rows, entry.id, at_ms=left_at_ms, now_ms=now_ms)
    elif read_at_ms is not None:
        update_state(rows, entry.id, MessageState.READ.value, None)
        start_clock(rows, entry.id, at_ms=read_at_ms, now_ms=now_ms)


def _is_erased(rows: Rows, message_id: bytes) -> bool:
    row = message(rows, message_id)
    if row is not None and row.kind == "deleted":
        return True
    return is_hidden(rows, message_id) or is_gone(rows, message_id)


def _without_excerpt(entry: MessageRow) -> MessageRow:
    return replace(entry, quote_excerpt="", body=without_excerpt(entry.body))
