"""What each kind of content does when it arrives: to the history, the contact, the outbox.

Rule: whatever is in it was written by somebody else's device. Malformed content becomes an entry
that says so; nothing in here raises for what a peer can choose. What a blocked contact sends is
forgotten without a trace that they could see. Inside the caller's transaction.
Spec: docs/protocol/content.md; docs/engine.md, section 5.
"""

from __future__ import annotations

import logging
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from restante.client import gap_requests, gaps, granting, tracing
from restante.client.acquaintance import (
    heard_from,
    is_first_device,
    is_welcome,
    told_of_manifest,
)
from restante.client.grammar.filing import file_content
from restante.client.grammar.preferences import RECEIPTS, is_on
from restante.client.grammar.signals import hear
from restante.client.grammar.timers import start_clock
from restante.client.groups.admitting import JOIN_STEP_MS
from restante.client.groups.arriving import GroupReader, is_of_group
from restante.client.groups.knowing import is_fellow
from restante.client.groups.ledger import Shelf
from restante.client.groups.posting import note_receipt
from restante.client.groups.said import Source
from restante.client.history import parse_content
from restante.client.interface import ContactState, MessageState
from restante.client.lifecycle.following import note_moved
from restante.client.lifecycle.key_changes import note_forked
from restante.client.lifecycle.leaving import note_left
from restante.client.queueing import unpark
from restante.client.requests import is_full_of, make_room
from restante.client.states import moved
from restante.client.syncing.early_receipts import keep_early_receipt
from restante.client.syncing.own_reader import OwnReader
from restante.client.syncing.self_contact import is_self
from restante.client.unreadable import Fault, note_unreadable
from restante.crypto.signatures import ManifestForkError
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import decode
from restante.protocol.content import (
    CHANGES,
    EPHEMERAL,
    LAST_HISTORY_KIND,
    Content,
    Kind,
    Moved,
    NewManifest,
    Receipt,
    ReceiptState,
    ResendExpired,
    ResendRequest,
    TokenGrant,
)
from restante.protocol.frames import Lane
from restante.store.client_contacts import upsert_contact
from restante.store.client_feed import append_feed
from restante.store.client_groups import is_group
from restante.store.client_inbox import queue_receipt
from restante.store.client_messages import message, update_state
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

_LOG: Final = logging.getLogger("restante.inbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An opened envelope: from whom, by which lane, and what was in it."""

    contact: ContactRow
    device_id: bytes
    lane: Lane
    packed: bytes
    envelope_tag: bytes
    arrived_ms: int
    """When it was fetched; it may have waited aside since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What reading contents needs besides the transaction."""

    own: OwnAccount
    randomness: Randomness
    resend_grace_ms: int
    now_ms: int
    join_step_ms: int = JOIN_STEP_MS
    shelf: Shelf = field(default_factory=Shelf)

    def read(self, rows: Rows, changes: Changes, arrival: Arrival) -> None:
        """Do what an arrived content asks for."""
        row = arrival.contact
        if row.state == ContactState.BLOCKED.value:
            return
        content = parse_content(arrival.packed)
        if content is None:
            self._malformed(rows, changes, arrival)
            return
        if not is_self(row) and is_of_group(content):
            self._read_of_group(rows, changes, arrival, content)
            return
        if is_self(row):
            self._read_own(rows, changes, arrival, content)
            return
        asking = self._no_mere_member(rows, changes, heard_from(rows, row), content)
        if asking is None:
            return
        row = asking
        if arrival.lane is Lane.REQUEST and is_welcome(row):
            granting.grant_if_needed(
                rows, changes, row, randomness=self.randomness, now_ms=self.now_ms
            )
        changes.conversations[row.account_id] = None
        try:
            self._dispatch(rows, changes, replace(arrival, contact=row), content)
        except (CryptoError, RemoteProtocolError):
            self._malformed(rows, changes, arrival)

    def _malformed(self, rows: Rows, changes: Changes, arrival: Arrival) -> None:
        note_unreadable(
            rows,
            changes,
            arrival.contact,
            arrival.device_id,
            arrival.envelope_tag,
            fault=Fault.MALFORMED,
            now_ms=self.now_ms,
        )

    def _read_of_group(
        self, rows: Rows, changes: Changes, arrival: Arrival, content: Content
    ) -> None:
        """Read what somebody says in a group: that they are in it too makes them no contact."""
        row = arrival.contact
        is_known = is_welcome(row) or is_fellow(rows, row.account_id)
        if arrival.lane is Lane.REQUEST and is_known:
            granting.grant_if_needed(
                rows, changes, row, randomness=self.randomness, now_ms=self.now_ms
            )
        try:
            source = Source(who=row, device_id=arrival.device_id, arrived_ms=arrival.arrived_ms)
            self._groups.read(rows, changes, content, source=source)
        except (CryptoError, RemoteProtocolError):
            _LOG.info("a member of a group sent something malformed")

    @property
    def _groups(self) -> GroupReader:
        return GroupReader(
            own=self.own,
            randomness=self.randomness,
            resend_grace_ms=self.resend_grace_ms,
            join_step_ms=self.join_step_ms,
            shelf=self.shelf,
            now_ms=self.now_ms,
        )

    def _read_own(self, rows: Rows, changes: Changes, arrival: Arrival, content: Content) -> None:
        reader = OwnReader(
            own=self.own,
            randomness=self.randomness,
            resend_grace_ms=self.resend_grace_ms,
            groups=self._groups,
            now_ms=self.now_ms,
        )
        try:
            reader.read(rows, changes, arrival, content)
        except RemoteProtocolError:
            _LOG.info("another device of this account sent something malformed")

    def _no_mere_member(
        self, rows: Rows, changes: Changes, row: ContactRow, content: Content
    ) -> ContactRow | None:
        """Let somebody who is only known from a group ask, like any stranger; None: no room."""
        if row.state != ContactState.MEMBER.value or content.kind > LAST_HISTORY_KIND:
            return row
        if not make_room(rows, changes, now_s=self.now_ms // 1000):
            return None
        row = replace(row, state=ContactState.REQUEST.value)
        upsert_contact(rows, row)
        return row

    def _dispatch(self, rows: Rows, changes: Changes, arrival: Arrival, content: Content) -> None:
        if content.kind <= LAST_HISTORY_KIND:
            self._file(rows, changes, arrival, content)
        elif content.conversation:
            return  # of a group, which this version doesn't know
        elif content.kind == Kind.RECEIPT:
            self._settle(rows, changes, arrival, decode(content.body, Receipt))
        elif content.kind == Kind.TOKEN:
            grant = decode(content.body, TokenGrant)
            upsert_contact(rows, replace(arrival.contact, token=grant.token))
            unpark(rows, changes, arrival.contact.account_id, now_ms=self.now_ms)
        elif content.kind == Kind.MANIFEST:
            self._told(rows, changes, arrival.contact, decode(content.body, NewManifest).manifest)
        elif content.kind == Kind.MOVED and is_welcome(arrival.contact):
            note_moved(rows, changes, arrival.contact, decode(content.body, Moved).statement)
        elif content.kind == Kind.LEFT:
            if is_first_device(arrival.contact, arrival.device_id):
                note_left(rows, changes, arrival.contact, now_ms=self.now_ms)
        elif content.kind in EPHEMERAL and is_welcome(arrival.contact):
            hear(rows, changes, arrival.contact, content)
        elif content.kind == Kind.RESEND_REQUEST and is_welcome(arrival.contact):
            gap_requests.answer(
                rows,
                changes,
                self.own,
                arrival.contact,
                arrival.device_id,
                request=decode(content.body, ResendRequest),
                randomness=self.randomness,
                now_ms=self.now_ms,
            )

        elif content.kind == Kind.RESEND_EXPIRED:
            counters = decode(content.body, ResendExpired).counters
            row, device_id = arrival.contact, arrival.device_id
            gaps.close(rows, changes, row, device_id, counters, now_ms=self.now_ms)

    def _settle_in_group(
        self,
        rows: Rows,
        changes: Changes,
        arrival: Arrival,
        message_id: bytes,
        to: MessageState,
    ) -> None:
        """Note how far a message of ours has come with one member of a group."""
        whom = arrival.contact
        if note_receipt(
            rows, changes, self.own, whom, message_id=message_id, to=to, now_ms=self.now_ms
        ):
            start_clock(rows, message_id, at_ms=self.now_ms, now_ms=self.now_ms)
            event, device_id = tracing.Event(to.value), arrival.device_id
            tracing.note(rows, message_id, event, now_ms=self.now_ms, device_id=device_id)

    def _told(self, rows: Rows, changes: Changes, row: ContactRow, packed: bytes) -> None:
        try:
            told_of_manifest(rows, row, packed)
        except ManifestForkError:
            note_forked(rows, changes, row, now_ms=self.now_ms)

    def _file(self, rows: Rows, changes: Changes, arrival: Arrival, content: Content) -> None:
        row = arrival.contact
        if is_full_of(rows, row):
            return
        is_new = file_content(
            rows,
            changes,
            content,
            conversation=row.account_id,
            author=row.account_id,
            device_id=arrival.device_id,
            packed=arrival.packed,
            is_own=False,
            state=MessageState.DELIVERED,
            feed_type="message" if is_welcome(row) else "request",
            now_ms=self.now_ms,
        )
        if is_new and content.kind not in CHANGES:
            arrived_ms, device_id = arrival.arrived_ms, arrival.device_id
            tracing.note_opened(
                rows, content.id, device_id, arrived_ms=arrived_ms, now_ms=self.now_ms
            )
        if is_new:
            gaps.note_arrival(
                rows,
                changes,
                row,
                arrival.device_id,
                content,
                resend_grace_ms=self.resend_grace_ms,
                randomness=self.randomness,
                now_ms=self.now_ms,
            )
        # Also for one that was here already: the first receipt may have been lost.
        if is_welcome(row) and _is_theirs(rows, row, content.id):
            queue_receipt(rows, row.account_id, content.id, int(ReceiptState.DELIVERED))
            changes.are_receipts_owed = True

    def _settle(self, rows: Rows, changes: Changes, arrival: Arrival, receipt: Receipt) -> None:
        """Note how far messages of ours have come; a receipt counts only for one's own messages."""
        is_read = receipt.state == ReceiptState.READ and is_on(rows, RECEIPTS)
        to = MessageState.READ if is_read else MessageState.DELIVERED
        for message_id in dict.fromkeys(receipt.messages):
            row = message(rows, message_id)
            if row is None:
                whom = arrival.contact
                if not is_full_of(rows, whom):
                    keep_early_receipt(rows, whom, message_id, to, now_ms=self.now_ms)
                continue
            if is_group(row.conversation):
                self._settle_in_group(rows, changes, arrival, message_id, to)
                continue
            if (
                row.conversation != arrival.contact.account_id
                or row.author != self.own.account_id
                or moved(MessageState(row.state), to) is None
            ):
                continue
            start_clock(rows, message_id, at_ms=self.now_ms, now_ms=self.now_ms)
            changes.message_changed(update_state(rows, message_id, to.value, None))
            event, device_id = tracing.Event(to.value), arrival.device_id
            how = "fetched and decrypted there" if to is MessageState.DELIVERED else None
            tracing.note(
                rows, message_id, event, now_ms=self.now_ms, device_id=device_id, detail=how
            )
            changes.cursors.append(
                append_feed(rows, "receipt", message_id, at_ms=self.now_ms, detail=to.value)
            )


def _is_theirs(rows: Rows, row: ContactRow, message_id: bytes) -> bool:
    filed = message(rows, message_id)
    return filed is not None and filed.author == row.account_id
