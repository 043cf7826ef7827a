"""Groups learn at once that a device of this account was revoked: each log names the newer list.

Rule: whoever revokes writes one entry into each group that the account has joined, in the same
transaction; from then on the log itself says, to everybody alike, what that device may not write.
A group that the account comes into later hears of it then, from its first device. Inside the
caller's transaction, but for `NamingDevices`. Spec: docs/protocol/groups.md, section 3.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from restante.client.alarm import Alarm
from restante.client.changes import Changes
from restante.client.groups import ledger as ledgers
from restante.client.groups import telling
from restante.client.own_account import load_own_account
from restante.errors import UserError
from restante.protocol.group import Devices
from restante.store import client_groups as store

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.crypto.signatures import VerifiedManifest
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


class NamingDevices:
    """Names the account's list in each group that it comes into; `run` for ever."""

    def __init__(self, context: EngineContext, announcer: Announcer) -> None:
        self._context = context
        self._announcer = announcer
        self._alarm = Alarm(context)
        self._joined: set[bytes] = set()
        announcer.also_tell(self._look_in)

    async def run(self) -> None:
        """Look after the groups that were joined; for ever."""
        await self._alarm.run(self._name_all)

    def _look_in(self, changes: Changes) -> None:
        if changes.joined:
            self._joined |= changes.joined
            self._alarm.set_anew()

    async def _name_all(self) -> None:
        for group_id in list(self._joined):
            changes = Changes()
            name = partial(_name_late, changes=changes, context=self._context, group_id=group_id)
            await self._context.write(name)
            self._joined.discard(group_id)
            await self._announcer.tell(changes)


def _name_late(rows: Rows, changes: Changes, context: EngineContext, group_id: bytes) -> None:
    """Name the list in a group that was joined, unless its log has it, or has no need of it."""
    own, group = load_own_account(rows), store.group_row(rows, group_id)
    if own is None or group is None or group.state != ledgers.JOINED:
        return
    manifest = own.manifest
    # One device does, lest each write the same.
    if manifest.devices[0].device_id != own.device_id or not _may_have_revoked(manifest):
        return
    newest = manifest.generation, manifest.sequence
    nodes = context.shelf.open(rows, group_id).nodes.values()
    if not any(each.author == own.account_id and each.position >= newest for each in nodes):
        name_devices_in(rows, changes, context, group_id)


def _may_have_revoked(manifest: VerifiedManifest) -> bool:
    """Whether there may be devices that were revoked: each list adds one device at the most."""
    return manifest.generation > 1 or manifest.sequence > len(manifest.devices)
