"""How this account's devices keep each other's groups whole: by where each one's logs stand.

Rule: a record names the heads that a device has; whoever lacks one of them asks that device. So a
newly linked device, and one that missed something, end with the same logs as the others. Inside the
caller's transaction. Spec: docs/protocol/groups.md, section 4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client.groups import telling
from restante.client.groups.ledger import JOINED, REQUEST
from restante.client.groups.settling import join_channels
from restante.client.syncing.self_contact import self_contact
from restante.client.syncing.this_device import own_device
from restante.errors import RemoteProtocolError
from restante.protocol.ids import ID_BYTES
from restante.protocol.sync import RecordKind
from restante.store import client_group_invites as invites
from restante.store import client_groups as store
from restante.store.client_records import record

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.crypto.randomness import Randomness
    from restante.store.client_records import RecordRow
    from restante.store.client_rows import Rows

_HASH_BYTES = 32


def follow_heads(
    rows: Rows, changes: Changes, said: RecordRow, *, randomness: Randomness, now_ms: int
) -> None:
    """Ask another device of ours for what its log of a group has and ours hasn't."""
    value = said.value or b""
    if not store.is_group(said.key) or len(value) % _HASH_BYTES:
        raise RemoteProtocolError("a record of no group's log")
    heads = [value[at : at + _HASH_BYTES] for at in range(0, len(value), _HASH_BYTES)]
    if all(store.has_entry(rows, said.key, each) for each in heads):
        return
    us = self_contact(rows)
    if us is not None and said.device_id != own_device(rows):
        telling.ask(
            rows,
            changes,
            said.key,
            us,
            device_id=said.device_id,
            randomness=randomness,
            now_ms=now_ms,
        )


def follow_joined(rows: Rows, changes: Changes, said: RecordRow) -> None:
    """The user has accepted a group, here or on another device."""
    row = store.group_row(rows, said.key)
    if row is not None and row.state == REQUEST and said.value is not None:
        store.put_group(rows, replace(row, state=JOINED))
        changes.conversations[said.key] = None
        if row.is_space:
            join_channels(rows, changes, said.key)


def follow_declined(rows: Rows, changes: Changes, said: RecordRow) -> None:
    """The user has said no to somebody who asks to be let in, on another device: it is answered."""
    link_id, account = said.key[:ID_BYTES], said.key[ID_BYTES:]
    for link in invites.links_of_id(rows, link_id):
        waiting = invites.join(rows, link.group_id, account)
        if waiting is not None and was_declined(rows, link_id, account, asked_ms=waiting.asked_ms):
            invites.drop_join(rows, link.group_id, account)
            changes.conversations[link.group_id] = None


def declined_key(link_id: bytes, account: bytes) -> bytes:
    """Return the key of the record that says no."""
    return link_id + account


def was_declined(rows: Rows, link_id: bytes, account: bytes, *, asked_ms: int) -> bool:
    """Whether the user said no since somebody asked."""
    said = declined_at(rows, link_id, account)
    return said is not None and int.from_bytes(said, "big") >= asked_ms


def declined_at(rows: Rows, link_id: bytes, account: bytes) -> bytes | None:
    """Return when the user said no to somebody, as the record has it: 8 bytes."""
    said = record(rows, int(RecordKind.GROUP_DECLINED), declined_key(link_id, account))
    return None if said is None else said.value
