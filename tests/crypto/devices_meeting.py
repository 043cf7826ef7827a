"""A new device and an old one in a linking, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import own_keys
from restante.crypto.linking import NewDevice, OldDevice
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.protocol.ids import MailboxId
from tests.crypto.people import NOW_S, RANDOM

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness
    from restante.protocol.manifest import DeviceEntry
    from tests.crypto.people import Person


def a_new_device(
    owner: Person, *, name: str = "laptop", randomness: Randomness = RANDOM
) -> NewDevice:
    device = own_keys.generate_device(randomness)
    entry = own_keys.device_entry(device, mailbox=MailboxId(randomness.random(16)), now_s=NOW_S)
    return NewDevice.start(
        randomness, device=device, entry=entry, name=name, address=owner.manifest.address
    )


def meet_device(
    owner: Person, new: NewDevice, *, randomness: Randomness = RANDOM
) -> tuple[OldDevice, str]:
    """Go as far as the digits: return the old side, which waits for them, and the digits."""
    old = OldDevice.open(randomness, new.code, new.offer)
    message, digits = new.accept(old.reply(owner.manifest.root))
    old.reveal(message)
    return old, digits


def listing(owner: Person, entry: DeviceEntry) -> VerifiedManifest:
    """Sign the manifest that lists another device too."""
    current = owner.manifest
    devices = [*(device.entry for device in current.devices), entry]
    return verify_manifest(
        own_keys.next_manifest(owner.account.account, current, devices=devices, now_s=NOW_S)
    )
