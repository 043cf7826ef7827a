"""The account's devices: listed, renamed, revoked.

Rule: the list is the account's own manifest and nothing else; whoever isn't on it is no device of
ours, whatever the relay says. A revocation is one transaction: manifest, tokens, contact code, and
what others have to hear. Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from restante.client.capability_keys.known import grant_of, used_so_far
from restante.client.clock import rfc3339
from restante.client.groups.known import title_at
from restante.client.history_transfer.losses import history_state
from restante.client.interface import Device, KeyGrant
from restante.client.linking.names import find_device, shown_name
from restante.client.linking.own_manifest import change_devices, signing_account
from restante.client.linking.rotating import rotate_all
from restante.client.own_account import load_own_account
from restante.client.views import conversation_key
from restante.errors import StoreError, UserError
from restante.store.client_transfers import OUT, transfers

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import ListedDevice
    from restante.store.client_rows import Rows


def list_devices(rows: Rows) -> list[Device]:
    """Return the account's devices, the first one first, and its capability keys."""
    own = _own(rows)
    return [_view(rows, own, device) for device in own.manifest.devices]


def one_device(rows: Rows, text: str) -> tuple[OwnAccount, ListedDevice]:
    """Find a device by its name or the start of its id. UserError: none, or several."""
    own = _own(rows)
    return own, find_device(rows, own.manifest, text)


def device_view(rows: Rows, device_id: bytes) -> Device:
    """Return one of the account's devices. UserError: it is none."""
    own, device = one_device(rows, device_id.hex())
    return _view(rows, own, device)


def revoke(rows: Rows, changes: Changes, text: str, *, context: EngineContext) -> None:
    """Take a device off the account. UserError: it can't be done here, or not to that one."""
    own, _ = signing_account(rows)
    _, device = one_device(rows, text)
    if device.device_id == own.device_id:
        raise UserError(
            "This is the account's first device, which adds and revokes the others; it can't "
            "revoke itself. If it is lost: restante recover, with your recovery words, elsewhere."
        )
    left = [each.entry for each in own.manifest.devices if each.key != device.key]
    rotate_all(rows, changes, context=context)
    change_devices(rows, changes, left, context=context)


def take_back(rows: Rows, changes: Changes, *, device_id: bytes, context: EngineContext) -> None:
    """Take a device off the account, if it is on it, that never learnt so: it knows nothing."""
    own, _ = signing_account(rows)
    left = [each.entry for each in own.manifest.devices if each.device_id != device_id]
    if len(left) < len(own.manifest.devices):
        change_devices(rows, changes, left, context=context)


def _own(rows: Rows) -> OwnAccount:
    own = load_own_account(rows)
    if own is None:
        raise StoreError("This profile has no account.")
    return own


def _view(rows: Rows, own: OwnAccount, device: ListedDevice) -> Device:
    return Device(
        id=device.device_id.hex(),
        name=shown_name(rows, device.device_id),
        is_this=device.device_id == own.device_id,
        is_first=device is own.manifest.devices[0],
        added_at=rfc3339(device.entry.added_at_s * 1000),
        history=_history(rows, device, is_this=device.device_id == own.device_id),
        is_key=device.entry.is_capability_key,
        grant=_grant(rows, device) if device.entry.is_capability_key else None,
    )


def _grant(rows: Rows, key: ListedDevice) -> KeyGrant | None:
    grant = grant_of(rows, key.device_id)
    if grant is None:
        return None
    return KeyGrant(
        conversation=conversation_key(grant.conversation),
        to=title_at(rows, grant.conversation),
        messages=grant.messages,
        used=used_so_far(rows, grant.conversation, key.device_id),
        until=rfc3339(grant.until_s * 1000),
    )


def _history(
    rows: Rows, device: ListedDevice, *, is_this: bool
) -> Literal["coming", "incomplete"] | None:
    if is_this:
        state = history_state(rows).state
        return None if state == "whole" else state
    is_given = any(row.device_id == device.device_id for row in transfers(rows, OUT))
    return "coming" if is_given else None
