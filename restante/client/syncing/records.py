"""Records: received from other devices and made to count, and those of this device published.

Rule: the greatest (rank, device id) of each counts, in whatever order they come; what was changed
here stays noted until the transaction that queues it for the other devices. Inside the caller's
transaction. Spec: docs/engine.md, section 12; docs/protocol/content.md, section 2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from restante.client import gap_requests, gaps
from restante.client.acquaintance import is_welcome, note_welcome
from restante.client.grammar.hiding import apply_hidden
from restante.client.groups.own_devices import follow_declined, follow_heads, follow_joined
from restante.client.history_transfer.announcing import heard_how_far
from restante.client.history_transfer.awaiting import is_history_awaited
from restante.client.notices import follow_notice
from restante.client.publishing import note_tokens_changed
from restante.client.syncing import people
from restante.client.syncing.outgoing import publish, record_item
from restante.client.syncing.putting import put
from restante.client.syncing.self_contact import follow_tokens, is_self, self_contact
from restante.client.syncing.this_device import own_device
from restante.crypto import codes
from restante.crypto.codes import CodeSecret
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.ids import ID_BYTES
from restante.protocol.limits import BUCKET_TOKENS
from restante.protocol.order import is_out_of_reach
from restante.protocol.sync import RecordKind
from restante.store.client_account import (
    CodeRow,
    TokenRow,
    own_code,
    save_code,
    save_tokens,
    tokens,
)
from restante.store.client_contacts import contact
from restante.store.client_records import RecordRow, put_record, record
from restante.store.client_sync import RECORD, settle_touched, touched

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.randomness import Randomness
    from restante.protocol.sync import SyncRecord
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

ROUND: Final = 64
"""What one transaction settles: as many items as one content has."""

_OF_CONVERSATIONS: Final = frozenset(
    {
        RecordKind.MUTED_UNTIL,
        RecordKind.ALERTS,
        RecordKind.CHAT_PINNED,
        RecordKind.ARCHIVED,
        RecordKind.DRAFT,
        RecordKind.UNREAD,
    }
)


def receive(
    rows: Rows, changes: Changes, item: SyncRecord, *, randomness: Randomness, now_ms: int
) -> None:
    """Take a record that another device of ours says.

    Raises RemoteProtocolError if a record of a kind that we know is malformed, or if nothing that
    the user decides later could outrank it.
    """
    if is_out_of_reach(item.rank, now_ms):
        raise RemoteProtocolError("a record of the far future")
    said = RecordRow(
        kind=item.kind, key=item.key, rank=item.rank, device_id=item.device, value=item.value
    )
    if said.kind in people.KINDS:
        people.write_decisions_down(rows, said.key, now_ms=now_ms)
    is_newest = put_record(rows, said)
    try:
        apply(rows, changes, said, is_newest=is_newest, randomness=randomness, now_ms=now_ms)
    except CryptoError:
        raise RemoteProtocolError("a record that doesn't verify") from None


def apply(
    rows: Rows,
    changes: Changes,
    said: RecordRow,
    *,
    is_newest: bool,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Let a record that is kept count here. `is_newest`: it took the place of the one before."""
    if said.kind in people.KINDS:
        before = contact(rows, said.key)
        people.follow(rows, changes, said, is_newest=is_newest, now_ms=now_ms)
        now = contact(rows, said.key)
        is_new = now is not None and is_welcome(now) and (before is None or not is_welcome(before))
        if now is not None and is_new and not is_history_awaited(rows):
            _ask_for_gaps(rows, changes, now, randomness=randomness, now_ms=now_ms)
    elif said.kind == RecordKind.GROUP:
        follow_heads(rows, changes, said, randomness=randomness, now_ms=now_ms)
    elif not is_newest:
        return
    else:
        _count(rows, changes, said, now_ms=now_ms)


def _count(rows: Rows, changes: Changes, said: RecordRow, *, now_ms: int) -> None:
    """Let the newest record of a kind count here."""
    if said.kind in _OF_CONVERSATIONS:
        changes.conversations[said.key] = None
    elif said.kind == RecordKind.GROUP_JOINED:
        follow_joined(rows, changes, said)
    elif said.kind == RecordKind.GROUP_DECLINED:
        follow_declined(rows, changes, said)
    elif said.kind == RecordKind.SETTING:
        changes.is_resync = True  # what is shown of others may follow from it
    elif said.kind == RecordKind.HIDDEN and said.value is not None:
        apply_hidden(rows, changes, said.key)
    elif said.kind == RecordKind.NOTICE:
        follow_notice(rows, changes, said, now_ms=now_ms)
    elif said.kind == RecordKind.TOKEN:
        _follow_token(rows, changes, said)
    elif said.kind == RecordKind.CODE:
        _follow_code(rows, changes, said, now_s=now_ms // 1000)
    elif said.kind == RecordKind.DEVICE_NAME:
        changes.are_devices_changed = True
    elif said.kind == RecordKind.HISTORY:
        heard_how_far(rows, changes, now_ms=now_ms)


def _ask_for_gaps(
    rows: Rows, changes: Changes, row: ContactRow, *, randomness: Randomness, now_ms: int
) -> None:
    """Ask somebody whom another device of ours has accepted for what is missing here."""
    note_welcome(rows, changes, row)
    for device_id in gaps.devices_with_gaps(rows, row):
        gap_requests.ask_again(
            rows, changes, row, device_id, delay_ms=0, randomness=randomness, now_ms=now_ms
        )


def settle(rows: Rows, changes: Changes, *, now_ms: int) -> bool:
    """Queue for the other devices what was changed here; whether there is more of it."""
    if self_contact(rows) is None:
        return False
    found = touched(rows, ROUND)
    for kind, key in found:
        if kind < RECORD:
            _write_down(rows, kind, key, now_ms=now_ms)
        else:
            _publish(rows, changes, kind - RECORD, key, now_ms=now_ms)
        settle_touched(rows, kind, key)
    return bool(found)


def _write_down(rows: Rows, kind: int, key: bytes, *, now_ms: int) -> None:
    """Let the records say what is so here."""
    if kind == RecordKind.CONTACT:
        row = contact(rows, key)
        if row is not None and not is_self(row):
            people.write_down(rows, row, now_ms=now_ms)
    elif kind == RecordKind.TOKEN:
        for each in tokens(rows):
            if each.is_live:
                bucket = bytes([each.bucket])
                put(rows, RecordKind.TOKEN, bucket, each.token, now_ms=now_ms)
    elif (code := own_code(rows)) is not None:
        value = code.secret + bytes([code.bucket])
        put(rows, RecordKind.CODE, b"", value, now_ms=now_ms)


def _publish(rows: Rows, changes: Changes, kind: int, key: bytes, *, now_ms: int) -> None:
    """Tell of a record, if it is this device's."""
    row = record(rows, kind, key)
    if row is not None and row.device_id == own_device(rows):
        is_blocking = kind == RecordKind.CONTACT_STATE and row.value == b"blocked"
        publish(rows, changes, record_item(kind, key), apart=is_blocking, now_ms=now_ms)


def _follow_token(rows: Rows, changes: Changes, said: RecordRow) -> None:
    bucket = int.from_bytes(said.key, "big")
    token = said.value or b""
    if bucket >= BUCKET_TOKENS or len(said.key) != 1 or len(token) != ID_BYTES:
        raise RemoteProtocolError("a token of no bucket")
    live = [each for each in tokens(rows) if each.is_live and each.bucket == bucket]
    if any(each.token == token for each in live):
        return
    retired = [replace(each, is_live=False) for each in live]
    save_tokens(rows, [*retired, TokenRow(bucket=bucket, token=token, is_live=True)])
    follow_tokens(rows)
    # Two devices may have changed different ones: each says what all of them are now.
    note_tokens_changed(rows)
    changes.are_tokens_changed = True


def _follow_code(rows: Rows, changes: Changes, said: RecordRow, *, now_s: int) -> None:
    value = said.value or b""
    if len(value) != CodeSecret.SIZE + 1 or value[-1] >= BUCKET_TOKENS:
        raise RemoteProtocolError("no contact code")
    known = own_code(rows)
    if known is not None and known.secret == value[:-1]:
        return
    save_code(
        rows,
        CodeRow(
            secret=value[:-1],
            lookup_id=codes.lookup_id(CodeSecret(value[:-1])),
            bucket=value[-1],
            is_published=False,
            created_at_s=now_s,
        ),
    )
    changes.is_upkeep_due = True
