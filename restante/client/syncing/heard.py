"""What a contact sent only to those devices of ours that it knew of: the others ask for it.

Until somebody has heard of a newer manifest of ours they write to the devices of the older one.
Whoever of these gets such a message tells the others its counter, so that they miss it, and ask.
Inside the caller's transaction. Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client import gaps
from restante.client.history import parse_content
from restante.client.history_transfer.awaiting import is_history_awaited
from restante.client.syncing.outgoing import publish
from restante.protocol.sync import SyncHeard
from restante.store.client_contacts import contact
from restante.store.client_conversations import gaps as missing
from restante.store.client_conversations import note_missing

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


def tell_of(
    rows: Rows, changes: Changes, row: ContactRow, device_id: bytes, packed: bytes, *, now_ms: int
) -> None:
    """Tell our other devices of a content that was sealed under an older manifest of ours."""
    content = parse_content(packed)
    if content is None or not content.counter or content.conversation:
        return
    item = SyncHeard(conversation=row.account_id, device=device_id, counter=content.counter)
    publish(rows, changes, item, now_ms=now_ms)


def hear_of(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    item: SyncHeard,
    *,
    resend_grace_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Miss what another device of ours was sent, unless it has come here, too.

    This may be heard before it is known here who wrote: the record that says so comes by itself, or
    with the history. What is missing is asked for then.
    """
    key = item.conversation
    if item.device == own.device_id or len(missing(rows, key)) >= gaps.MAX_TRACKED:
        return
    is_missing = note_missing(rows, key, item.device, item.counter)
    row = contact(rows, key)
    if is_missing and row is not None and not is_history_awaited(rows):
        gaps.show_all(
            rows,
            changes,
            row,
            item.device,
            conversation=key,
            resend_grace_ms=resend_grace_ms,
            randomness=randomness,
            now_ms=now_ms,
        )
