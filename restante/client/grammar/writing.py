"""What is written here beside texts, from its body to the outbox, in the caller's transaction.

Rule: one content, filed or kept as it will count, and queued under its own id; its counter is given
when it is sealed. Spec: docs/engine.md, sections 4 and 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client import tracing
from restante.client.grammar.marking import keep_change
from restante.client.grammar.timers import start_clock
from restante.client.groups.posting import own_group_entry, queue_for_group, writable
from restante.client.history import file_own, too_long
from restante.client.imported import refuse_imported
from restante.client.interface import ContactState, Trust
from restante.client.lifecycle.key_changes import successor
from restante.client.lifecycle.leaving import left_because
from restante.client.people_kept import accepted, existing
from restante.client.queueing import enqueue_content
from restante.client.syncing.self_contact import is_self, other_devices
from restante.client.views import display_name
from restante.errors import ExitCode, UserError
from restante.protocol.codec import encode
from restante.protocol.content import Content
from restante.protocol.envelope import max_content_bytes
from restante.protocol.ids import ID_BYTES
from restante.protocol.order import HIGHEST_RANK, next_rank
from restante.store.client_conversations import clock
from restante.store.client_groups import is_group
from restante.store.client_marks import marks_of
from restante.store.client_messages import heads

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.protocol.content import Kind
    from restante.store.client_contacts import ContactRow
    from restante.store.client_messages import MessageRow, Placed
    from restante.store.client_rows import Rows


def own_entry(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    *,
    own: OwnAccount,
    account_id: bytes,
    message_id: bytes,
    kind: Kind,
    body_for: Callable[[bytes], Struct],
    is_held: bool = False,
) -> Placed:
    """File an entry of ours in a conversation, with an account or of a group, and queue it.

    `body_for` makes its body for that conversation. Answering a request accepts it.
    `is_held`: it is queued later, by `release`, when what it speaks of is where it says.
    UserError: blocked, key changed, too long.
    """
    if is_group(account_id):
        return own_group_entry(
            rows,
            changes,
            context,
            own=own,
            group_id=account_id,
            message_id=message_id,
            kind=kind,
            body_for=body_for,
            is_held=is_held,
        )
    row = existing(rows, account_id)
    row = successor(rows, row) or row
    if row.state in {ContactState.REQUEST.value, ContactState.MEMBER.value}:
        row = accepted(rows, changes, context, row)
    refuse_unwelcome(row)
    now_ms = context.now_ms()
    placed, content = file_own(
        rows,
        changes,
        own,
        row.account_id,
        kind=kind,
        body=body_for(row.account_id),
        message_id=message_id,
        now_ms=now_ms,
    )
    if is_self(row):  # a note has arrived as soon as it is kept
        changes.message_changed(start_clock(rows, message_id, at_ms=now_ms, now_ms=now_ms))
    if not is_held:
        release(rows, changes, row, content, message_id=message_id, now_ms=now_ms)
    tracing.note(rows, message_id, tracing.Event.QUEUED, now_ms=now_ms)
    return placed


def release(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    content: bytes,
    *,
    message_id: bytes,
    now_ms: int,
) -> None:
    """Queue an entry of ours for whom it is for; a note to oneself, if there are other devices."""
    if not is_self(row) or other_devices(rows, row):
        enqueue_content(
            rows, changes, row, content, entry_id=message_id, message_id=message_id, now_ms=now_ms
        )


def own_change(
    rows: Rows,
    changes: Changes,
    context: EngineContext,
    *,
    own: OwnAccount,
    row: MessageRow,
    kind: Kind,
    body: Struct,
    rank: int | None = None,
) -> None:
    """Change a message, and queue that for whoever the conversation is with.

    It ranks above all that was said of the message, whatever clocks that came from; else as `rank`.
    """
    refuse_imported(row)
    now_ms = context.now_ms()
    conversation = row.conversation
    group = writable(rows, conversation, kind) if is_group(conversation) else None
    whom = None if group is not None else existing(rows, conversation)
    if whom is not None:
        refuse_unwelcome(whom)
    if rank is None:
        past = max((each.rank for each in marks_of(rows, row.id)), default=0)
        rank = max(next_rank(clock(rows, conversation), now_ms), past + 1)
    content = Content(
        version=1,
        kind=int(kind),
        id=context.randomness.random(ID_BYTES),
        conversation=b"" if group is None else conversation,
        counter=0,
        rank=min(rank, HIGHEST_RANK),
        sent_at_ms=now_ms,
        seen=heads(rows, conversation),
        disappears_after_s=row.timer_s,
        body=encode(body),
    )
    packed = content.to_bytes()
    if len(packed) > max_content_bytes(hello=True):
        raise too_long(len(packed))
    keep_change(
        rows,
        changes,
        content,
        conversation=conversation,
        author=own.account_id,
        device_id=own.device_id,
        packed=packed,
        is_own=True,
        is_told=False,
        now_ms=now_ms,
    )
    if group is not None:
        queue_for_group(
            rows,
            changes,
            own,
            group,
            packed,
            message_id=content.id,
            most_pairwise=context.tuning.most_pairwise,
            now_ms=now_ms,
        )
    elif whom is not None and (not is_self(whom) or other_devices(rows, whom)):
        enqueue_content(
            rows, changes, whom, packed, entry_id=content.id, message_id=content.id, now_ms=now_ms
        )


def refuse_unwelcome(row: ContactRow) -> None:
    """Refuse to write to somebody. UserError: blocked, a request, another key than before."""
    if row.state == ContactState.BLOCKED.value:
        raise UserError(
            f"You have blocked {display_name(row)}. Accept the contact again before you write."
        )
    if row.state == ContactState.LEFT.value:
        raise UserError(left_because(row))
    if row.state == ContactState.REQUEST.value:
        raise UserError(f"Accept the request of {display_name(row)} first, or block them.")
    if row.trust == Trust.CHANGED.value:
        raise UserError(
            f"The security key of {display_name(row)} has changed. Nothing is sent until you have "
            f"decided. Compare the new number: restante verify {row.address}",
            exit_code=ExitCode.UNTRUSTED,
        )
