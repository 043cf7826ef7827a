"""What will never be sent: taken out of the outbox, and said of its message, on all own devices.

Rule: a message fails only if no device got it; another own device that has a copy of it hears so.
Inside the caller's transaction. Spec: docs/engine.md, sections 4 and 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.interface import MessageState
from restante.client.syncing.outgoing import publish
from restante.protocol.sync import SyncFailed
from restante.store import client_outbox
from restante.store.client_messages import message, update_state

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_outbox import OutboxRow
    from restante.store.client_rows import Rows


def give_up(rows: Rows, changes: Changes, entry: OutboxRow, sentence: str, *, now_ms: int) -> None:
    """Take an entry out for good; its message fails, unless another device may still get it."""
    client_outbox.delete(rows, entry.id)
    if entry.message_id is None:
        return
    row = message(rows, entry.message_id)
    if row is None or client_outbox.by_message(rows, entry.message_id):
        return
    state = MessageState(row.state)
    if state in {MessageState.QUEUED, MessageState.AWAITING_ACCEPTANCE}:
        to = MessageState.FAILED if row.expires_at_ms is None else MessageState.RELAYED
        error = sentence if to is MessageState.FAILED else None
        changes.message_changed(update_state(rows, row.id, to.value, error))
        if row.counter and to is MessageState.FAILED:
            failed = SyncFailed(conversation=row.conversation, messages=[row.id])
            publish(rows, changes, failed, now_ms=now_ms)
