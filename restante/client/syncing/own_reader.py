"""What another device of this account sent: filed as if it had been done here.

Rule: what was done there has had its effects on others there; here it is only shown. A note to
oneself is one's own message, never unread and answered by no receipt. Inside the caller's
transaction. Spec: docs/engine.md, section 12; docs/protocol/content.md, C17.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client import gap_requests, gaps, tracing
from restante.client.acquaintance import is_first_device
from restante.client.grammar.filing import file_content
from restante.client.grammar.readings import read_elsewhere
from restante.client.groups.said import Source
from restante.client.history import parse_content
from restante.client.history_transfer.announcing import note_announced
from restante.client.history_transfer.asking import give_again
from restante.client.interface import MessageState
from restante.client.lifecycle.following import note_moved
from restante.client.lifecycle.key_changes import moved_elsewhere
from restante.client.own_account import note_deleted
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.syncing import records
from restante.client.syncing.early_receipts import settle_early_receipt
from restante.client.syncing.heard import hear_of
from restante.client.syncing.outgoing import Item, failed_item, say_again, sent_item, tell_one
from restante.client.syncing.self_contact import keep_own_manifest
from restante.crypto.signatures import accept_manifest, verify_manifest
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.content import (
    CHANGES,
    LAST_HISTORY_KIND,
    Content,
    Kind,
    Moved,
    NewManifest,
    ResendExpired,
    ResendRequest,
)
from restante.protocol.manifest import SignedManifest
from restante.protocol.sync import (
    Sync,
    SyncFailed,
    SyncHeard,
    SyncHistory,
    SyncRead,
    SyncRecord,
    SyncSent,
    SyncWanted,
)
from restante.store.client_marks import mark_by_counter
from restante.store.client_messages import message, message_by_counter, update_state
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.contents import Arrival
    from restante.client.groups.arriving import GroupReader
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

FAILED_THERE: Final = (
    "It could not be sent from your other device. That one says why, and can send it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReader:
    """Reads what own devices send."""

    own: OwnAccount
    randomness: Randomness
    resend_grace_ms: int
    groups: GroupReader
    now_ms: int

    def read(self, rows: Rows, changes: Changes, arrival: Arrival, content: Content) -> None:
        """Do what an arrived content asks for. Raises RemoteProtocolError if it is malformed."""
        match content.kind:
            case Kind.SYNC:
                # What only a later version can read isn't counted: it is missed, and asked for.
                items = decode(content.body, Sync).items
                self._counted(rows, changes, arrival, content, self.own.account_id)
                for item in items:
                    with contextlib.suppress(RemoteProtocolError):  # a fault of one item's
                        self._take(rows, changes, arrival, item)
            case Kind.RESEND_REQUEST:
                self._answer_all(rows, changes, arrival, content)
            case Kind.RESEND_EXPIRED:
                gaps.close(
                    rows,
                    changes,
                    arrival.contact,
                    arrival.device_id,
                    decode(content.body, ResendExpired).counters,
                    conversation=content.conversation or None,
                    now_ms=self.now_ms,
                )
            case Kind.LEFT if is_first_device(arrival.contact, arrival.device_id):
                note_deleted(rows)
                changes.is_account_changed = True
            case Kind.MOVED:
                statement = decode(content.body, Moved).statement
                with contextlib.suppress(CryptoError):  # not our own word
                    note_moved(rows, changes, arrival.contact, statement)
            case Kind.MANIFEST:
                self._told(rows, changes, decode(content.body, NewManifest).manifest)
            case Kind.GROUP_LOG | Kind.GROUP_ASK:
                source = Source(
                    who=arrival.contact,
                    device_id=arrival.device_id,
                    arrived_ms=arrival.arrived_ms,
                )
                self.groups.read(rows, changes, content, source=source)
            case kind if kind <= LAST_HISTORY_KIND:
                own_id = self.own.account_id
                self._file(
                    rows, changes, arrival, content, packed=arrival.packed, conversation=own_id
                )

    def _take(self, rows: Rows, changes: Changes, arrival: Arrival, item: Item) -> None:
        match item:
            case SyncSent():
                content = parse_content(item.content)
                if content is not None and content.kind <= LAST_HISTORY_KIND:
                    packed, key = item.content, item.conversation
                    self._file(rows, changes, arrival, content, packed=packed, conversation=key)
            case SyncRecord():
                records.receive(rows, changes, item, randomness=self.randomness, now_ms=self.now_ms)
            case SyncRead():
                read_elsewhere(
                    rows,
                    changes,
                    item.conversation,
                    item.messages,
                    at_ms=item.at_ms,
                    now_ms=self.now_ms,
                )
            case SyncHistory():
                device_id = arrival.device_id
                note_announced(rows, changes, item, device_id=device_id, now_ms=self.now_ms)
            case SyncFailed():
                self._failed(rows, changes, arrival, item)
            case SyncWanted():
                give_again(
                    rows,
                    changes,
                    device_id=arrival.device_id,
                    transfer=item.transfer,
                    randomness=self.randomness,
                    now_ms=self.now_ms,
                )
            case SyncHeard():
                hear_of(
                    rows,
                    changes,
                    self.own,
                    item,
                    resend_grace_ms=self.resend_grace_ms,
                    randomness=self.randomness,
                    now_ms=self.now_ms,
                )

    def _file(
        self,
        rows: Rows,
        changes: Changes,
        arrival: Arrival,
        content: Content,
        *,
        packed: bytes,
        conversation: bytes,
    ) -> None:
        """File what was written on the other device, in the state that receipts have told of."""
        is_note = conversation == self.own.account_id
        moved_elsewhere(rows, changes, content.id, conversation)
        is_new = file_content(
            rows,
            changes,
            content,
            conversation=conversation,
            author=self.own.account_id,
            device_id=arrival.device_id,
            packed=packed,
            is_own=True,
            state=MessageState.DELIVERED if is_note else MessageState.RELAYED,
            feed_type=None,
            now_ms=self.now_ms,
        )
        if is_new:
            if content.kind not in CHANGES:
                device_id, arrived_ms = arrival.device_id, arrival.arrived_ms
                tracing.note_opened(
                    rows, content.id, device_id, arrived_ms=arrived_ms, now_ms=self.now_ms
                )
            settle_early_receipt(rows, changes, conversation, content.id)
        else:
            self._sent_at_last(rows, changes, arrival, content.id)
        self._counted(rows, changes, arrival, content, conversation)

    def _failed(self, rows: Rows, changes: Changes, arrival: Arrival, item: SyncFailed) -> None:
        """Show what the other device could not send after all; a receipt that came says more."""
        for message_id in item.messages:
            row = self._sent_by(rows, arrival, message_id)
            if row is not None and row.state == MessageState.RELAYED.value:
                failed = update_state(rows, row.id, MessageState.FAILED.value, FAILED_THERE)
                changes.message_changed(failed)

    def _sent_at_last(
        self, rows: Rows, changes: Changes, arrival: Arrival, message_id: bytes
    ) -> None:
        """The other device has sent a message again that had failed there."""
        row = self._sent_by(rows, arrival, message_id)
        if row is not None and row.state == MessageState.FAILED.value:
            sent = update_state(rows, row.id, MessageState.RELAYED.value, None)
            changes.message_changed(sent)

    def _sent_by(self, rows: Rows, arrival: Arrival, message_id: bytes) -> MessageRow | None:
        """Return a message of ours, if it is that device's."""
        row = message(rows, message_id)
        if row is None or (row.author, row.device_id) != (self.own.account_id, arrival.device_id):
            return None
        return row

    def _counted(
        self,
        rows: Rows,
        changes: Changes,
        arrival: Arrival,
        content: Content,
        conversation: bytes,
    ) -> None:
        gaps.note_arrival(
            rows,
            changes,
            arrival.contact,
            arrival.device_id,
            content,
            conversation=conversation,
            resend_grace_ms=self.resend_grace_ms,
            randomness=self.randomness,
            now_ms=self.now_ms,
        )

    def _answer(
        self, rows: Rows, changes: Changes, arrival: Arrival, conversation: bytes, counter: int
    ) -> bool:
        """Say again what another device of ours missed; False if it is gone for good."""
        device_id, own = arrival.device_id, self.own
        key = conversation or own.account_id
        found = message_by_counter(rows, key, own.device_id, counter) or mark_by_counter(
            rows, key, own.device_id, counter
        )
        if found is None:
            return not conversation and say_again(
                rows, changes, device_id, counter, now_ms=self.now_ms
            )
        items: list[Item] = [sent_item(key, found.id, counter), *failed_item(rows, key, found.id)]
        tell_one(rows, changes, device_id, items, now_ms=self.now_ms)
        return True

    def _answer_all(self, rows: Rows, changes: Changes, arrival: Arrival, content: Content) -> None:
        counters = decode(content.body, ResendRequest).counters[: gap_requests.MAX_RESENDS]
        gone = [
            each
            for each in dict.fromkeys(counters)
            if not self._answer(rows, changes, arrival, content.conversation, each)
        ]
        if not gone:
            return
        body = ResendExpired(counters=gone)
        expired = control_content(
            Kind.RESEND_EXPIRED, body, now_ms=self.now_ms, randomness=self.randomness
        )
        expired = msgspec.structs.replace(expired, conversation=content.conversation)
        enqueue_content(
            rows,
            changes,
            arrival.contact,
            expired.to_bytes(),
            entry_id=local_id("expired", arrival.device_id, content.conversation, encode(body)),
            message_id=None,
            now_ms=self.now_ms,
            device_id=arrival.device_id,
        )

    def _told(self, rows: Rows, changes: Changes, packed: bytes) -> None:
        """Take the account's newest manifest from a device that knows it; ask if one is missing."""
        try:
            manifest = verify_manifest(SignedManifest.from_bytes(packed))
            accept_manifest(self.own.manifest.position(), [manifest])
            keep_own_manifest(rows, changes, manifest, now_s=self.now_ms // 1000)
        except CryptoError:
            changes.is_account_doubtful = True
