"""Where devices are woken: an endpoint for each that asked for it.

Store code: functions of an open transaction. Rule: a device has one at most, and it goes with the
device. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.store.relay_tables import waiting, wakes


async def put_wake(tx: AsyncConnection, device: int, endpoint: str | None) -> None:
    """Put where a device is woken; None: nowhere any more."""
    await tx.execute(delete(wakes).where(wakes.c.device == device))
    if endpoint is not None:
        await tx.execute(insert(wakes).values(device=device, endpoint=endpoint))


async def find_wake(tx: AsyncConnection, device: int) -> str | None:
    """Return where a device is woken, if it asked for that."""
    statement = select(wakes.c.endpoint).where(wakes.c.device == device)
    endpoint: str | None = (await tx.execute(statement)).scalar_one_or_none()
    return endpoint


async def due_wake(tx: AsyncConnection, device: int) -> str | None:
    """Return where a device is woken, if anything waits for it still."""
    something = exists().where(waiting.c.device == device)
    statement = select(wakes.c.endpoint).where(wakes.c.device == device, something)
    endpoint: str | None = (await tx.execute(statement)).scalar_one_or_none()
    return endpoint


async def forget_wake(tx: AsyncConnection, device: int, endpoint: str) -> None:
    """Forget an endpoint that is no more, unless the device has another one by now."""
    await tx.execute(delete(wakes).where(wakes.c.device == device, wakes.c.endpoint == endpoint))


async def wakeable(tx: AsyncConnection) -> set[int]:
    """Return the devices that asked to be woken."""
    return {int(device) for device in (await tx.execute(select(wakes.c.device))).scalars()}
