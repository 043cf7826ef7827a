"""Who this device is, where only the database is at hand. Inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.protocol.ids import ID_BYTES, DeviceId
from restante.store.client_account import get_value

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

SELF: Final = "self"
"""Setting: account id, device id."""


def own_device(rows: Rows) -> DeviceId:
    """Return this device's id; zeros before the account's first start."""
    return DeviceId((get_value(rows, SELF) or bytes(2 * ID_BYTES))[ID_BYTES:])
