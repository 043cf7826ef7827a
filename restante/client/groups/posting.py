"""What is written here in a group: filed once, queued for every member, sealed for each device.

Rule: one content, one counter, one id, whoever gets it; the epoch is put round it when it is
sealed, and who is no member then gets nothing (attack 42). Inside the caller's transaction.
Spec: docs/protocol/groups.md, section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from restante.client import tracing
from restante.client.directory import manifest_of
from restante.client.groups import ledger as ledgers
from restante.client.history import file_own
from restante.client.interface import ContactState, MessageState
from restante.client.queueing import enqueue_content, fresh_entry, local_id
from restante.client.states import moved
from restante.client.syncing.outgoing import publish, sent_item
from restante.errors import UserError
from restante.protocol.codec import encode
from restante.protocol.content import CHANGES, LAST_HISTORY_KIND, Content, Kind
from restante.protocol.group import MAX_PARENTS, GroupContent, Role
from restante.store import client_groups as store
from restante.store import client_outbox
from restante.store.client_contacts import contact
from restante.store.client_conversations import next_counter
from restante.store.client_feed import append_feed
from restante.store.client_marks import assign_mark_counter
from restante.store.client_messages import assign_counter, message, update_state
from restante.store.client_outbox import OutboxRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.store.client_contacts import ContactRow
    from restante.store.client_groups import GroupRow
    from restante.store.client_messages import Placed
    from restante.store.client_rows import Rows

MAX_RECEIPT_MEMBERS: Final = 32
"""In larger groups nobody says that a message came: each would be answered by all the others."""

_DEAF: Final = frozenset({ContactState.BLOCKED.value, ContactState.LEFT.value})

_READERS: Final = frozenset({Kind.EDIT, Kind.DELETION, Kind.REACTION, Kind.VOTE, Kind.POLL_CLOSED})

_FOR_MEMBERS: Final = frozenset({Kind.SENDER_KEY, Kind.GROUP_DECLINED})
"""What isn't said in the group, and is for nobody who has left it all the same."""

GONE: Final = "They are not in the group any more."


def existing_group(rows: Rows, group_id: bytes) -> GroupRow:
    """Return a group that is shown. UserError if there is none."""
    row = store.group_row(rows, group_id)
    if row is None or row.state == ledgers.PARTIAL:
        raise UserError("There is no such group. See: restante group ls")
    return row


def own_group_entry(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    *,
    own: OwnAccount,
    group_id: bytes,
    message_id: bytes,
    kind: Kind,
    body_for: Callable[[bytes], Struct],
    is_held: bool = False,
) -> Placed:
    """File an entry of ours in a group, and queue it for its members, now or (`is_held`) later.

    UserError: we may not write there.
    """
    group = writable(rows, group_id)
    now_ms = context.now_ms()
    placed, content = file_own(
        rows,
        changes,
        own,
        group_id,
        kind=kind,
        body=body_for(group_id),
        message_id=message_id,
        now_ms=now_ms,
    )
    tracing.note(rows, message_id, tracing.Event.QUEUED, now_ms=now_ms)
    if is_held:
        return placed
    if not queue_for_group(
        rows,
        changes,
        own,
        group,
        content,
        message_id=message_id,
        most_pairwise=context.tuning.most_pairwise,
        now_ms=now_ms,
    ):
        changes.message_changed(update_state(rows, message_id, MessageState.DELIVERED.value, None))
    return placed


def least_role(kind: int, group: GroupRow) -> int:
    """Return the least role that may say a kind: who only reads may react, vote, and take back."""
    return Role.READER if kind in _READERS else group.may_post


def writable(rows: Rows, group_id: bytes, kind: Kind = Kind.TEXT) -> GroupRow:
    """Return a group that we may say a kind in. UserError if we may not, and why."""
    group = existing_group(rows, group_id)
    if group.state == ledgers.REQUEST:
        raise UserError(
            f'You were put into "{group.name}" by somebody you don\'t know. Accept it first '
            f"(restante contact accept {group_id.hex()[:16]}), or leave it."
        )
    if group.state == ledgers.LEFT:
        raise UserError(f'You are not in "{group.name}" any more.')
    if group.is_space:
        raise UserError("A space holds channels, and no messages. Write in one of its channels.")
    if group.own_role < least_role(kind, group):
        who = "owners" if group.may_post >= Role.OWNER else "admins"
        if group.may_post <= Role.MEMBER:
            raise UserError("You are a reader of this group: you can't write in it.")
        raise UserError(f"Only {who} may write in this group.")
    return group


def queue_for_group(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    group: GroupRow,
    content: bytes,
    *,
    message_id: bytes,
    most_pairwise: int,
    now_ms: int,
) -> bool:
    """Queue a content for every member, or past so many devices for each relay of theirs.

    False if there is nobody else, and it is done with.
    """
    recipients = recipients_of(rows, own, group.group_id)
    if _device_count(recipients) > most_pairwise:
        _queue_fan_out(
            rows, changes, group, recipients, content, message_id=message_id, now_ms=now_ms
        )
        return True
    for row in recipients:
        enqueue_content(
            rows,
            changes,
            row,
            content,
            entry_id=local_id("group-content", message_id, row.account_id),
            message_id=message_id,
            now_ms=now_ms,
        )
    if not recipients:
        counted(rows, changes, Content.from_bytes(content), message_id, now_ms=now_ms)
    return bool(recipients)


def _device_count(recipients: list[ContactRow]) -> int:
    return sum(len(manifest_of(row).devices) for row in recipients)


def _queue_fan_out(
    rows: Rows,
    changes: Changes,
    group: GroupRow,
    recipients: list[ContactRow],
    content: bytes,
    *,
    message_id: bytes,
    now_ms: int,
) -> None:
    for relay in sorted({str(manifest_of(row).address.relay) for row in recipients}):
        client_outbox.enqueue(
            rows,
            fresh_entry(
                local_id("group-fan-out", message_id, relay.encode()),
                account_id=group.group_id,
                content=content,
                relay=relay,
                now_ms=now_ms,
                message_id=message_id,
            ),
        )
    changes.is_outbox_due = True


def recipients_of(rows: Rows, own: OwnAccount, group_id: bytes) -> list[ContactRow]:
    """Return the members, but for ourselves, whom something can be sent to."""
    rows_of = (contact(rows, each.account_id) for each in store.members(rows, group_id))
    return [
        row
        for row in rows_of
        if row is not None
        and row.manifest is not None
        and row.account_id != own.account_id
        and row.state not in _DEAF
    ]


def counted(
    rows: Rows, changes: Changes, content: Content, message_id: bytes, *, now_ms: int
) -> bytes:
    """Give a content of ours its counter in its group, and tell our other devices of it."""
    counter = next_counter(rows, content.conversation)
    packed = msgspec.structs.replace(content, counter=counter).to_bytes()
    if content.kind in CHANGES:
        assign_mark_counter(rows, message_id, counter=counter, body=packed)
    else:
        assign_counter(rows, message_id, counter=counter, body=packed)
    publish(rows, changes, sent_item(content.conversation, message_id), now_ms=now_ms)
    return packed


def says_receipts(rows: Rows, group_id: bytes) -> bool:
    """Whether we tell members of a group that their messages came, or were read."""
    group = store.group_row(rows, group_id)
    if group is None or group.state != ledgers.JOINED:
        return False
    return store.count_members(rows, group_id) <= MAX_RECEIPT_MEMBERS


def may_receive(rows: Rows, entry: OutboxRow) -> bool:
    """Whether an entry of the outbox is still for somebody who may read it."""
    content = Content.from_bytes(entry.content)
    is_secret = content.kind <= LAST_HISTORY_KIND or content.kind in _FOR_MEMBERS
    if not is_secret or not store.is_group(content.conversation):
        return True
    return store.member(rows, content.conversation, entry.account_id) is not None


def in_epoch(rows: Rows, packed: bytes) -> bytes:
    """Return what is sealed of a group's content: with the heads of its log as they stand now."""
    content = Content.from_bytes(packed)
    if content.kind > LAST_HISTORY_KIND or not store.is_group(content.conversation):
        return packed
    group = store.group_row(rows, content.conversation)
    heads = [] if group is None else group.head_list[:MAX_PARENTS]
    return Content(
        version=1,
        kind=int(Kind.GROUP_CONTENT),
        id=content.id,
        conversation=content.conversation,
        counter=0,
        rank=content.rank,
        sent_at_ms=content.sent_at_ms,
        seen=[],
        disappears_after_s=0,
        body=encode(GroupContent(heads=heads, content=packed)),
    ).to_bytes()


def note_receipt(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    who: ContactRow,
    *,
    message_id: bytes,
    to: MessageState,
    now_ms: int,
) -> bool:
    """Note how far a message of ours has come with a member: it is so far as with all of them.

    False if it is none of ours, or they are no member: nothing follows from it then.
    """
    row = message(rows, message_id)
    if row is None or row.author != own.account_id or not store.is_group(row.conversation):
        return False
    if store.member(rows, row.conversation, who.account_id) is None:
        return False
    store.note_group_receipt(rows, message_id, who.account_id, to.value)
    said = store.group_receipts_of(rows, message_id)
    others = [each.account_id for each in recipients_of(rows, own, row.conversation)]
    states = [said.get(each) for each in others]
    overall = None
    if states and all(each == MessageState.READ.value for each in states):
        overall = MessageState.READ
    elif states and all(each is not None for each in states):
        overall = MessageState.DELIVERED
    if overall is None or moved(MessageState(row.state), overall) is None:
        return True
    changes.message_changed(update_state(rows, message_id, overall.value, None))
    changes.cursors.append(
        append_feed(rows, "receipt", message_id, at_ms=now_ms, detail=overall.value)
    )
    return True
