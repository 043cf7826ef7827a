"""What the user has read: here, or on another own device.

Rule: the first reading on any device starts a disappearing message's clock, and only the device
that was read on says so to its writer, if the user lets that be said. Inside the caller's
transaction. Spec: docs/protocol/content.md, C6, C18 and C19.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from restante.client.acquaintance import is_welcome
from restante.client.grammar import preferences
from restante.client.grammar.marking import note_read_before
from restante.client.grammar.timers import start_clock
from restante.client.groups.posting import says_receipts
from restante.client.interface import MessageState
from restante.client.syncing.self_contact import is_self
from restante.protocol.content import ReceiptState
from restante.store.client_contacts import contact
from restante.store.client_groups import is_group
from restante.store.client_inbox import queue_receipt
from restante.store.client_messages import message, placed_message, update_state
from restante.store.client_summaries import mark_read

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_rows import Rows


def read_here(
    rows: Rows, changes: Changes, conversation: bytes, up_to: bytes, *, now_ms: int
) -> list[bytes]:
    """Note that the user has read everything up to a message; return what was unread until now."""
    newly_read = mark_read(rows, conversation, up_to)
    tells = preferences.is_on(rows, preferences.RECEIPTS) and _hears(rows, conversation)
    for message_id in newly_read:
        start_clock(rows, message_id, at_ms=now_ms, now_ms=now_ms)
        changes.message_changed(placed_message(rows, message_id))
        if tells:
            author = _author(rows, conversation, message_id)
            queue_receipt(rows, author, message_id, int(ReceiptState.READ))
            changes.are_receipts_owed = True
    return newly_read


def _hears(rows: Rows, conversation: bytes) -> bool:
    """Whether those who write in a conversation are told that we have read it."""
    if is_group(conversation):
        return says_receipts(rows, conversation)
    row = contact(rows, conversation)
    return row is not None and is_welcome(row) and not is_self(row)


def _author(rows: Rows, conversation: bytes, message_id: bytes) -> bytes:
    row = message(rows, message_id) if is_group(conversation) else None
    return conversation if row is None else row.author


def read_elsewhere(
    rows: Rows,
    changes: Changes,
    conversation: bytes,
    message_ids: Iterable[bytes],
    *,
    at_ms: int,
    now_ms: int,
) -> None:
    """Note what another own device says the user has read there, and when; the earliest counts.

    Of messages of our own it says when they left: their clock starts.
    """
    for message_id in message_ids:
        row = message(rows, message_id)
        if row is None:
            note_read_before(rows, conversation, message_id, at_ms=min(at_ms, now_ms))
            continue
        if row.conversation != conversation:
            continue
        placed = start_clock(rows, message_id, at_ms=at_ms, now_ms=now_ms)
        is_theirs = row.received_at_ms is not None  # one's own has left, on the other device
        if is_theirs and row.state == MessageState.DELIVERED.value:
            placed = update_state(rows, message_id, MessageState.READ.value, None)
        changes.message_changed(placed)
