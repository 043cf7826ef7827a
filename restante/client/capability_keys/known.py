"""What is kept of a capability key: its grant, on the account's devices; its use, on readers'.

Rule: a use is counted in the transaction that files it. Inside the caller's transaction.
Spec: docs/protocol/identity.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.errors import RemoteProtocolError
from restante.protocol.grant import Grant
from restante.protocol.ids import ID_BYTES
from restante.store.client_account import get_value, set_value
from restante.store.client_messages import count_of_device

if TYPE_CHECKING:
    from restante.protocol.ids import DeviceId
    from restante.store.client_rows import Rows


def keep_grant(rows: Rows, key: DeviceId, packed: bytes) -> None:
    """Keep the grant of a key of this account, as its hash was made of it."""
    set_value(rows, _grant(key), packed)


def grant_of(rows: Rows, key: DeviceId) -> Grant | None:
    """Return the grant of a key of this account, once it is known here."""
    packed = get_value(rows, _grant(key))
    try:
        return None if packed is None else Grant.from_bytes(packed)
    except RemoteProtocolError:
        return None


def keep_readers(rows: Rows, key: DeviceId, accounts: list[bytes]) -> None:
    """Keep to whom a key of this account writes, in a group: who was in it when it was made."""
    set_value(rows, _readers(key), b"".join(accounts))


def readers_of(rows: Rows, key: DeviceId) -> list[bytes] | None:
    """Return to whom a key of this account writes in a group; None if that isn't known here."""
    packed = get_value(rows, _readers(key))
    if packed is None:
        return None
    return [packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES)]


def used_so_far(rows: Rows, conversation: bytes, key: DeviceId) -> int:
    """Return how many messages of a key were filed; of before this device, those that it got."""
    packed = get_value(rows, _used(key))
    if packed is None:
        return count_of_device(rows, conversation, key)
    return int.from_bytes(packed, "big")


def note_used(rows: Rows, key: DeviceId, messages: int) -> None:
    """Keep how many messages of a key were filed."""
    set_value(rows, _used(key), messages.to_bytes(8, "big"))


def _grant(key: DeviceId) -> str:
    return f"grant:{key.hex()}"


def _readers(key: DeviceId) -> str:
    return f"grant-readers:{key.hex()}"


def _used(key: DeviceId) -> str:
    return f"grant-used:{key.hex()}"
