"""Devices that were granted and never came: taken off the account again.

A linking can be cut off between the signature here and the new device's keeping it. Such a device
has no keys, so what is sent to the account would wait for it for ever. Rule: only a device that was
granted here, and that has neither published keys nor written to us by the end of its code's time.
Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from restante.client.changes import Changes
from restante.client.failures import RelayError
from restante.client.linking.devices import take_back
from restante.client.looking_up import LookingUp
from restante.errors import StoreError, UserError
from restante.protocol.codec import decode, encode
from restante.protocol.ids import DeviceId
from restante.store.client_account import get_value, set_value
from restante.store.client_sessions import sessions_of

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

LOOK_EVERY_S: Final = 3600.0
"""At the latest: a clock that was set back must not keep anything waiting for long."""

_GRANTED: Final = "granted_devices"


def note_granted(rows: Rows, device_id: DeviceId, *, until_ms: int) -> None:
    """Note, in the transaction that lists it, that a device is to come until then."""
    _save(rows, {**granted(rows), device_id: until_ms})


def forget_granted(rows: Rows, device_id: DeviceId) -> None:
    """Note that a device has come, or never will."""
    _save(rows, {each: until for each, until in granted(rows).items() if each != device_id})


def granted(rows: Rows) -> dict[DeviceId, int]:
    """Return the devices that are to come, and until when each, in unix milliseconds."""
    packed = get_value(rows, _GRANTED)
    if packed is None:
        return {}
    return {DeviceId(each): until for each, until in decode(packed, list[tuple[bytes, int]])}


def _save(rows: Rows, devices: dict[DeviceId, int]) -> None:
    set_value(rows, _GRANTED, encode(list(devices.items())) if devices else None)


class Unclaimed(LookingUp):
    """The service. `run` looks when a code's time is over; for ever."""

    async def run(self) -> None:
        """Look at each device whose time is over; a new one restarts the services, and this."""
        failures = 0
        while True:
            pause_s = LOOK_EVERY_S
            try:
                for device_id, until_ms in (await self._context.read(granted)).items():
                    left_s = (until_ms - self._context.now_ms()) / 1000
                    if left_s <= 0:
                        await self._settle(device_id)
                    pause_s = min(pause_s, max(left_s, 0.0))
                failures = 0
            except (RelayError, StoreError):
                failures += 1
                pause_s = self._context.backoff_s(failures)
            await trio.sleep(pause_s)

    async def _settle(self, device_id: DeviceId) -> None:
        has_written = await self._context.read(lambda rows: bool(sessions_of(rows, device_id)))
        if not has_written:
            address = self._own.address
            has_written = device_id in await self._directory.bundles(address, [device_id], None)
        changes = Changes(are_devices_changed=True)

        def work(rows: Rows) -> None:
            forget_granted(rows, device_id)
            if not has_written:
                take_back(rows, changes, device_id=device_id, context=self._context)

        try:
            await self._context.write(work)
        except UserError:  # another device is the one that signs now
            await self._context.write(lambda rows: forget_granted(rows, device_id))
        await self._announcer.tell(changes)
