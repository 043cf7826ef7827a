"""Slots: where two devices that share a secret leave each other something for some minutes.

Store code: functions of an open transaction. Rule: a slot is written once, and belongs to nobody.
Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import SlotId
from restante.store.errors import Conflict
from restante.store.relay_tables import slots


async def put_slot(
    tx: AsyncConnection, slot: SlotId, sealed: bytes, *, minute: int, expires_minute: int, most: int
) -> bool:
    """Fill a slot; the same again changes nothing. False: there are `most` slots already.

    Raises Conflict: something else lies in it.
    """
    held = await find_slot(tx, slot, minute=minute)
    if held is not None:
        if held != sealed:
            raise Conflict("something else lies in that slot")
        return True
    await forget_expired_slots(tx, minute=minute)
    count = (await tx.execute(select(func.count()).select_from(slots))).scalar_one()
    if count >= most:
        return False
    await tx.execute(insert(slots).values(slot=slot, expires_minute=expires_minute, sealed=sealed))
    return True


async def find_slot(tx: AsyncConnection, slot: SlotId, *, minute: int) -> bytes | None:
    """Return what lies in a slot that hasn't expired."""
    statement = select(slots.c.sealed).where(slots.c.slot == slot, slots.c.expires_minute > minute)
    sealed: bytes | None = (await tx.execute(statement)).scalar_one_or_none()
    return sealed


async def forget_expired_slots(tx: AsyncConnection, *, minute: int) -> None:
    """Delete slots whose time has passed."""
    await tx.execute(delete(slots).where(slots.c.expires_minute <= minute))
