"""Groups learn at once that a device of this account was revoked: each log names the newer list.

Rule: whoever revokes writes one entry into each group that the account has joined, in the same
transaction; from then on the log itself says, to everybody alike, what that device may not write.
Inside the caller's transaction. Spec: docs/protocol/groups.md, section 3.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from restante.client.groups import ledger as ledgers
from restante.client.groups import telling
from restante.client.own_account import load_own_account
from restante.errors import UserError
from restante.protocol.group import Devices
from restante.store import client_groups as store

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.store.client_rows import Rows


def name_devices(rows: Rows, changes: Changes, context: EngineContext) -> None:
    """Name the account's list of devices, as it is now, in the log of each group it has joined."""
    for group in store.groups(rows):
        if group.state == ledgers.JOINED:
            name_devices_in(rows, changes, context, group.group_id)


def name_devices_in(rows: Rows, changes: Changes, context: EngineContext, group_id: bytes) -> None:
    """Name the account's list of devices, as it is now, in the log of one group."""
    own = load_own_account(rows)
    if own is None:
        return
    ledger = context.shelf.open(rows, group_id)
    with suppress(UserError):  # what we write there counts for nobody: a revocation goes on
        telling.write_entry(rows, changes, context, own, ledger=ledger, acts=[Devices()])
