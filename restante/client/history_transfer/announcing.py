"""What the two devices of a transfer tell each other: here is a part; I have them up to here.

Rule: an announcement goes to the one device that it is for, an answer as a record to all; both are
bounded before anything is made of them. Inside the caller's transaction.
Spec: docs/protocol/content.md, section 2; docs/protocol/history.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client.history_transfer.awaiting import is_history_awaited, is_transfer_awaited
from restante.client.history_transfer.exporting import Stage
from restante.client.history_transfer.losses import note_lost
from restante.client.syncing.outgoing import tell_one
from restante.client.syncing.putting import put
from restante.client.syncing.self_contact import self_contact
from restante.crypto.blobs import sealed_size
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.history_part import MAX_PART_BYTES
from restante.protocol.sync import RecordKind, SyncHistory
from restante.store import client_transfers as store
from restante.store.client_outbox import wake_account
from restante.store.client_records import record
from restante.store.client_transfers import IN, PartRow, TransferRow

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_rows import Rows

MADE: Final = "made"
"""Sealed and staged on the giving side."""

ANNOUNCED: Final = "announced"
TAKEN: Final = "taken"
LOST: Final = "lost"
"""Expired, damaged for good, or never acceptable: the history goes on without it."""

MAX_PARTS: Final = 65_536
MAX_TRANSFERS: Final = 4
"""Transfers that come in at once: a link begins one."""

MAX_BLOB_BYTES: Final = sealed_size(MAX_PART_BYTES)


def announce(rows: Rows, changes: Changes, part: PartRow, *, now_ms: int) -> None:
    """Tell the new device of a part that the relay holds."""
    transfer = store.transfer(rows, part.transfer)
    if transfer is None:
        return
    item = SyncHistory(
        transfer=part.transfer,
        number=part.number,
        count=transfer.next_number if transfer.stage == Stage.DONE else 0,
        capability=part.capability,
        key=part.key,
        size_bytes=part.size_bytes,
    )
    tell_one(rows, changes, transfer.device_id, [item], now_ms=now_ms)
    store.save_part(rows, replace(part, state=ANNOUNCED))


def parts_taken(rows: Rows, transfer: bytes) -> int:
    """Return how many parts the new device says that it has, from the first one."""
    found = record(rows, int(RecordKind.HISTORY), transfer)
    if found is None or found.value is None:
        return 0
    try:
        return decode(found.value, int)
    except RemoteProtocolError:
        return 0


def note_taken(rows: Rows, transfer: bytes, count: int, *, now_ms: int) -> None:
    """Say how many parts of a transfer are here, or will never be, from the first one."""
    put(rows, RecordKind.HISTORY, transfer, encode(count), now_ms=now_ms)


def ask_for_history(rows: Rows, *, own_device: bytes, now_ms: int) -> None:
    """Say that this device waits for its history and can be written to, once after it was linked.

    Whoever gives it out may have tried before this device had left any prekeys.
    """
    if is_history_awaited(rows) and not store.transfers(rows, IN):
        put(rows, RecordKind.HISTORY, own_device, encode(0), now_ms=now_ms)


def heard_how_far(rows: Rows, changes: Changes, *, now_ms: int) -> None:
    """Another own device said how far it is: what couldn't be sent to it is tried again now."""
    ourselves = self_contact(rows)
    if ourselves is not None:
        wake_account(rows, ourselves.account_id, now_ms)
    changes.is_outbox_due = changes.is_transfer_due = True


def note_announced(
    rows: Rows, changes: Changes, item: SyncHistory, *, device_id: bytes, now_ms: int
) -> None:
    """Note a part that another own device has announced; fetched it is later.

    Ignored unless a history is awaited. One that is too large to be a part is never fetched.
    """
    if not is_transfer_awaited(rows, item.transfer) or item.number >= MAX_PARTS:
        return
    known = {row.id: row for row in store.transfers(rows, IN)}
    row = known.get(item.transfer)
    if row is None:
        if len(known) >= MAX_TRANSFERS:
            return
        row = TransferRow(
            id=item.transfer, direction=IN, device_id=device_id, state="open", begun_at_ms=now_ms
        )
        for earlier in known.values():
            if earlier.device_id == device_id:
                store.forget_transfer(rows, earlier.id)  # that device has begun anew
        store.save_transfer(rows, row)
    if row.device_id != device_id:
        return
    if item.number < item.count <= MAX_PARTS:
        store.save_transfer(rows, replace(row, next_number=item.count))
    if any(part.number == item.number for part in store.parts(rows, item.transfer)):
        return
    is_a_part = 0 < item.size_bytes <= MAX_BLOB_BYTES
    note_lost(rows, parts=0 if is_a_part else 1)
    store.save_part(
        rows,
        PartRow(
            transfer=item.transfer,
            number=item.number,
            state=ANNOUNCED if is_a_part else LOST,
            size_bytes=item.size_bytes,
            capability=item.capability,
            key=item.key,
        ),
    )
    changes.is_transfer_due = True
