"""The same account in a new generation: on an empty machine, with new keys."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from restante.crypto import own_keys
from restante.crypto.randomness import SystemRandomness
from restante.protocol import frames as f
from restante.protocol.address import Address, RelayAddress, parse_name
from restante.protocol.manifest import DeviceEntry, SignedManifest
from tests.relay.wire import Person, Wire, person

RANDOM = SystemRandomness()


def entry_of(who: Person) -> DeviceEntry:
    return own_keys.device_entry(who.device, mailbox=who.mailbox, now_s=int(time.time()))


def anew(lost: Person) -> Person:
    """Return the same account on an empty machine: root key and name, a new device and tokens."""
    empty = person(lost.name)
    return replace(empty, account=lost.account)


def next_generation(
    who: Person,
    relay: RelayAddress,
    *,
    generation: int = 2,
    others: tuple[Person, ...] = (),
) -> SignedManifest:
    """Sign the first manifest of a generation with the root key; `who` gets its account key."""
    account_key, manifest = own_keys.new_generation(
        who.account.root,
        generation=generation,
        address=Address(name=parse_name(who.name), relay=relay),
        devices=[entry_of(each) for each in (who, *others)],
        now_s=int(time.time()),
        randomness=RANDOM,
    )
    certificate = (manifest.certificate_body, manifest.certificate_signature)
    who.account = replace(who.account, account=account_key, certificate=certificate)
    return manifest


async def register(wire: Wire, who: Person, manifest: SignedManifest, **changed: Any) -> Any:
    fields: dict[str, Any] = {
        "name": who.name,
        "invite": None,
        "manifest": manifest.to_bytes(),
        "tokens": who.hashes,
    }
    return await wire.ask(f.Register, **(fields | changed))
