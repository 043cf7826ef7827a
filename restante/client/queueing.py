"""How something comes to stand in the outbox: contents made, entries added, parked, woken.

Rule: always inside the transaction that makes it necessary, so that what is owed is never
forgotten. Sealing and sending come later (`sealing`, `outbox`). Spec: docs/engine.md, section 4.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from restante.client.directory import manifest_of
from restante.client.interface import MessageState
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind
from restante.protocol.ids import ID_BYTES, labelled
from restante.protocol.limits import DEFAULT_TTL_S
from restante.protocol.order import rank_at
from restante.store import client_outbox
from restante.store.client_messages import message, update_state
from restante.store.client_outbox import OutboxRow

_UNSENT = frozenset({MessageState.QUEUED.value, MessageState.AWAITING_ACCEPTANCE.value})

if TYPE_CHECKING:
    from msgspec import Struct

    from restante.client.changes import Changes
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


def local_id(purpose: str, *fields: bytes) -> bytes:
    """Return a 16-byte id that follows from what it names: the same thing is never queued twice."""
    return sha256(labelled(purpose, *fields)).digest()[:ID_BYTES]


def control_content(
    kind: Kind, body: Struct | None, *, now_ms: int, randomness: Randomness
) -> Content:
    """Return a content that stands in no history: counter 0."""
    return Content(
        version=1,
        kind=int(kind),
        id=randomness.random(ID_BYTES),
        conversation=b"",
        counter=0,
        rank=rank_at(now_ms),
        sent_at_ms=now_ms,
        seen=[],
        disappears_after_s=0,
        body=b"" if body is None else encode(body),
    )


def fresh_entry(
    entry_id: bytes,
    *,
    account_id: bytes,
    content: bytes,
    relay: str,
    now_ms: int,
    delay_ms: int = 0,
    message_id: bytes | None = None,
    device_id: bytes | None = None,
    envelope_id: bytes | None = None,
    payload: bytes | None = None,
) -> OutboxRow:
    """Return an entry that was never tried; sealed already if it has a `payload`.

    All have one time to live, which would else tell a relay what is in an envelope (attack 46).
    """
    return OutboxRow(
        id=entry_id,
        envelope_id=envelope_id,
        message_id=message_id,
        account_id=account_id,
        device_id=device_id,
        content=content,
        payload=payload,
        relay=relay,
        state=MessageState.QUEUED.value,
        attempts=0,
        next_attempt_ms=now_ms + delay_ms,
        created_at_ms=now_ms,
        ttl_s=DEFAULT_TTL_S,
        was_sent=False,
    )


def enqueue_content(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    content: bytes,
    *,
    entry_id: bytes,
    message_id: bytes | None,
    now_ms: int,
    device_id: bytes | None = None,
    delay_ms: int = 0,
) -> bool:
    """Add a content for all of a contact's devices, or for one; False if the id is there."""
    if client_outbox.outbox_entry(rows, entry_id) is not None:
        return False
    client_outbox.enqueue(
        rows,
        fresh_entry(
            entry_id,
            account_id=row.account_id,
            content=content,
            relay=str(manifest_of(row).address.relay),
            now_ms=now_ms,
            delay_ms=delay_ms,
            message_id=message_id,
            device_id=device_id,
        ),
    )
    if message_id is not None:
        # What was put off for this contact goes first: no younger message overtakes it.
        client_outbox.wake_account(rows, row.account_id, now_ms)
    changes.is_outbox_due = True
    return True


def park(rows: Rows, changes: Changes, entry: OutboxRow) -> None:
    """Let an entry wait until the other side has accepted."""
    waiting = MessageState.AWAITING_ACCEPTANCE
    client_outbox.mark(
        rows,
        entry.id,
        state=waiting.value,
        attempts=entry.attempts,
        next_attempt_ms=None,
        was_sent=entry.was_sent,
    )
    if entry.message_id is not None:
        changes.message_changed(update_state(rows, entry.message_id, waiting.value, None))


def unpark(rows: Rows, changes: Changes, account_id: bytes, *, now_ms: int) -> None:
    """The other side has accepted: what waited for that is due."""
    for entry in client_outbox.by_account(rows, account_id):
        if entry.next_attempt_ms is not None:
            continue
        client_outbox.mark(
            rows,
            entry.id,
            state=MessageState.QUEUED.value,
            attempts=entry.attempts,
            next_attempt_ms=now_ms,
            was_sent=entry.was_sent,
        )
        if entry.message_id is not None:
            queued = MessageState.QUEUED.value
            changes.message_changed(update_state(rows, entry.message_id, queued, None))
        changes.is_outbox_due = True


def send_to_others(
    rows: Rows, changes: Changes, entry: OutboxRow, row: ContactRow, *, now_ms: int
) -> bool:
    """Queue anew what was for a device that is no more, if nobody got it: for those there are now.

    So a message outlives the recovery of the account that it is for. False if there is nobody.
    """
    sent = None if entry.message_id is None else message(rows, entry.message_id)
    if sent is None or entry.device_id is None or sent.state not in _UNSENT:
        return False
    if all(device.entry.mailbox is None for device in manifest_of(row).devices):
        return False
    client_outbox.delete(rows, entry.id)
    if client_outbox.by_message(rows, sent.id) or sent.expires_at_ms is not None:
        return True  # another device gets it, or has it
    return enqueue_content(
        rows,
        changes,
        row,
        sent.body,
        entry_id=local_id("entry-for-others", entry.id),
        message_id=sent.id,
        now_ms=now_ms,
    )
