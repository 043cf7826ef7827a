"""A part of a group's log for many devices at once: sealed once, one payload for each relay.

Whoever lacks this device's sender key gets it first, alone, as before a message; what goes to few
devices, or to one whose delivery token isn't known, goes over sessions (`telling`). Rule: whom it
is for is written down with it, and who is no member when it is deposited gets none of it. Inside
the caller's transaction. Spec: docs/protocol/groups.md, section 6.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING

import msgspec

from restante.client.groups import chains
from restante.client.queueing import control_content, fresh_entry, local_id
from restante.protocol.content import Kind
from restante.protocol.ids import ID_BYTES
from restante.store import client_fan_outs, client_outbox

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.groups.chains import Recipient
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.protocol.group import GroupLog
    from restante.store.client_rows import Rows


def spread(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    group_id: bytes,
    parts: Sequence[GroupLog],
    *,
    readers: Sequence[Recipient],
    leaving: Set[bytes],
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Queue parts of a log for these devices: the same bytes for all of them.

    `leaving`: accounts that this very part takes out. They may have the key that it is sealed on,
    for they are told of it; before the next part it is replaced.
    """
    people = chains.recipients(rows, own, group_id)
    may_have = {each.device_id for each in people} | chains.held_by(rows, own, group_id, leaving)
    for part in parts:
        content = control_content(Kind.GROUP_LOG, part, now_ms=now_ms, randomness=randomness)
        packed = msgspec.structs.replace(content, conversation=group_id).to_bytes()
        payload = chains.seal(
            rows,
            changes,
            own,
            group_id,
            packed,
            readers=readers,
            may_have=may_have,
            randomness=randomness,
            now_ms=now_ms,
        )
        envelope_id = randomness.random(ID_BYTES)
        for relay in sorted({each.relay for each in readers}):
            there = b"".join(each.device_id for each in readers if each.relay == relay)
            entry_id = local_id("group-log-fan-out", envelope_id, relay.encode())
            client_outbox.enqueue(
                rows,
                fresh_entry(
                    entry_id,
                    account_id=group_id,
                    content=packed,
                    relay=relay,
                    now_ms=now_ms,
                    device_id=b"",
                    envelope_id=envelope_id,
                    payload=payload,
                ),
            )
            client_fan_outs.keep_readers(rows, entry_id, there)
    changes.is_outbox_due = True
