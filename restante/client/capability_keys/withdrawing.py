"""Capability keys that write to a group which somebody has left: taken off the account.

A key's secret names everybody whom it writes to, and learns of no removal (attack 42). Rule: the
account's first device revokes it as soon as it knows that one of them, or the account itself, is
in the group no more; whoever needs it makes another. Inside the caller's transaction.
Spec: docs/protocol/identity.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.capability_keys.known import grant_of, readers_of
from restante.client.history import file_note
from restante.client.linking.names import shown_name
from restante.client.linking.own_manifest import change_devices, signing_account
from restante.client.notices import NOTICE
from restante.client.queueing import local_id
from restante.errors import UserError
from restante.protocol.ids import ID_BYTES
from restante.store import client_groups as groups
from restante.store.client_groups import is_group

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.protocol.ids import DeviceId
    from restante.store.client_rows import Rows


def withdraw_stale(rows: Rows, changes: Changes, *, context: EngineContext) -> None:
    """Revoke the keys that would write to somebody who has left; nothing on other devices."""
    try:
        own, _ = signing_account(rows)
    except UserError:
        return
    keys = [each.device_id for each in own.manifest.devices if each.entry.is_capability_key]
    stale = [each for each in keys if _is_stale(rows, own, each)]
    if not stale:
        return
    for key in stale:
        _say(rows, changes, key, now_ms=context.now_ms())
    left = [each.entry for each in own.manifest.devices if each.device_id not in stale]
    change_devices(rows, changes, left, context=context)


def _is_stale(rows: Rows, own: OwnAccount, key: DeviceId) -> bool:
    grant, readers = grant_of(rows, key), readers_of(rows, key)
    if grant is None or readers is None or not is_group(grant.conversation):
        return False
    members = {each.account_id for each in groups.members(rows, grant.conversation)}
    return not {own.account_id, *readers} <= members


def _say(rows: Rows, changes: Changes, key: DeviceId, *, now_ms: int) -> None:
    grant = grant_of(rows, key)
    if grant is None or groups.group_row(rows, grant.conversation) is None:
        return
    file_note(
        rows,
        changes,
        grant.conversation,
        entry_id=local_id("capability-key", key, b"withdrawn"),
        device_id=bytes(ID_BYTES),
        kind=NOTICE,
        error=f"Your capability key {shown_name(rows, key)} was revoked: somebody whom it wrote to "
        "has left. If a script still needs one: restante device grant new",
        rank=None,
        feed_type=NOTICE,
        now_ms=now_ms,
    )
