"""What the account's devices are called: the user's words, known on its devices and nowhere else.

Rule: a name is a record that all devices agree on; a device without one goes by the start of its
id. No relay ever reads one. Inside the caller's transaction. Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from restante.client.syncing.putting import put
from restante.errors import UserError
from restante.protocol.linking import MAX_DEVICE_NAME_CHARS
from restante.protocol.sync import RecordKind
from restante.protocol.text import printable
from restante.store.client_records import record

if TYPE_CHECKING:
    from restante.crypto.signatures import ListedDevice, VerifiedManifest
    from restante.protocol.ids import DeviceId
    from restante.store.client_rows import Rows

_SHORT_ID_CHARS: Final = 8


def device_name(rows: Rows, device_id: DeviceId) -> str | None:
    """Return the name that a device was given."""
    row = record(rows, int(RecordKind.DEVICE_NAME), device_id)
    if row is None or row.value is None:
        return None
    return offered_name(row.value.decode("utf-8", errors="replace")) or None


def put_name(rows: Rows, device_id: DeviceId, name: str, *, now_ms: int) -> None:
    """Give a device a name, on all devices of the account."""
    put(rows, RecordKind.DEVICE_NAME, device_id, name.encode(), now_ms=now_ms)


def shown_name(rows: Rows, device_id: DeviceId) -> str:
    """Return what a device is called on the screen."""
    return device_name(rows, device_id) or short_id(device_id)


def short_id(device_id: DeviceId) -> str:
    """Return the start of a device's id, enough to name it among 32."""
    return device_id.hex()[:_SHORT_ID_CHARS]


def unlike_others(rows: Rows, manifest: VerifiedManifest, name: str) -> str:
    """Return a name that no listed device has: the same with a number, if one has it already."""
    taken = {(device_name(rows, each.device_id) or "").casefold() for each in manifest.devices}
    number, found = 1, name
    while found.casefold() in taken:
        number += 1
        ending = f" {number}"
        found = name[: MAX_DEVICE_NAME_CHARS - len(ending)].rstrip() + ending
    return found


def name_of_this_machine() -> str:
    """Return what a device is called unless its user says otherwise."""
    return clean_device_name(socket.gethostname().partition(".")[0] or "device")


def clean_device_name(name: str) -> str:
    """Return a name as it is kept. UserError: empty or too long."""
    cleaned = " ".join(printable(name, multiline=False).split())
    if not cleaned or len(cleaned) > MAX_DEVICE_NAME_CHARS:
        raise UserError(f"A name for a device has 1 to {MAX_DEVICE_NAME_CHARS} characters.")
    return cleaned


def offered_name(name: str) -> str:
    """Return what a new device calls itself, safe to show: anybody may have made its code."""
    return printable(name, multiline=False)[:MAX_DEVICE_NAME_CHARS].strip()


def find_device(rows: Rows, manifest: VerifiedManifest, text: str) -> ListedDevice:
    """Find a listed device by its name or the start of its id. UserError: none, or several."""
    wanted = text.strip()
    folded = wanted.casefold()
    named = [
        device
        for device in manifest.devices
        if (device_name(rows, device.device_id) or "").casefold() == folded
    ]
    found = named or [
        device
        for device in manifest.devices
        if wanted and device.device_id.hex().startswith(wanted.lower())
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UserError(f"There is no device {wanted!r}. See: restante device ls")
    choices = ", ".join(
        f"{shown_name(rows, device.device_id)} ({short_id(device.device_id)})" for device in found
    )
    raise UserError(f"{wanted!r} fits several devices: {choices}. Use the start of the id.")
