"""Slots: where two devices that share a secret meet for some minutes, without saying who they are.

Rule: a slot is written once, is nobody's, and is gone when its time is over, asked for or not.
Spec: docs/protocol/relay.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.ids import SlotId
from restante.protocol.limits import SLOT_TTL_S
from restante.relay.refusal import Refusal
from restante.store.errors import Conflict
from restante.store.relay_slots import find_slot, forget_expired_slots, put_slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.store.database import Database

MINUTE_S: Final = 60
"""Slots are kept by the minute, and up to one longer than `SLOT_TTL_S`."""


class Slots:
    """All slots of a relay. Methods raise Refusal, or StoreError."""

    def __init__(self, db: Database, *, most: int, clock: Callable[[], float]) -> None:
        self._db = db
        self._most = most
        self._clock = clock

    @property
    def _minute(self) -> int:
        return int(self._clock()) // MINUTE_S

    async def put(self, request: f.PutSlot) -> f.Done:
        """Fill a slot."""
        minute = self._minute
        expires_minute = (int(self._clock()) + SLOT_TTL_S + MINUTE_S - 1) // MINUTE_S
        try:
            has_room = await self._db.write(
                lambda tx: put_slot(
                    tx,
                    SlotId(request.slot),
                    request.sealed,
                    minute=minute,
                    expires_minute=expires_minute,
                    most=self._most,
                )
            )
        except Conflict:
            raise Refusal(WireCode.CONFLICT, "something else lies in that slot") from None
        if not has_room:
            raise Refusal(WireCode.FULL, "all slots are taken (slots)", retry_after_s=MINUTE_S)
        return f.Done(request=request.request)

    async def find(self, request: f.FetchSlot) -> f.SlotFound:
        """Return what lies in a slot."""
        minute = self._minute
        sealed = await self._db.read(lambda tx: find_slot(tx, SlotId(request.slot), minute=minute))
        if sealed is None:
            raise Refusal(WireCode.NOT_FOUND, "nothing lies in that slot")
        return f.SlotFound(request=request.request, sealed=sealed)

    async def expire(self) -> None:
        """Delete what has expired."""
        minute = self._minute
        await self._db.write(lambda tx: forget_expired_slots(tx, minute=minute))
