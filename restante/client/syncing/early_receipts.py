"""Receipts that come before what they are about: the copy of that is late.

Another own device sent it, or a capability key.

Rule: a bounded number of each contact's is kept, and each counts when its message comes. Inside the
caller's transaction. Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.directory import manifest_of
from restante.client.grammar.marking import own_mark_id
from restante.client.interface import MessageState
from restante.client.states import moved
from restante.client.syncing.self_contact import self_contact
from restante.protocol.content import Kind
from restante.protocol.ids import ID_BYTES
from restante.store.client_marks import MarkRow, add_mark, count_stray_marks, delete_mark, mark
from restante.store.client_messages import message, update_state

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

MAX_EARLY: Final = 1024
KEPT_MS: Final = 60 * 86_400_000


def keep_early_receipt(
    rows: Rows, row: ContactRow, message_id: bytes, state: MessageState, *, now_ms: int
) -> None:
    """Keep what a contact says of a message that isn't here; the furthest state counts."""
    us = self_contact(rows)
    if us is None or len(manifest_of(us).devices) == 1:
        return  # nobody else, and no capability key, writes for this account
    mark_id = _id(row.account_id, message_id)
    earlier = mark(rows, mark_id)
    if earlier is not None:
        if moved(MessageState(earlier.value), state) is None:
            return
        delete_mark(rows, mark_id)
    elif count_stray_marks(rows, row.account_id) >= MAX_EARLY:
        return
    add_mark(
        rows,
        MarkRow(
            id=mark_id,
            conversation=row.account_id,
            target=message_id,
            kind=int(Kind.RECEIPT),
            author=row.account_id,
            device_id=bytes(ID_BYTES),
            counter=0,
            rank=0,
            at_ms=now_ms,
            gone_at_ms=now_ms + KEPT_MS,
            value=state.value,
            body=b"",
        ),
    )


def settle_early_receipt(
    rows: Rows, changes: Changes, conversation: bytes, message_id: bytes
) -> None:
    """Let what was said of a message before it came count now."""
    early = mark(rows, _id(conversation, message_id))
    row = message(rows, message_id)
    if early is None or row is None:
        return
    delete_mark(rows, early.id)
    state = MessageState(early.value)
    if moved(MessageState(row.state), state) is not None:
        changes.message_changed(update_state(rows, message_id, state.value, None))


def _id(account_id: bytes, message_id: bytes) -> bytes:
    return own_mark_id("early-receipt", account_id, message_id)
