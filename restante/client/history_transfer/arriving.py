"""The end of a transfer: the history has come, and what is missing now is really missing.

Rule: only now are gaps shown and asked for, once for each device and conversation; entries of gaps
that closed meanwhile go. Inside the caller's transaction. Spec: docs/engine.md, section 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client import gaps
from restante.client.history_transfer.awaiting import await_no_more
from restante.client.syncing.self_contact import self_contact
from restante.store.client_contacts import contact
from restante.store.client_conversations import gaps as missing_counters
from restante.store.client_messages import delete_message
from restante.store.client_rewrites import messages_of_kind
from restante.store.client_transfer_rows import conversation_keys

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_rows import Rows


def history_has_come(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    *,
    resend_grace_ms: int,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Wait for no more history; show what is missing, and ask for it."""
    await_no_more(rows)
    own_devices = {device.device_id for device in own.manifest.devices}
    ourselves = self_contact(rows)
    entries: set[bytes] = set()
    for key in conversation_keys(rows):
        other = contact(rows, key)
        for device in dict.fromkeys(device for device, _ in missing_counters(rows, key)):
            row = ourselves if device in own_devices else other
            if row is None:
                continue
            entries |= gaps.show_all(
                rows,
                changes,
                row,
                device,
                conversation=key,
                resend_grace_ms=resend_grace_ms,
                randomness=randomness,
                now_ms=now_ms,
            )
    for entry in messages_of_kind(rows, "gap"):
        if entry.id not in entries:
            delete_message(rows, entry.id)
            changes.is_resync = True
