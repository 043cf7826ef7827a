"""Messages that wait for their file to be at the relay: held, sent then, taken back, sent again.

Rule: a message with a file goes out when all of the file is durable at the relay, not before; what
was taken back meanwhile doesn't go. Inside the caller's transaction.
Spec: docs/files.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from restante.client import tracing
from restante.client.files.showing import body_of
from restante.client.grammar.writing import release
from restante.client.groups.posting import queue_for_group, writable
from restante.client.interface import MessageState
from restante.client.people_kept import existing
from restante.protocol.codec import encode
from restante.protocol.content import Content
from restante.store import client_files as store
from restante.store.client_groups import is_group
from restante.store.client_messages import assign_counter, message, placed_message, update_state

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

STOPPED: Final = "You took it back before it was sent."


def send_held(
    rows: Rows,
    changes: Changes,
    message_id: bytes,
    *,
    own: OwnAccount,
    expires_at_s: int,
    most_pairwise: int,
    now_ms: int,
) -> bool:
    """Queue the message whose file is at the relay now; False if it isn't wanted any more."""
    kept = store.file_of(rows, message_id)
    row = message(rows, message_id)
    if kept is None or kept.state != store.SENDING or row is None:
        return False
    store.move_on(
        rows, message_id, before=store.SENDING, state=store.HERE, stored_bytes=kept.stored_bytes
    )
    content = Content.from_bytes(row.body)
    body = encode(msgspec.structs.replace(body_of(row), expires_at_s=expires_at_s))
    packed = msgspec.structs.replace(content, body=body).to_bytes()
    # Sent before, and expired at their relay: it goes again under its old counter.
    assign_counter(rows, message_id, counter=row.counter, body=packed)
    if is_group(row.conversation):
        queue_for_group(
            rows,
            changes,
            own,
            writable(rows, row.conversation),
            packed,
            message_id=message_id,
            most_pairwise=most_pairwise,
            now_ms=now_ms,
        )
    else:
        whom = existing(rows, row.conversation)
        release(rows, changes, whom, packed, message_id=message_id, now_ms=now_ms)
    if row.state == MessageState.QUEUED.value:
        update_state(rows, message_id, row.state, None)
    changes.message_changed(placed_message(rows, message_id))
    return True


def stop_sending(rows: Rows, changes: Changes, message_id: bytes, *, now_ms: int) -> bool:
    """Take a message back whose file is still on its way; False if it isn't."""
    kept = store.file_of(rows, message_id)
    if kept is None or kept.state != store.SENDING:
        return False
    fail_sending(rows, changes, message_id, STOPPED)
    tracing.note(rows, message_id, tracing.Event.TAKEN_BACK, now_ms=now_ms)
    return True


def fail_sending(rows: Rows, changes: Changes, message_id: bytes, sentence: str) -> None:
    """Say that a message can't be sent, since its file can't."""
    kept = store.file_of(rows, message_id)
    if kept is not None:
        store.move_on(
            rows,
            message_id,
            before=store.SENDING,
            state=store.HERE,
            stored_bytes=kept.stored_bytes,
        )
    failed = MessageState.FAILED.value
    changes.message_changed(update_state(rows, message_id, failed, sentence))


def send_again(rows: Rows, changes: Changes, message_id: bytes, *, now_ms: int) -> bool:
    """Send a message with a file of ours once more, from the file on; False if that isn't here.

    At the relay it may be gone: what is there already isn't sent again.
    """
    kept = store.file_of(rows, message_id)
    if kept is None or kept.blob is None or kept.state != store.HERE or not kept.stored_bytes:
        return False
    store.move_on(
        rows, message_id, before=store.HERE, state=store.SENDING, stored_bytes=kept.stored_bytes
    )
    tracing.note(rows, message_id, tracing.Event.QUEUED, now_ms=now_ms)
    queued = MessageState.QUEUED.value
    changes.message_changed(update_state(rows, message_id, queued, None))
    return True
