"""What came and can't be read: what that was, whose side can mend it, and what to do.

Rule: filed once for an envelope, and it changes nothing else: no session ends by it (attack 23).
What nobody could have sent for us, or whose sender can't be known, is not shown at all. Inside the
caller's transaction. Spec: docs/engine.md, section 5.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from restante.client import tracing
from restante.client.history import file_note
from restante.client.interface import ContactState
from restante.client.queueing import local_id
from restante.client.requests import is_full_of
from restante.client.syncing.self_contact import is_self

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows


class Fault(StrEnum):
    """Why something can't be read; what `why` prints of it."""

    DAMAGED = "it doesn't open with the key that it was sealed with"
    MALFORMED = "it opened, and is no content of this version"


_SENTENCES: Final = {
    Fault.DAMAGED: (
        "A message could not be opened: it was damaged on its way, or forged. That is neither your "
        "doing nor theirs but the relay's or the network's. If one is missing, {whose} is asked to "
        "send it again. If this goes on, begin new sessions: restante contact reset {name}"
    ),
    Fault.MALFORMED: (
        "A message came whole and says nothing that can be read: the Restante on {whose} is "
        "faulty, or much newer. Only an update mends that, {there}; then it is written again."
    ),
}


def note_unreadable(
    rows: Rows,
    changes: Changes,
    row: ContactRow,
    device_id: bytes,
    tag: bytes,
    *,
    fault: Fault,
    now_ms: int,
) -> None:
    """File, once for a lookup tag, that something of a contact's can't be read, and why."""
    if row.state == ContactState.BLOCKED.value or is_full_of(rows, row):
        return
    own = is_self(row)
    entry_id = local_id("unreadable", tag)
    is_new = file_note(
        rows,
        changes,
        row.account_id,
        entry_id=entry_id,
        device_id=device_id,
        kind="undecryptable",
        error=_SENTENCES[fault].format(
            whose="your other device" if own else "their device",
            there="here or there" if own else "there or here",
            name="self" if own else row.address,
        ),
        rank=None,
        feed_type="error",
        now_ms=now_ms,
    )
    if is_new:
        event = tracing.Event.NOT_DECRYPTED
        tracing.note(rows, entry_id, event, now_ms=now_ms, device_id=device_id, detail=fault.value)
