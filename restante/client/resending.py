"""What is sent again waits as the place that it had, and is looked up when it is sealed.

Rule: nothing that was erased meanwhile is sent, or kept in the outbox: of a deleted message its
place goes, and of what has disappeared the word that it never will. Inside the caller's
transaction. Spec: docs/protocol/content.md, C7 and C20; docs/engine.md, section 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from restante.client.history import erased_content
from restante.client.syncing.outgoing import never_again
from restante.protocol.content import Content, Kind
from restante.store.client_marks import mark
from restante.store.client_messages import message

if TYPE_CHECKING:
    from restante.store.client_outbox import OutboxRow
    from restante.store.client_rows import Rows


def place_of(packed: bytes) -> bytes:
    """Return a content of ours without what it says."""
    content = Content.from_bytes(packed)
    return msgspec.structs.replace(content, kind=int(Kind.ERASED), seen=[], body=b"").to_bytes()


def is_place(entry: OutboxRow, content: Content) -> bool:
    """Whether an entry of the outbox is something that is sent again."""
    return content.kind == Kind.ERASED and entry.message_id is None


def now_in(rows: Rows, place: Content) -> bytes:
    """Return what is sent again in a place, as it stands now."""
    row = message(rows, place.id)
    if row is not None and row.counter == place.counter:
        return row.body or erased_content(row)
    change = mark(rows, place.id)
    if change is not None and change.counter == place.counter:
        return change.body
    return never_again(place)
