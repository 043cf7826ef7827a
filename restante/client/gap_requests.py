"""What is missing is asked for again, and what others miss is answered from our own history.

Rule: a request names what is missing when it goes, not when it is queued; an answer is bounded, and
what can never come again is said to be so. Inside the caller's transaction.
Spec: docs/engine.md, section 8.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client import tracing
from restante.client.clock import rfc3339
from restante.client.directory import manifest_of
from restante.client.history import erased_content
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.resending import place_of
from restante.client.syncing.self_contact import is_self
from restante.protocol.codec import decode, encode
from restante.protocol.content import (
    MAX_RECEIPT_IDS,
    Kind,
    ResendExpired,
    ResendRequest,
)
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_conversations import gaps, own_counter
from restante.store.client_marks import mark_by_counter
from restante.store.client_messages import message, message_by_counter
from restante.store.client_outbox import by_message, outbox_entry

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

COUNTERS_PER_ENTRY: Final = 64

ASK_AGAIN_AFTER_MS: Final = 3_600_000
"""What is still missing when its device writes again so much later is asked for once more."""

MAX_RESENDS: Final = 256
"""Messages sent again for one request: what one request can name."""


def ask_again(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    device_id: bytes,
    *,
    conversation: bytes | None = None,
    delay_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Queue a request for what is missing from a device; what it names is settled when it goes."""
    key = conversation or row.account_id
    _look_up_if_unknown(rows, row, device_id)
    set_value(rows, _asked(key, device_id), now_ms.to_bytes(8, "big"))
    missing = missing_counters(rows, key, device_id)
    _note_asked(rows, key, device_id, missing, now_ms=now_ms)
    # A request names so many and no more; the newest are asked for first.
    for number in range(-(-len(missing) // MAX_RECEIPT_IDS) or 1):
        content = control_content(Kind.RESEND_REQUEST, None, now_ms=now_ms, randomness=randomness)
        if key != row.account_id:
            content = msgspec.structs.replace(content, conversation=key)
        if number:
            content = msgspec.structs.replace(content, body=encode(number))
        which = number.to_bytes(1, "big") if number else b""
        entry_id = local_id("resend-request", key, device_id, which)
        before = outbox_entry(rows, entry_id)
        if before is not None and before.payload is not None:
            # That one is sealed, and can't name what is missing since.
            last = max(missing, default=0).to_bytes(8, "big")
            entry_id = local_id("resend-request", key, device_id, last, which)
        enqueue_content(
            rows,
            changes,
            row,
            content.to_bytes(),
            entry_id=entry_id,
            message_id=None,
            now_ms=now_ms,
            device_id=device_id,
            delay_ms=delay_ms,
        )


def entry_of(conversation: bytes, device_id: bytes, block: int) -> bytes:
    """Return the id of the entry that shows what is missing of a block of counters."""
    return local_id("gap", conversation, device_id, block.to_bytes(8, "big"))


def note_repaired(
    rows: Rows, conversation: bytes, device_id: bytes, message_id: bytes, *, now_ms: int
) -> None:
    """Note on a message that it was missing here, and since when it was asked for."""
    if message(rows, message_id) is None:
        return  # a change of one
    asked_ms = int.from_bytes(get_value(rows, _asked(conversation, device_id)) or b"", "big")
    detail = f"missed, and asked for at {rfc3339(asked_ms)}" if asked_ms else "missed"
    repaired = tracing.Event.REPAIRED
    tracing.note(rows, message_id, repaired, now_ms=now_ms, device_id=device_id, detail=detail)


def missing_from(
    rows: Rows, conversation: bytes, device_id: bytes, waiting: bytes
) -> ResendRequest | None:
    """Return what a resend request to a device should name now; None if nothing is missing.

    `waiting` is the body that it has had in the outbox: which of several requests it is.
    """
    counters = missing_counters(rows, conversation, device_id)
    end = len(counters) - (decode(waiting, int) if waiting else 0) * MAX_RECEIPT_IDS
    named = counters[max(end - MAX_RECEIPT_IDS, 0) : max(end, 0)]
    return ResendRequest(counters=named) if named else None


def was_asked_long_ago(rows: Rows, conversation: bytes, device_id: bytes, now_ms: int) -> bool:
    """Return whether a request, or what answered it, may be lost itself by now."""
    at_ms = int.from_bytes(get_value(rows, _asked(conversation, device_id)) or b"", "big")
    return abs(now_ms - at_ms) > ASK_AGAIN_AFTER_MS


def answer(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    row: ContactRow,
    device_id: bytes,
    *,
    request: ResendRequest,
    conversation: bytes | None = None,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Queue again, for one device, what it says it missed and we have sent in this conversation.

    Of what has disappeared or was replaced it is told that it will never come.
    """
    key = conversation or row.account_id
    expired: list[int] = []
    last = own_counter(rows, key)
    for counter in dict.fromkeys(request.counters[:MAX_RESENDS]):
        sent = _sent(rows, key, own.device_id, counter)
        if sent is None and 0 < counter <= last:
            expired.append(counter)
        if sent is None:
            continue  # never sent here
        message_id, packed = sent
        # On its way anyhow; what is sealed for other devices is of no use to this one.
        waiting = (e for e in by_message(rows, message_id) if e.account_id == row.account_id)
        if {each.device_id for each in waiting} & {None, device_id}:
            continue
        enqueue_content(
            rows,
            changes,
            row,
            place_of(packed),
            entry_id=local_id("resend", message_id, device_id),  # one at a time
            message_id=None,
            now_ms=now_ms,
            device_id=device_id,
        )
        again = tracing.Event.SENT_AGAIN
        tracing.note(rows, message_id, again, now_ms=now_ms, device_id=device_id)
    if expired:
        body = ResendExpired(counters=expired)
        content = control_content(Kind.RESEND_EXPIRED, body, now_ms=now_ms, randomness=randomness)
        if conversation is not None:
            content = msgspec.structs.replace(content, conversation=conversation)
        enqueue_content(
            rows,
            changes,
            row,
            content.to_bytes(),
            entry_id=local_id("resend-expired", key, device_id, encode(body)),
            message_id=None,
            now_ms=now_ms,
            device_id=device_id,
        )


def _note_asked(
    rows: Rows, conversation: bytes, device_id: bytes, missing: list[int], *, now_ms: int
) -> None:
    for block, count in Counter(each // COUNTERS_PER_ENTRY for each in missing).items():
        entry_id, asked = entry_of(conversation, device_id, block), tracing.Event.ASKED_FOR
        if message(rows, entry_id) is not None:
            detail = f"{count} missing"
            tracing.note(rows, entry_id, asked, now_ms=now_ms, device_id=device_id, detail=detail)


def _look_up_if_unknown(rows: Rows, row: ContactRow, device_id: bytes) -> None:
    """Have their relay asked first, or a request to a device only heard of would be given up."""
    known = contact(rows, row.account_id)
    if known is None or is_self(known):
        return
    if all(listed.device_id != device_id for listed in manifest_of(known).devices):
        upsert_contact(rows, replace(known, is_stale=True))


def _asked(conversation: bytes, device_id: bytes) -> str:
    return f"asked:{conversation.hex()}:{device_id.hex()}"


def _sent(
    rows: Rows, conversation: bytes, device_id: bytes, counter: int
) -> tuple[bytes, bytes] | None:
    """Return the id of what a device of ours sent under a counter, and what is sent again of it.

    Of a deleted message that is its place; None if nothing is left.
    """
    row = message_by_counter(rows, conversation, device_id, counter)
    if row is not None:
        return row.id, row.body or erased_content(row)
    change = mark_by_counter(rows, conversation, device_id, counter)
    return None if change is None else (change.id, change.body)


def missing_counters(rows: Rows, conversation: bytes, device_id: bytes) -> list[int]:
    """Return the counters of a device that are missing in a conversation, ascending."""
    return [counter for device, counter in gaps(rows, conversation) if device == device_id]
