"""What this device tells the others: queued as what it is about, sealed as what that says then.

An item waits in the outbox as a reference (a message id, a record's key), and becomes what it says
when it is sealed: so many changes of one draft are one item, and what is erased meanwhile isn't
sent. Rule: each content is counted, in the conversation with oneself, so that one that is lost is
missed, and said again by the references that are kept. Inside the caller's transaction.
Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeGuard

import msgspec

from restante.client.history import erased_content
from restante.client.interface import MessageState
from restante.client.queueing import enqueue_content, local_id
from restante.client.syncing.self_contact import other_devices, self_contact
from restante.client.syncing.this_device import own_device
from restante.protocol.codec import decode, encode
from restante.protocol.content import MAX_RECEIPT_IDS, Content, Kind, ResendExpired
from restante.protocol.envelope import max_content_bytes
from restante.protocol.ids import ID_BYTES
from restante.protocol.order import rank_at
from restante.protocol.sync import (
    MAX_SYNC_ITEMS,
    Sync,
    SyncFailed,
    SyncHeard,
    SyncHistory,
    SyncRead,
    SyncRecord,
    SyncSent,
    SyncWanted,
)
from restante.store import client_outbox
from restante.store.client_account import get_value, set_value
from restante.store.client_conversations import next_counter
from restante.store.client_marks import mark
from restante.store.client_messages import message
from restante.store.client_records import record
from restante.store.client_sync import log_sync, logged_sync

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.client.changes import Changes
    from restante.store.client_outbox import OutboxRow
    from restante.store.client_rows import Rows

Item = SyncSent | SyncRecord | SyncRead | SyncHistory | SyncHeard | SyncWanted | SyncFailed

ROOM_BYTES: Final = max_content_bytes(hello=True) - 256
"""What items may take, beside the outside of their content."""

_COUNTER_BYTES: Final = 8
_OPEN: Final = "sync_open"
_SERIAL: Final = "sync_serial"


def sent_item(conversation: bytes, message_id: bytes, counter: int = 0) -> SyncSent:
    """Refer to a content of ours that was sealed for a conversation's history.

    With its counter, whoever is told hears that it is gone, if it is by then.
    """
    said = counter.to_bytes(_COUNTER_BYTES, "big") if counter else b""
    return SyncSent(conversation=conversation, content=message_id + said)


def record_item(kind: int, key: bytes) -> SyncRecord:
    """Refer to a record."""
    return SyncRecord(kind=kind, key=key, rank=0, device=bytes(ID_BYTES), value=None)


def failed_item(rows: Rows, conversation: bytes, message_id: bytes) -> list[SyncFailed]:
    """Say that a message could not be sent after all, if that is so."""
    is_so = _has_failed(rows, message_id)
    return [SyncFailed(conversation=conversation, messages=[message_id])] if is_so else []


def read_items(conversation: bytes, messages: list[bytes], *, at_ms: int) -> list[SyncRead]:
    """Say that the user has read these messages here."""
    starts = range(0, len(messages), MAX_RECEIPT_IDS)
    return [
        SyncRead(
            conversation=conversation, messages=messages[at : at + MAX_RECEIPT_IDS], at_ms=at_ms
        )
        for at in starts
    ]


def publish(rows: Rows, changes: Changes, *items: Item, apart: bool = False, now_ms: int) -> None:
    """Let the account's other devices know; nothing is queued if there are none.

    `apart`: in a content of its own, which doesn't wait for the others.
    """
    row = self_contact(rows)
    if row is None or not items or not other_devices(rows, row):
        return
    waiting = None if apart else _waiting(rows)
    known = [] if waiting is None else _items(Content.from_bytes(waiting.content))
    fresh = [each for at, each in enumerate(items) if each not in known and each not in items[:at]]
    if waiting is not None:
        fits = MAX_SYNC_ITEMS - len(known)
        content = _content([*known, *fresh[:fits]], Content.from_bytes(waiting.content))
        client_outbox.set_content(rows, waiting.id, content)
        fresh = fresh[fits:]
    for start in range(0, len(fresh), MAX_SYNC_ITEMS):
        entry_id = _enqueue(rows, changes, fresh[start : start + MAX_SYNC_ITEMS], now_ms=now_ms)
        if not apart:
            set_value(rows, _OPEN, entry_id)
    changes.is_outbox_due = True


def tell_one(
    rows: Rows, changes: Changes, device_id: bytes, items: Sequence[Item], *, now_ms: int
) -> None:
    """Say something to one device alone. It isn't counted: the others would miss it."""
    for start in range(0, len(items), MAX_SYNC_ITEMS):
        some = items[start : start + MAX_SYNC_ITEMS]
        _enqueue(rows, changes, some, now_ms=now_ms, device_id=device_id)


def say_again(rows: Rows, changes: Changes, device_id: bytes, counter: int, *, now_ms: int) -> bool:
    """Repeat the content with this counter to one device; False if nobody knows what it was."""
    packed = logged_sync(rows, counter)
    if packed is None:
        return False
    items = decode(packed, Sync).items
    entry_id = local_id("sync-again", device_id, counter.to_bytes(8, "big"))
    _enqueue(
        rows, changes, items, now_ms=now_ms, device_id=device_id, counter=counter, entry_id=entry_id
    )
    return True


def final_sync(
    rows: Rows, changes: Changes, entry: OutboxRow, content: Content, *, now_ms: int
) -> bytes | None:
    """Return a SYNC content as it is sealed: items that say something, as far as there is room.

    The others go in the next one. None if nothing is left to say.
    """
    items = _items(content)
    taken, left = _filled(rows, items)
    for each in items:
        if _is_gone(each, rows):
            _tell_gone(rows, changes, entry, each, now_ms=now_ms)
    if left:
        _enqueue(rows, changes, left, now_ms=now_ms, device_id=entry.device_id)
    if not taken:
        return never_again(content) if content.counter else None
    if not content.counter and entry.device_id is None:
        counter = next_counter(rows, entry.account_id)
        about = encode(Sync(items=[_reference(each) for each in taken]))
        log_sync(rows, counter, about, at_ms=now_ms)
        content = msgspec.structs.replace(content, counter=counter)
    return _content(taken, content)


def as_it_waits(packed: bytes) -> bytes:
    """Return a content as it waits for a device that can't be written to yet.

    SYNC by reference, with its counter: what is erased meanwhile isn't kept in the outbox.
    """
    content = Content.from_bytes(packed)
    if content.kind != Kind.SYNC:
        return packed
    return _content([_reference(each) for each in _items(content)], content)


def _filled(rows: Rows, references: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Return what a content says, and the references that it has no room for."""
    taken: list[Item] = []
    room = ROOM_BYTES
    for at, reference in enumerate(references):
        item = _resolved(rows, reference)
        size = 0 if item is None else len(encode(item))
        if size > room and taken:
            return taken, list(references[at:])
        if item is not None and size <= room:
            taken.append(item)
            room -= size
    return taken, []


def never_again(content: Content) -> bytes:
    """Return what is said in the place of a content that says nothing any more."""
    body = encode(ResendExpired(counters=[content.counter]))
    expired = msgspec.structs.replace(content, kind=int(Kind.RESEND_EXPIRED), counter=0, body=body)
    return expired.to_bytes()


def _enqueue(
    rows: Rows,
    changes: Changes,
    items: Sequence[Item],
    *,
    now_ms: int,
    device_id: bytes | None = None,
    counter: int = 0,
    entry_id: bytes | None = None,
) -> bytes:
    row = self_contact(rows)
    entry_id = entry_id or _next_id(rows)
    if row is not None:
        empty = Content(
            version=1,
            kind=int(Kind.SYNC),
            id=entry_id,
            conversation=b"",
            counter=counter,
            rank=rank_at(now_ms),
            sent_at_ms=now_ms,
            seen=[],
            disappears_after_s=0,
            body=b"",
        )
        enqueue_content(
            rows,
            changes,
            row,
            _content(items, empty),
            entry_id=entry_id,
            message_id=None,
            now_ms=now_ms,
            device_id=device_id,
        )
    return entry_id


def _waiting(rows: Rows) -> OutboxRow | None:
    """Return the last content of ours that isn't sealed yet, if there is room in it."""
    entry_id = get_value(rows, _OPEN)
    entry = None if entry_id is None else client_outbox.outbox_entry(rows, entry_id)
    if entry is None or entry.payload is not None or entry.device_id is not None:
        return None
    content = Content.from_bytes(entry.content)
    return entry if len(_items(content)) < MAX_SYNC_ITEMS else None


def _next_id(rows: Rows) -> bytes:
    """Return an id that this device has never used: it counts them."""
    serial = int.from_bytes(get_value(rows, _SERIAL) or b"", "big") + 1
    packed = serial.to_bytes(8, "big")
    set_value(rows, _SERIAL, packed)
    return local_id("sync", own_device(rows), packed)


def _items(content: Content) -> list[Item]:
    return list(decode(content.body, Sync).items)


def _content(items: Sequence[Item], outside: Content) -> bytes:
    return msgspec.structs.replace(outside, body=encode(Sync(items=list(items)))).to_bytes()


def _reference(item: Item) -> Item:
    if isinstance(item, SyncSent):
        sent = Content.from_bytes(item.content)
        return sent_item(item.conversation, sent.id, sent.counter)
    return record_item(item.kind, item.key) if isinstance(item, SyncRecord) else item


def _resolved(rows: Rows, item: Item) -> Item | None:
    """Return what a reference stands for now; None if that is gone. What is none stays."""
    if isinstance(item, SyncRecord) and not item.rank:
        row = record(rows, item.kind, item.key)
        if row is None:
            return None
        return SyncRecord(
            kind=row.kind, key=row.key, rank=row.rank, device=row.device_id, value=row.value
        )
    if isinstance(item, SyncFailed):
        failed = [each for each in item.messages if _has_failed(rows, each)]
        return SyncFailed(conversation=item.conversation, messages=failed) if failed else None
    if isinstance(item, SyncSent) and _is_reference(item):
        content = _sealed_content(rows, item.content[:ID_BYTES])
        return None if content is None else SyncSent(item.conversation, content)
    return item


def _is_reference(item: SyncSent) -> bool:
    return len(item.content) in {ID_BYTES, ID_BYTES + _COUNTER_BYTES}


def _is_gone(item: Item, rows: Rows) -> TypeGuard[SyncSent]:
    """Whether a content that a device misses is there no more."""
    is_missed = isinstance(item, SyncSent) and len(item.content) == ID_BYTES + _COUNTER_BYTES
    return is_missed and _resolved(rows, item) is None


def _tell_gone(
    rows: Rows, changes: Changes, entry: OutboxRow, item: SyncSent, *, now_ms: int
) -> None:
    """Tell a device that what it misses will never come."""
    row = self_contact(rows)
    if row is None or entry.device_id is None:
        return
    counter = int.from_bytes(item.content[ID_BYTES:], "big")
    entry_id = local_id("sync-gone", entry.device_id, item.conversation, item.content)
    content = Content(
        version=1,
        kind=int(Kind.RESEND_EXPIRED),
        id=entry_id,
        conversation=b"" if item.conversation == row.account_id else item.conversation,
        counter=0,
        rank=rank_at(now_ms),
        sent_at_ms=now_ms,
        seen=[],
        disappears_after_s=0,
        body=encode(ResendExpired(counters=[counter])),
    )
    enqueue_content(
        rows,
        changes,
        row,
        content.to_bytes(),
        entry_id=entry_id,
        message_id=None,
        now_ms=now_ms,
        device_id=entry.device_id,
    )


def _sealed_content(rows: Rows, message_id: bytes) -> bytes | None:
    """Return a content of ours that has a counter; what was deleted, as a place that had one."""
    row = message(rows, message_id)
    if row is None:
        change = mark(rows, message_id)
        return change.body if change is not None and change.counter else None
    if not row.counter:
        return None
    return row.body or erased_content(row)


def _has_failed(rows: Rows, message_id: bytes) -> bool:
    row = message(rows, message_id)
    return row is not None and row.state == MessageState.FAILED.value
