"""The history asked for again, and given again: what was lost is still on another own device.

Rule: whoever asks awaits a history from then on, and has dropped what was coming; whoever is asked
gives all it has, a few times an hour at the most. What is there already is only repeated.
Inside the caller's transaction. Spec: docs/engine.md, section 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.history_transfer import exporting
from restante.client.history_transfer.awaiting import await_history
from restante.client.history_transfer.losses import forget_losses
from restante.client.linking.names import find_device
from restante.client.syncing.outgoing import tell_one
from restante.client.syncing.self_contact import other_devices, self_contact
from restante.errors import UserError
from restante.protocol.ids import ID_BYTES
from restante.protocol.sync import SyncWanted
from restante.store import client_transfers as store
from restante.store.client_account import get_value, set_value
from restante.store.client_transfers import IN, OUT

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.own_account import OwnAccount
    from restante.crypto.randomness import Randomness
    from restante.store.client_rows import Rows

MAX_PER_HOUR: Final = 4
"""Histories that are begun for one device: each is all that was ever said, uploaded."""

_HOUR_MS: Final = 3_600_000


def give_history(
    rows: Rows,
    changes: Changes,
    *,
    device_id: bytes,
    transfer: bytes | None = None,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Begin to give the history to a device of one's own that was just linked, or asks for it.

    Inside the transaction that lists it: from then on everything new is sent to it anyhow. What was
    begun for that device before is dropped.
    """
    for row in store.transfers(rows, OUT):
        if row.device_id == device_id:
            store.forget_transfer(rows, row.id)
    transfer = transfer or randomness.random(ID_BYTES)
    place = exporting.begin(rows, transfer=transfer, device_id=device_id, now_ms=now_ms)
    store.save_transfer(rows, place.transfer)
    store.save_walk(rows, place.walk)
    changes.is_transfer_due = True


def give_again(
    rows: Rows,
    changes: Changes,
    *,
    device_id: bytes,
    transfer: bytes,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Another own device asks for the history: give it, unless that was begun, or too often."""
    if store.transfer(rows, transfer) is not None or not _may_begin(rows, device_id, now_ms):
        return
    give_history(
        rows,
        changes,
        device_id=device_id,
        transfer=transfer,
        randomness=randomness,
        now_ms=now_ms,
    )


def ask_again(
    rows: Rows,
    changes: Changes,
    own: OwnAccount,
    *,
    device: str | None,
    randomness: Randomness,
    now_ms: int,
) -> None:
    """Ask another own device for the history; None: the first one. UserError: there is none."""
    device_id = _whom(rows, own, device)
    for row in store.transfers(rows, IN):
        store.forget_transfer(rows, row.id)
    forget_losses(rows)
    transfer = randomness.random(ID_BYTES)
    await_history(rows, transfer=transfer, now_ms=now_ms)
    tell_one(rows, changes, device_id, [SyncWanted(transfer=transfer)], now_ms=now_ms)
    changes.is_transfer_due = True


def _may_begin(rows: Rows, device_id: bytes, now_ms: int) -> bool:
    """Count that a history is begun for a device; False if that was too often lately."""
    key = f"history_begun:{device_id.hex()}"
    hour, count = divmod(int.from_bytes(get_value(rows, key) or b"", "big"), MAX_PER_HOUR + 1)
    if hour != now_ms // _HOUR_MS:
        hour, count = now_ms // _HOUR_MS, 0
    if count >= MAX_PER_HOUR:
        return False
    set_value(rows, key, (hour * (MAX_PER_HOUR + 1) + count + 1).to_bytes(8, "big"))
    return True


def _whom(rows: Rows, own: OwnAccount, device: str | None) -> bytes:
    us = self_contact(rows)
    others = [] if us is None else other_devices(rows, us)
    if not others:
        raise UserError("This is the account's only device: nobody else has its history.")
    if device is None:
        return others[0].device_id
    found = find_device(rows, own.manifest, device)
    if found.device_id not in {each.device_id for each in others}:
        raise UserError("Name another device than this one. See: restante device ls")
    return found.device_id
