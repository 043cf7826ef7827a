"""No day without a word between one's own devices: each sends the others the list of them.

A relay can hide a new list from a device only until another one writes to it, and two devices of
one person may have nothing to say to each other for months. Rule: once a day, sealed, so that the
relay sees one envelope more and nothing else; what it drops is missed once another one comes.
Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import trio

from restante.client.changes import Changes
from restante.client.linking.announcing import tell
from restante.client.syncing.self_contact import other_devices, self_contact
from restante.errors import StoreError
from restante.store.client_account import get_value, set_value

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

EVERY_MS: Final = 86_400_000
LOOK_EVERY_S: Final = 3600.0

_KEY: Final = "devices_told_at"


class Reassuring:
    """The service. `run` looks every hour; for ever."""

    def __init__(self, context: EngineContext, own: OwnAccount, announcer: Announcer) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer

    async def run(self) -> None:
        """Write to the other devices when it is time."""
        while True:
            with contextlib.suppress(StoreError):  # the disk is full, say: later is soon enough
                await self._look()
            await trio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        changes = Changes()
        await self._context.write(lambda rows: self._tell(rows, changes))
        await self._announcer.tell(changes)

    def _tell(self, rows: Rows, changes: Changes) -> None:
        now_ms, row = self._context.now_ms(), self_contact(rows)
        last = get_value(rows, _KEY)
        is_due = last is None or abs(now_ms - int.from_bytes(last, "big")) >= EVERY_MS
        if row is None or not is_due or not other_devices(rows, row):
            return
        set_value(rows, _KEY, now_ms.to_bytes(8, "big"))
        if last is not None:  # a device that was only just linked has heard everything
            tell(
                rows,
                changes,
                row,
                self._own.manifest,
                randomness=self._context.randomness,
                now_ms=now_ms,
            )
