"""What a capability key sends, held to its grant by whoever reads it.

A key has no session that lasts and no mailbox: each thing it says comes as a hello of its own, with
the grant whose hash the manifest names. Rule: what the grant doesn't allow has no effect but one
notice that says so; a key speaks in the one conversation, and never as a device: no edit, no
receipt, no token, no copy for own devices. Inside the caller's transaction.
Spec: docs/protocol/identity.md, section 10.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from restante.client import tracing
from restante.client.acquaintance import is_heard, is_welcome
from restante.client.capability_keys.known import keep_grant, note_used, used_so_far
from restante.client.directory import manifest_of
from restante.client.grammar.filing import file_content
from restante.client.grammar.timers import conversation_timer_s, start_clock
from restante.client.groups.ledger import JOINED
from restante.client.groups.posting import says_receipts
from restante.client.history import parse_content
from restante.client.interface import MessageState
from restante.client.linking.names import shown_name
from restante.client.notices import file_notice
from restante.client.queueing import local_id
from restante.client.syncing.early_receipts import settle_early_receipt
from restante.client.syncing.self_contact import is_self
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import decode
from restante.protocol.content import Content, Kind, ReceiptState, Text
from restante.protocol.grant import Grant, Granted
from restante.protocol.ids import DeviceId, grant_hash
from restante.store import client_groups as groups
from restante.store.client_contacts import contact
from restante.store.client_groups import is_group
from restante.store.client_inbox import queue_receipt
from restante.store.client_messages import message
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.protocol.manifest import DeviceEntry
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


class Excess(StrEnum):
    """What a key did that its grant doesn't allow. The words of the notice."""

    OTHERWISE = "something else than a text in the conversation that it is for"
    LATE = "a message after its time was over"
    TOO_MANY = "more messages than it may"


_MAY_SAY: Final = frozenset({Kind.TEXT})


class _NotAllowedError(Exception):
    def __init__(self, excess: Excess) -> None:
        super().__init__(excess)
        self.excess = excess


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedReader:
    """Reads what capability keys send, for one device at one moment."""

    own: OwnAccount
    now_ms: int

    def read(
        self, rows: Rows, changes: Changes, row: ContactRow, device_id: bytes, packed: bytes
    ) -> None:
        """File what a key of `row`'s account says, if its grant allows it."""
        if not is_heard(row):
            return
        try:
            entry = manifest_of(row).device_by_id(DeviceId(device_id)).entry
            grant, content = self._allowed(rows, row, entry, packed)
            self._file(rows, changes, row, device_id, grant=grant, content=content)
        except _NotAllowedError as error:
            self._say(rows, changes, row, device_id, error.excess)
        except (CryptoError, RemoteProtocolError):
            self._say(rows, changes, row, device_id, Excess.OTHERWISE)

    def _allowed(
        self, rows: Rows, row: ContactRow, entry: DeviceEntry, packed: bytes
    ) -> tuple[Grant, Content]:
        """Return the grant and what is said by it. Raises if the grant isn't the manifest's."""
        content = parse_content(packed)
        if content is None or content.kind != Kind.GRANTED or content.conversation:
            raise _NotAllowedError(Excess.OTHERWISE)
        granted = decode(content.body, Granted)
        if entry.grant is None or grant_hash(granted.grant) != entry.grant:
            raise _NotAllowedError(Excess.OTHERWISE)
        grant = Grant.from_bytes(granted.grant)
        if is_self(row):
            keep_grant(rows, entry.id, granted.grant)
        if not self._is_for_us(rows, row, grant):
            raise _NotAllowedError(Excess.OTHERWISE)
        if granted.kind not in _MAY_SAY or decode(granted.body, Text).quote is not None:
            raise _NotAllowedError(Excess.OTHERWISE)
        if self.now_ms >= grant.until_s * 1000:
            raise _NotAllowedError(Excess.LATE)
        said = msgspec.structs.replace(
            content,
            kind=granted.kind,
            body=granted.body,
            conversation=grant.conversation if is_group(grant.conversation) else b"",
            counter=0,  # a key counts nothing, so nothing of its can be missed
            seen=[],
            disappears_after_s=conversation_timer_s(rows, _where(row, grant)),
        )
        return grant, said

    def _is_for_us(self, rows: Rows, row: ContactRow, grant: Grant) -> bool:
        """Whether what the grant names is a conversation here in which its account may write."""
        if not is_group(grant.conversation):
            return is_self(row) or (is_welcome(row) and grant.conversation == self.own.account_id)
        group = groups.group_row(rows, grant.conversation)
        member = groups.member(rows, grant.conversation, row.account_id)
        if group is None or member is None or group.state != JOINED or group.is_space:
            return False
        return member.role >= group.may_post

    def _file(
        self,
        rows: Rows,
        changes: Changes,
        row: ContactRow,
        device_id: bytes,
        *,
        grant: Grant,
        content: Content,
    ) -> None:
        where, is_own = _where(row, grant), is_self(row)
        told = contact(rows, where)
        if not is_group(where) and (told is None or not is_welcome(told)):
            return  # of a conversation that isn't here any more
        known = message(rows, content.id)
        if known is None:
            used = used_so_far(rows, where, DeviceId(device_id))
            if used >= grant.messages:
                raise _NotAllowedError(Excess.TOO_MANY)
            file_content(
                rows,
                changes,
                content,
                conversation=where,
                author=row.account_id,
                device_id=device_id,
                packed=content.to_bytes(),
                is_own=is_own,
                state=MessageState.RELAYED if is_own else MessageState.DELIVERED,
                feed_type=None if is_own else "message",
                now_ms=self.now_ms,
            )
            if is_own:  # no device of ours has sent it, which would say when it left
                at_ms = content.sent_at_ms
                changes.message_changed(
                    start_clock(rows, content.id, at_ms=at_ms, now_ms=self.now_ms)
                )
            note_used(rows, DeviceId(device_id), used + 1)
            changes.conversations[where] = None
            arrived = tracing.Event.RELAYED if is_own else tracing.Event.DECRYPTED
            tracing.note(rows, content.id, arrived, now_ms=self.now_ms, device_id=device_id)
        elif known.device_id != device_id:
            return  # another's message, which a key can neither replace nor have acknowledged
        if is_own:
            settle_early_receipt(rows, changes, where, content.id)
        elif not is_group(where) or says_receipts(rows, where):
            queue_receipt(rows, row.account_id, content.id, int(ReceiptState.DELIVERED))
            changes.are_receipts_owed = True

    def _say(
        self, rows: Rows, changes: Changes, row: ContactRow, device_id: bytes, excess: Excess
    ) -> None:
        """Say once, for a key and a kind of excess, that it was used for what it isn't for."""
        key = DeviceId(device_id)
        if not is_welcome(row):
            return  # of a group alone: there is no chat with them to say it in
        if is_self(row):
            sentence = (
                f"Your capability key {shown_name(rows, key)} was used for {excess}; that was not "
                "let through. If you didn't do it, somebody else has the key: restante device "
                f"revoke {key.hex()[:8]}"
            )
        else:
            sentence = (
                f"A capability key of {row.address}, which a script of theirs holds, was used for "
                f"{excess}; that is not shown. If it goes on, tell them: somebody else may have it."
            )
        file_notice(
            rows,
            changes,
            row,
            sentence,
            entry_id=local_id("capability-key", device_id, excess.name.encode()),
            now_ms=self.now_ms,
        )


def _where(row: ContactRow, grant: Grant) -> bytes:
    """Return the conversation here: the group, theirs, or the one that our own key writes to."""
    is_named = is_self(row) or is_group(grant.conversation)
    return grant.conversation if is_named else row.account_id
