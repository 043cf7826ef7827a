"""What didn't arrive is shown where it is missing, until it came or can't come any more.

Each device counts what it files in a conversation; a hole in its counters is a gap (attack 17).
Sixty-four counters share one entry, so that a peer who skips a million can't fill the history.
Rule: a gap is shown at once, and asked for only of people we want to hear from, after a pause.
Inside the caller's transaction. Spec: docs/engine.md, section 8.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from restante.client import tracing
from restante.client.acquaintance import is_heard
from restante.client.gap_requests import (
    COUNTERS_PER_ENTRY,
    ask_again,
    entry_of,
    missing_counters,
    note_repaired,
    was_asked_long_ago,
)
from restante.client.history import file_note
from restante.client.history_transfer.awaiting import is_history_awaited
from restante.client.own_account import was_recovered
from restante.client.syncing.self_contact import is_self
from restante.protocol.content import Content
from restante.store.client_conversations import (
    count_from,
    gaps,
    is_missing,
    note_counter,
)
from restante.store.client_marks import mark_by_counter
from restante.store.client_messages import (
    delete_message,
    message,
    message_by_counter,
    update_state,
)
from restante.store.client_trace import add_trace, trace_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restante.client.changes import Changes
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

MAX_TRACKED: Final = 2000
"""Missing counters of a device past which no more are noted: they are its word alone."""


def note_arrival(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    device_id: bytes,
    content: Content,
    *,
    conversation: bytes | None = None,
    may_ask: bool = True,
    resend_grace_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Note a counter that arrived: fill the gap it belonged to, or show the one it reveals.

    `row` is whose device it is; `conversation` is theirs, if no other is named. `may_ask`: what is
    missing is asked for, if they are somebody who is heard.
    """
    counter = content.counter
    if counter == 0:
        return
    key = conversation or row.account_id
    if was_recovered(rows):
        count_from(rows, key, device_id, counter)  # what was said before went to devices of before
    was_missing = is_missing(rows, key, device_id, counter)
    if not was_missing and len(missing_counters(rows, key, device_id)) >= MAX_TRACKED:
        return
    newly_missing = note_counter(rows, key, device_id, counter)
    if is_history_awaited(rows):
        return  # most of what it lacks is still to come
    newly_missing = [
        each for each in newly_missing if not _close_if_here(rows, key, device_id, each)
    ]
    left = _by_block(missing_counters(rows, key, device_id))
    changed = {each // COUNTERS_PER_ENTRY for each in newly_missing}
    if was_missing:
        changed.add(counter // COUNTERS_PER_ENTRY)
        note_repaired(rows, key, device_id, content.id, now_ms=now_ms)
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
    is_due = newly_missing or (left and was_asked_long_ago(rows, key, device_id, now_ms))
    if is_due and may_ask and is_heard(row):
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
    for counter in missing_counters(rows, conversation, device_id):
        _close_if_here(rows, conversation, device_id, counter)
    left = _by_block(missing_counters(rows, conversation, device_id))
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
    if left and is_heard(row):
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
    return {entry_of(conversation, device_id, block) for block in left}


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
    left = _by_block(missing_counters(rows, key, device_id))
    for block, count in sorted(Counter(each // COUNTERS_PER_ENTRY for each in closed).items()):
        entry_id = entry_of(key, device_id, block)
        gone, detail = tracing.Event.GONE, f"{count} can't be sent any more"
        tracing.note(rows, entry_id, gone, now_ms=now_ms, device_id=device_id, detail=detail)
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
    entry_id = entry_of(conversation, device_id, block)
    shown, traced = message(rows, entry_id), trace_of(rows, entry_id)
    rank = None if before_rank is None else max(before_rank - 1, 0)
    if shown is not None and (not missing_count or (rank is not None and rank < shown.rank)):
        delete_message(rows, entry_id)
        changes.is_resync = True
        shown = None
    if not missing_count:
        return
    sentence = _sentence(missing_count, asked=is_heard(row), is_own=is_self(row))
    if shown is None:
        file_note(
            rows,
            changes,
            row.account_id,
            conversation=conversation,
            entry_id=entry_id,
            device_id=device_id,
            kind="gap",
            error=sentence,
            rank=rank,
            feed_type="gap",
            now_ms=now_ms,
        )
        for line in traced:  # it has only gone to another place
            add_trace(rows, line)
    elif shown.error != sentence:
        changes.message_changed(update_state(rows, entry_id, shown.state, sentence))


def _sentence(count: int, *, asked: bool, is_own: bool) -> str:
    what = "A message is missing here." if count == 1 else f"{count} messages are missing here."
    if is_own:
        return f"{what} You sent it from another device, which is asked for it."
    return f"{what} Their device is asked to send again." if asked else what


def devices_with_gaps(rows: Rows, row: ContactRow) -> list[bytes]:
    """Return the devices of a conversation from which something is missing."""
    return list(dict.fromkeys(device for device, _ in gaps(rows, row.account_id)))
