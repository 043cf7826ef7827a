"""The last word on a content before it is sealed: its counter, what is missing now, who else hears.

Rule: what stands in the history is counted here, once, and this account's other devices are told of
it in the same transaction; what is taken back before leaves no gap with anybody. Inside the
caller's transaction. Spec: docs/engine.md, sections 4 and 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from restante.client.gap_requests import missing_from
from restante.client.groups.lost_keys import is_still_lost
from restante.client.groups.posting import counted
from restante.client.resending import is_place, now_in
from restante.client.syncing.outgoing import final_sync, publish, sent_item
from restante.client.syncing.self_contact import is_self
from restante.protocol.codec import encode
from restante.protocol.content import CHANGES, LAST_HISTORY_KIND, Content, Kind
from restante.store.client_conversations import next_counter
from restante.store.client_groups import is_group
from restante.store.client_marks import assign_mark_counter, mark
from restante.store.client_messages import assign_counter, message

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_contacts import ContactRow
    from restante.store.client_outbox import OutboxRow
    from restante.store.client_rows import Rows


def final_content(  # noqa: PLR0911  # one for each kind
    rows: Rows, changes: Changes, row: ContactRow, entry: OutboxRow, *, now_ms: int
) -> bytes | None:
    """Return what is sealed: with its counter, with what is missing now; None if nothing is."""
    content = Content.from_bytes(entry.content)
    if content.kind == Kind.SYNC:
        return final_sync(rows, changes, entry, content, now_ms=now_ms)
    if content.kind == Kind.RESEND_REQUEST and entry.device_id is not None:
        asked_in = content.conversation or row.account_id
        request = missing_from(rows, asked_in, entry.device_id, content.body)
        if request is None:
            return None
        return msgspec.structs.replace(content, body=encode(request)).to_bytes()
    if content.kind == Kind.SENDER_KEY_ASK and not is_still_lost(rows, content):
        return None
    if is_place(entry, content):
        return now_in(rows, content)
    if content.kind > LAST_HISTORY_KIND or content.counter or entry.message_id is None:
        return entry.content
    return _counted(rows, changes, content, entry.message_id, now_ms=now_ms, whom=row)


def _counted(
    rows: Rows,
    changes: Changes,
    content: Content,
    message_id: bytes,
    *,
    whom: ContactRow,
    now_ms: int,
) -> bytes | None:
    """Return a content of the history with its counter, which our other devices hear of."""
    if is_group(content.conversation):
        return in_group(rows, changes, content, message_id, now_ms=now_ms)
    counter = next_counter(rows, whom.account_id)
    packed = msgspec.structs.replace(content, counter=counter).to_bytes()
    if content.kind in CHANGES:
        assign_mark_counter(rows, message_id, counter=counter, body=packed)
    else:
        assign_counter(rows, message_id, counter=counter, body=packed)
    if not is_self(whom):
        publish(rows, changes, sent_item(whom.account_id, message_id), now_ms=now_ms)
    return packed


def in_group(
    rows: Rows, changes: Changes, content: Content, message_id: bytes, *, now_ms: int
) -> bytes | None:
    """Return a group's content with its counter: the same for every member, whoever comes first."""
    known = mark(rows, message_id) if content.kind in CHANGES else message(rows, message_id)
    if known is None:
        return None  # it has disappeared meanwhile
    if known.counter:
        return known.body
    return counted(rows, changes, content, message_id, now_ms=now_ms)
