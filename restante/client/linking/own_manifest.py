"""Changing the account's own devices: the next manifest is signed, kept, and told to everybody.

Rule: only the device that holds the account key can; all of it is one transaction, and what the
relay and the contacts have to hear of it waits in the database until they have. Knows no network.
Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.groups.naming_devices import name_devices
from restante.client.linking.announcing import announce
from restante.client.linking.chain import keep_link
from restante.client.linking.names import shown_name
from restante.client.own_account import load_own_account
from restante.client.publishing import note_manifest_changed
from restante.client.syncing.self_contact import keep_own_manifest
from restante.crypto import own_keys
from restante.crypto.keys import AccountSigningKey
from restante.crypto.signatures import verify_manifest
from restante.errors import StoreError, UserError
from restante.store.client_account import load_account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.manifest import DeviceEntry
    from restante.store.client_rows import Rows


def signing_account(rows: Rows) -> tuple[OwnAccount, AccountSigningKey]:
    """Return the account and its key, if this is the device that changes the account's devices.

    UserError says which one is.
    """
    own, row = load_own_account(rows), load_account(rows)
    if own is None or row is None:
        raise StoreError("This profile has no account.")
    if not own.is_listed:
        raise UserError("This device was revoked. It can change nothing of the account any more.")
    if row.account_secret is None:
        first = shown_name(rows, own.manifest.devices[0].device_id)
        raise UserError(
            f"Only the account's first device can add and revoke devices: that is {first}. Do it "
            "there."
        )
    return own, AccountSigningKey(row.account_secret)


def change_devices(
    rows: Rows, changes: Changes, devices: Sequence[DeviceEntry], *, context: EngineContext
) -> VerifiedManifest:
    """Sign the manifest that lists these devices from now on; the account goes on with it.

    The first of them stays the first: it holds the account key. UserError as `signing_account`.
    """
    own, key = signing_account(rows)
    now_ms = context.now_ms()
    before = _with_mailboxes(own.manifest)
    signed = own_keys.next_manifest(key, own.manifest, devices=list(devices), now_s=now_ms // 1000)
    manifest = verify_manifest(signed)
    keep_link(rows, own.manifest, signed)
    keep_own_manifest(rows, changes, manifest, now_s=now_ms // 1000)
    note_manifest_changed(rows)
    changes.is_upkeep_due = changes.are_devices_changed = True
    announce(
        rows,
        changes,
        manifest,
        jitter_s=context.tuning.receipt_jitter_s,
        randomness=context.randomness,
        now_ms=now_ms,
    )
    if before - _with_mailboxes(manifest):
        name_devices(rows, changes, context)
    return manifest


def _with_mailboxes(manifest: VerifiedManifest) -> set[bytes]:
    """Return the devices that can write into groups: a capability key can't."""
    return {each.device_id for each in manifest.devices if each.entry.mailbox is not None}
