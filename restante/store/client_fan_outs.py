"""For which devices a sealed entry of the outbox is: for many, and not for all of a group.

Rule: written with the entry, and forgotten with it. Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from restante.store.client_rows import Rows, Statement

DEVICE_ID_BYTES = 16

_KEEP = Statement("fan_outs.KEEP")
_OF = Statement("fan_outs.OF")
_FORGET = Statement("fan_outs.FORGET")


def keep_readers(rows: Rows, entry_id: bytes, devices: bytes) -> None:
    """Note the devices, 16 bytes each, that an entry is for."""
    rows.run(_KEEP, entry_id=entry_id, devices=devices)


def readers_of(rows: Rows, entry_id: bytes) -> frozenset[bytes]:
    """Return the devices that an entry is for; none if that was never noted."""
    found: bytes = rows.value(_OF, which=entry_id) or b""
    size = DEVICE_ID_BYTES
    return frozenset(found[at : at + size] for at in range(0, len(found), size))


def forget_readers(rows: Rows, entry_id: bytes) -> None:
    """The entry is gone."""
    rows.run(_FORGET, which=entry_id)
