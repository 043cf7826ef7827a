"""What didn't arrive: shown where it is missing, asked for again, answered from our own history.

Each device counts what it files in a conversation; a hole in its counters is a gap (attack 17).
Sixty-four counters share one entry, so that a peer who skips a million can't fill the history.
Rule: a gap is shown at once, asked for only of people we want to hear from, after a pause, and
answered within limits. Inside the caller's transaction. Spec: docs/engine.md, section 8.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client import tracing
from restante.client.acquaintance import is_welcome
from restante.client.directory import manifest_of
from restante.client.history import erased_content, file_note
from restante.client.history_transfer.awaiting import is_history_awaited
from restante.client.own_account import was_recovered
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.resending import place_of
from restante.client.syncing.self_contact import is_self
from restante.protocol.codec import decode, encode
from restante.protocol.content import (
    MAX_RECEIPT_IDS,
    Content,
    Kind,
    ResendExpired,
    ResendRequest,
)
from restante.store.client_account import get_value, set_value
from restante.store.client_contacts import contact, upsert_contact
from restante.store.client_conversations import (
    count_from,
    gaps,
    is_missing,
    note_counter,
    own_counter,
)
from restante.store.client_marks import mark_by_counter
from restante.store.client_messages import (
    delete_message,
    message,
    message_by_counter,
    update_state,
)
from restante.store.client_outbox import by_message, outbox_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

COUNTERS_PER_ENTRY: Final = 64

MAX_TRACKED: Final = 2000
"""Missing counters of a device past which no more are noted: they are its word alone."""

ASK_AGAIN_AFTER_MS: Final = 3_600_000
"""What is still missing when its device writes again so much later is asked for once more."""

MAX_RESENDS: Final = 256
"""Messages sent again for one request: what one request can name."""


def note_arrival(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    device_id: bytes,
    content: Content,
    *,
    conversation: bytes | None = None,
    resend_grace_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Note a counter that arrived: fill the gap it belonged to, or show the one it reveals.

    `row` is whose device it is; `conversation` is theirs, if no other is named.
    """
    counter = content.counter
    if counter == 0:
        return
    key = conversation or row.account_id
    if was_recovered(rows):
        count_from(rows, key, device_id, counter)  # what was said before went to devices of before
    was_missing = is_missing(rows, key, device_id, counter)
    if not was_missing and len(_missing(rows, key, device_id)) >= MAX_TRACKED:
        return
    newly_missing = note_counter(rows, key, device_id, counter)
    if is_history_awaited(rows):
        return  # most of what it lacks is still to come
    newly_missing = [
        each for each in newly_missing if not _close_if_here(rows, key, device_id, each)
    ]
    left = _by_block(_missing(rows, key, device_id))
    changed = {each // COUNTERS_PER_ENTRY for each in newly_missing}
    if was_missing:
        changed.add(counter // COUNTERS_PER_ENTRY)
    # An entry stands before everything that came after what is missing.
    after = {block for block, missing in left.items() if missing[0] < counter}
    for block in sorted(changed | after):
        _show(
            rows,
            changes,
            row,
            device_id,
            block,
            conversation=key,
            missing_count=len(left.get(block, ())),
            before_rank=content.rank if block in after else None,
            now_ms=now_ms,
        )
    is_due = newly_missing or (left and _was_asked_long_ago(rows, key, device_id, now_ms))
    if is_due and is_welcome(row):
        ask_again(
            rows,
            changes,
            row,
            device_id,
            conversation=key,
            delay_ms=resend_grace_ms,
            randomness=randomness,
            now_ms=now_ms,
        )


def show_all(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    device_id: bytes,
    *,
    conversation: bytes,
    resend_grace_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> set[bytes]:
    """Show and ask for all that is missing from a device; return the ids of the entries."""
    for counter in _missing(rows, conversation, device_id):
        _close_if_here(rows, conversation, device_id, counter)
    left = _by_block(_missing(rows, conversation, device_id))
    for block, missing in left.items():
        _show(
            rows,
            changes,
            row,
            device_id,
            block,
            conversation=conversation,
            missing_count=len(missing),
            before_rank=None,
            now_ms=now_ms,
        )
    if left and is_welcome(row):
        ask_again(
            rows,
            changes,
            row,
            device_id,
            conversation=conversation,
            delay_ms=resend_grace_ms,
            randomness=randomness,
            now_ms=now_ms,
        )
    return {_entry_id(conversation, device_id, block) for block in left}


def close(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    device_id: bytes,
    counters: Iterable[int],
    *,
    conversation: bytes | None = None,
    now_ms: int,
) -> None:
    """Wait no longer for what its device can't send again: the gap closes."""
    key = conversation or row.account_id
    closed = [each for each in counters if is_missing(rows, key, device_id, each)]
    for counter in closed:
        note_counter(rows, key, device_id, counter)
    left = _by_block(_missing(rows, key, device_id))
    for block in sorted({each // COUNTERS_PER_ENTRY for each in closed}):
        _show(
            rows,
            changes,
            row,
            device_id,
            block,
            conversation=key,
            missing_count=len(left.get(block, ())),
            before_rank=None,
            now_ms=now_ms,
        )


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
    missing = _missing(rows, key, device_id)
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


def _look_up_if_unknown(rows: Rows, row: ContactRow, device_id: bytes) -> None:
    """Have their relay asked first, or a request to a device only heard of would be given up."""
    known = contact(rows, row.account_id)
    if known is None or is_self(known):
        return
    if all(listed.device_id != device_id for listed in manifest_of(known).devices):
        upsert_contact(rows, replace(known, is_stale=True))


def _was_asked_long_ago(rows: Rows, conversation: bytes, device_id: bytes, now_ms: int) -> bool:
    """Whether a request, or what answered it, may be lost itself by now."""
    at_ms = int.from_bytes(get_value(rows, _asked(conversation, device_id)) or b"", "big")
    return abs(now_ms - at_ms) > ASK_AGAIN_AFTER_MS


def _asked(conversation: bytes, device_id: bytes) -> str:
    return f"asked:{conversation.hex()}:{device_id.hex()}"


def missing_from(
    rows: Rows, conversation: bytes, device_id: bytes, waiting: bytes
) -> ResendRequest | None:
    """Return what a resend request to a device should name now; None if nothing is missing.

    `waiting` is the body that it has had in the outbox: which of several requests it is.
    """
    counters = _missing(rows, conversation, device_id)
    end = len(counters) - (decode(waiting, int) if waiting else 0) * MAX_RECEIPT_IDS
    named = counters[max(end - MAX_RECEIPT_IDS, 0) : max(end, 0)]
    return ResendRequest(counters=named) if named else None


def answer(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    row: ContactRow,
    device_id: bytes,
    *,
    request: ResendRequest,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Queue again, for one device, what it says it missed and we have sent in this conversation.

    Of what has disappeared or was replaced it is told that it will never come.
    """
    expired: list[int] = []
    last = own_counter(rows, row.account_id)
    for counter in dict.fromkeys(request.counters[:MAX_RESENDS]):
        sent = _sent(rows, row.account_id, own.device_id, counter)
        if sent is None and 0 < counter <= last:
            expired.append(counter)
        if sent is None:
            continue  # never sent here
        message_id, packed = sent
        # On its way anyhow; what is sealed for their other devices is of no use to this one.
        if {each.device_id for each in by_message(rows, message_id)} & {None, device_id}:
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
        enqueue_content(
            rows,
            changes,
            row,
            content.to_bytes(),
            entry_id=local_id("resend-expired", row.account_id, device_id, encode(body)),
            message_id=None,
            now_ms=now_ms,
            device_id=device_id,
        )


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


def _missing(rows: Rows, conversation: bytes, device_id: bytes) -> list[int]:
    return [counter for device, counter in gaps(rows, conversation) if device == device_id]


def _close_if_here(rows: Rows, conversation: bytes, device_id: bytes, counter: int) -> bool:
    """Note that a content came with the history, which says nothing of younger counters."""
    is_here = (
        message_by_counter(rows, conversation, device_id, counter) is not None
        or mark_by_counter(rows, conversation, device_id, counter) is not None
    )
    if is_here:
        note_counter(rows, conversation, device_id, counter)
    return is_here


def _by_block(counters: Iterable[int]) -> dict[int, list[int]]:
    blocks: dict[int, list[int]] = {}
    for each in counters:
        blocks.setdefault(each // COUNTERS_PER_ENTRY, []).append(each)
    return blocks


def _show(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    device_id: bytes,
    block: int,
    *,
    conversation: bytes,
    missing_count: int,
    before_rank: int | None,
    now_ms: int,
) -> None:
    """Make the entry of a block of counters say what is missing, and stand where it should."""
    if is_self(row) and conversation == row.account_id:
        return  # mostly what devices tell each other, which nobody would miss in their notes
    entry_id = _entry_id(conversation, device_id, block)
    shown = message(rows, entry_id)
    rank = None if before_rank is None else max(before_rank - 1, 0)
    if shown is not None and (not missing_count or (rank is not None and rank < shown.rank)):
        delete_message(rows, entry_id)
        changes.is_resync = True
        shown = None
    if not missing_count:
        return
    sentence = _sentence(missing_count, asked=is_welcome(row), is_own=is_self(row))
    if shown is None:
        file_note(
            rows,
            changes,
            row,
            conversation=conversation,
            entry_id=entry_id,
            device_id=device_id,
            kind="gap",
            error=sentence,
            rank=rank,
            feed_type="gap",
            now_ms=now_ms,
        )
    elif shown.error != sentence:
        changes.message_changed(update_state(rows, entry_id, shown.state, sentence))


def _entry_id(conversation: bytes, device_id: bytes, block: int) -> bytes:
    return local_id("gap", conversation, device_id, block.to_bytes(8, "big"))


def _sentence(count: int, *, asked: bool, is_own: bool) -> str:
    what = "A message is missing here." if count == 1 else f"{count} messages are missing here."
    if is_own:
        return f"{what} You sent it from another device, which is asked for it."
    return f"{what} Their device is asked to send again." if asked else what


def devices_with_gaps(rows: Rows, row: ContactRow) -> list[bytes]:
    """Return the devices of a conversation from which something is missing."""
    return list(dict.fromkeys(device for device, _ in gaps(rows, row.account_id)))
