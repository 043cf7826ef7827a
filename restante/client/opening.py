"""One envelope: found by its tag, opened, and all that follows from it, in one transaction.

    processed already      nothing
    tag of a session       open; on failure the session stays as it was (attack 23)
    a hello for us         open with our prekeys, once; then erase the one-time ones
    one of a key           what its grant allows, and no session (client/capability_keys)
    neither                put aside, and tried again when some session's tags move on to it
    a hello that fails     put aside, and tried again when we know a newer manifest, ours or theirs

Rule: state, message and envelope id are kept together or not at all. What can't be opened never
changes a session. Spec: docs/engine.md, section 5.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from restante.client.acquaintance import (
    RefusedHelloError,
    introduced,
    is_of_key,
    is_welcome,
    keep_introduced,
)
from restante.client.capability_keys.reading import GrantedReader
from restante.client.contents import Arrival, Reader
from restante.client.directory import manifest_of
from restante.client.granting import grant
from restante.client.groups import chains, lost_keys
from restante.client.groups.arriving import is_of_group
from restante.client.groups.strangers import is_heard_first
from restante.client.hello_prekeys import prekeys_named
from restante.client.history import parse_content
from restante.client.interface import ContactState
from restante.client.lifecycle.key_changes import note_forked
from restante.client.linking.announcing import remind
from restante.client.requests import make_room
from restante.client.sessions import expecting, keep_opened
from restante.client.syncing.heard import tell_of
from restante.client.syncing.self_contact import is_self, keep_own_manifest
from restante.client.unreadable import Fault, note_unreadable
from restante.client.vouching import is_earlier, note_earlier, note_unknown
from restante.crypto.envelope import hello_references, open_hello, open_message
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.content import Kind
from restante.protocol.envelope import HELLO_PREFIX_BYTES, check_bucket, lookup_tag
from restante.protocol.frames import Lane
from restante.store.client_aside import AsideRow, all_aside, aside_by_tags, put_aside, remove_aside
from restante.store.client_contacts import ContactRow, contact, upsert_contact
from restante.store.client_inbox import is_processed, mark_processed
from restante.store.client_outbox import wake_account
from restante.store.client_prekeys import delete_prekey, remember_hello
from restante.store.client_sender_keys import chain_by_tag
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.envelope import Opened
    from restante.crypto.hello import HelloReferences
    from restante.crypto.session import Session
    from restante.protocol.ids import LookupTag
    from restante.store.client_rows import Rows

_LOG: Final = logging.getLogger("restante.inbox")

_NO_TAGS: Final[frozenset[LookupTag]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Opens envelopes for one device at one moment."""

    reader: Reader

    def take(
        self, rows: Rows, changes: Changes, envelope_id: bytes, lane: int, payload: bytes
    ) -> None:
        """Do all that a delivered envelope asks for, and mark it as dealt with."""
        if is_processed(rows, envelope_id):
            return
        arrived_ms = self.reader.now_ms
        envelope = AsideRow(
            envelope_id=envelope_id, lane=int(lane_of(lane)), payload=payload, arrived_ms=arrived_ms
        )
        self._open_all(rows, changes, deque([envelope]))
        mark_processed(rows, envelope_id, self.reader.now_ms // 1000)

    def take_again(self, rows: Rows, changes: Changes) -> None:
        """Open first messages that were put aside: we know a manifest now that we didn't then."""
        found = [
            row
            for row in all_aside(rows)
            if hello_references(row.payload, self.reader.own.device_id) is not None
        ]
        remove_aside(rows, [row.envelope_id for row in found])
        self._open_all(rows, changes, deque(found))

    def _open_all(self, rows: Rows, changes: Changes, waiting: deque[AsideRow]) -> None:
        while waiting:
            each = waiting.popleft()
            tags = self._open(rows, changes, each)
            if tags is None:
                dropped = put_aside(
                    rows, each.envelope_id, each.lane, each.payload, each.arrived_ms
                )
                if dropped:
                    _LOG.info("envelopes that nothing opens were dropped: %d", len(dropped))
                self._ask_for_key(rows, changes, each)
                continue
            # Some session has moved on: what was put aside may be what it expects now.
            tags, changes.expected = tags | changes.expected, set()
            freed = aside_by_tags(rows, tags)
            remove_aside(rows, [row.envelope_id for row in freed])
            waiting.extend(freed)

    def _open(
        self, rows: Rows, changes: Changes, envelope: AsideRow
    ) -> frozenset[LookupTag] | None:
        """Open an envelope; return the tags expected since now, or None if nothing fits it."""
        try:
            check_bucket(envelope.payload)
        except RemoteProtocolError:
            return _NO_TAGS
        session = expecting(rows, lookup_tag(envelope.payload))
        if session is not None:
            return self._open_message(rows, changes, session, envelope)
        references = hello_references(envelope.payload, self.reader.own.device_id)
        if references is not None:
            return self._open_hello(rows, changes, references, envelope)
        return self._open_of_group(rows, changes, envelope)

    def _open_of_group(
        self, rows: Rows, changes: Changes, envelope: AsideRow
    ) -> frozenset[LookupTag] | None:
        """Open what was sealed once for a whole group, on a sender key; None if it isn't."""
        found = chain_by_tag(rows, lookup_tag(envelope.payload))
        if found is None:
            return None
        row, number = found
        packed = chains.open_message(rows, row, number, envelope.payload)
        who = contact(rows, row.account_id)
        if packed is not None and who is not None and _is_said_in(row.group_id, packed):
            self.reader.read(
                rows,
                changes,
                Arrival(
                    contact=who,
                    device_id=row.device_id,
                    lane=Lane.CONTACT,  # whoever is in the group has the token that it came with
                    packed=packed,
                    envelope_tag=lookup_tag(envelope.payload),
                    arrived_ms=envelope.arrived_ms,
                ),
            )
        return _NO_TAGS

    def _ask_for_key(self, rows: Rows, changes: Changes, envelope: AsideRow) -> None:
        """Ask who may have sealed what nothing opens, if it came as members of groups send."""
        reader = self.reader
        is_hello = hello_references(envelope.payload, reader.own.device_id) is not None
        if is_hello or lane_of(envelope.lane) is not Lane.CONTACT:
            return
        lost_keys.ask_owner(
            rows,
            changes,
            reader.own,
            lookup_tag(envelope.payload),
            delay_ms=reader.resend_grace_ms,
            randomness=reader.randomness,
            now_ms=reader.now_ms,
        )

    def _open_message(
        self, rows: Rows, changes: Changes, session: Session, envelope: AsideRow
    ) -> frozenset[LookupTag]:
        facts, payload = session.facts, envelope.payload
        row = contact(rows, facts.peer_account)
        try:
            opened = open_message(
                session,
                payload,
                randomness=self.reader.randomness,
                now_s=self.reader.now_ms // 1000,
            )
        except CryptoError:
            # A hello's tag is expected for ever, so that a replayed hello is known for what it is.
            if row is not None and lookup_tag(payload) != facts.hello_tag:
                note_unreadable(
                    rows,
                    changes,
                    row,
                    facts.peer_device,
                    lookup_tag(payload),
                    fault=Fault.DAMAGED,
                    now_ms=self.reader.now_ms,
                )
            return _NO_TAGS
        keep_opened(rows, opened, now_ms=self.reader.now_ms)
        if row is not None:
            self._read(rows, changes, row, opened, envelope)
        return opened.tags.added

    def _open_hello(
        self,
        rows: Rows,
        changes: Changes,
        references: HelloReferences,
        envelope: AsideRow,
    ) -> frozenset[LookupTag] | None:
        own, payload = self.reader.own, envelope.payload
        now_s = self.reader.now_ms // 1000
        prekeys = prekeys_named(rows, references)
        if prekeys is None:
            _LOG.info("a first message names a prekey that is used up or erased")
            return _NO_TAGS
        hello_hash = sha256(payload[:HELLO_PREFIX_BYTES]).digest()
        try:
            introduction, opened = open_hello(
                payload,
                own=own.device,
                own_root=own.root,
                own_heads=own.heads,
                secrets=prekeys.secrets(),
                randomness=self.reader.randomness,
                now_s=now_s,
            )
            row = introduced(rows, introduction, lane=lane_of(envelope.lane), now_s=now_s)
            row = _from_a_group(rows, row, opened)
        except RefusedHelloError as refused:
            _LOG.info("a first message was refused")
            known, is_ours = refused.known, is_self(refused.known)
            changes.is_account_doubtful |= is_ours
            if refused.is_fork and not is_ours:
                note_forked(rows, changes, known, now_ms=self.reader.now_ms)
            if refused.may_follow and not is_ours:
                changes.outdated[known.account_id] = known.manifest_hash
            # A device of our own may know of more devices than we do.
            return None if is_ours or refused.may_follow else _NO_TAGS
        except CryptoError:
            _LOG.info("a first message could not be opened")
            changes.is_account_doubtful = True
            return None  # it may have been sealed under a manifest of ours that we don't know yet
        # On the last-resort path it may be a replay (attack 14).
        is_turned_away = self._is_turned_away(rows, changes, row, opened.content)
        if is_turned_away or not remember_hello(rows, hello_hash, references.signed_prekey_id):
            return _NO_TAGS
        if is_self(row):
            keep_own_manifest(rows, changes, manifest_of(row), now_s=now_s)
        else:
            row = self._keep_introduced(rows, changes, row)
            if introduction.manifest.head != row.manifest_hash:
                note_earlier(rows, row, introduction.manifest.head)  # it was long on its way
        for spent in prekeys.spent(references):
            delete_prekey(rows, spent.kind, spent.id)
        if is_of_key(introduction):
            key, now_ms = opened.session.facts.peer_device, self.reader.now_ms
            GrantedReader(own=own, now_ms=now_ms).read(rows, changes, row, key, opened.content)
        if row.state == ContactState.BLOCKED.value or is_of_key(introduction):
            return _NO_TAGS
        keep_opened(rows, opened, now_ms=self.reader.now_ms)
        # What had no keys to begin with can be sealed on this session.
        changes.is_outbox_due |= bool(wake_account(rows, row.account_id, self.reader.now_ms))
        self._read(rows, changes, row, opened, envelope)
        return opened.tags.added

    def _keep_introduced(self, rows: Rows, changes: Changes, row: ContactRow) -> ContactRow:
        """Keep who a hello comes from; who has only our code's token gets one of their own."""
        is_new = contact(rows, row.account_id) is None
        keep_introduced(rows, row)
        if is_new and row.state == ContactState.ACCEPTED.value:
            reader = self.reader
            grant(rows, changes, row, randomness=reader.randomness, now_ms=reader.now_ms)
        return contact(rows, row.account_id) or row

    def _is_turned_away(
        self, rows: Rows, changes: Changes, row: ContactRow, content: bytes
    ) -> bool:
        """Whether this is a stranger whom there is no room for."""
        if row.state == ContactState.MEMBER.value and not contact(rows, row.account_id):
            now_s = self.reader.now_ms // 1000
            return not is_heard_first(rows, row.account_id, content, now_s=now_s)
        is_new = row.state == ContactState.REQUEST.value and not contact(rows, row.account_id)
        return is_new and not make_room(rows, changes, now_s=self.reader.now_ms // 1000)

    def _read(
        self,
        rows: Rows,
        changes: Changes,
        row: ContactRow,
        opened: Opened,
        envelope: AsideRow,
    ) -> None:
        own = self.reader.own
        if opened.heads.recipient not in own.heads and is_welcome(row):
            changes.is_account_doubtful = True
        elif opened.heads.recipient != own.manifest.head and is_welcome(row):
            remind(
                rows,
                changes,
                row,
                own.manifest,
                randomness=self.reader.randomness,
                now_ms=self.reader.now_ms,
            )
            peer = opened.session.facts.peer_device
            now_ms = self.reader.now_ms
            tell_of(rows, changes, row, peer, opened.content, now_ms=now_ms)
        row = self._compare_lists(rows, changes, row, opened)
        self.reader.read(
            rows,
            changes,
            Arrival(
                contact=row,
                device_id=opened.session.facts.peer_device,
                lane=lane_of(envelope.lane),
                packed=opened.content,
                envelope_tag=lookup_tag(envelope.payload),
                arrived_ms=envelope.arrived_ms,
            ),
        )

    def _compare_lists(
        self, rows: Rows, changes: Changes, row: ContactRow, opened: Opened
    ) -> ContactRow:
        """Note that the sender's device goes by another list of devices than we know (I18)."""
        head = opened.heads.sender
        if head == row.manifest_hash:
            return row
        if is_self(row):
            changes.is_account_doubtful = True
            if head not in self.reader.own.heads:
                note_unknown(rows, changes, row, head, now_ms=self.reader.now_ms)
            return row
        if is_earlier(rows, row, head):
            return row
        if is_welcome(row):
            note_unknown(rows, changes, row, head, now_ms=self.reader.now_ms)
        if not row.is_stale:
            row = replace(row, is_stale=True)  # asked for before we write to them next
            upsert_contact(rows, row)
        return row


def _is_said_in(group_id: bytes, packed: bytes) -> bool:
    """Whether a content is what a sender key is for: all members have it, and it heals nothing."""
    content = parse_content(packed)
    return (
        content is not None
        and content.kind in {Kind.GROUP_CONTENT, Kind.GROUP_LOG}
        and content.conversation == group_id
    )


def _from_a_group(rows: Rows, row: ContactRow, opened: Opened) -> ContactRow:
    """Return who begins to write; a stranger who writes in a group asks nothing of the user."""
    is_new = row.state in {ContactState.REQUEST.value, ContactState.ACCEPTED.value}
    if not is_new or contact(rows, row.account_id) is not None:
        return row
    content = parse_content(opened.content)
    if content is None or not is_of_group(content):
        return row
    return replace(row, state=ContactState.MEMBER.value)


def lane_of(number: int) -> Lane:
    """Read a lane off the wire or the store; one that this version doesn't know is a stranger's."""
    return Lane.CONTACT if number == Lane.CONTACT else Lane.REQUEST
