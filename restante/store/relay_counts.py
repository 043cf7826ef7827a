"""How much a relay holds: counts over whole tables, for who watches it.

Store code: functions of an open transaction. Rule: counts alone, of nobody in particular.
Spec: docs/watching.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.store.relay_tables import accounts, blobs, devices, waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is in the database."""

    accounts: int
    devices: int
    envelopes: int
    blobs: int
    blobs_bytes: int
    """Received so far."""
    first_seq: int
    """Of what waits, what came first; 0: nothing waits."""
    last_seq: int


async def holdings(tx: AsyncConnection) -> Holdings:
    """Count. The envelopes' index is read as a whole: some 50 ms for a million of them."""
    counted = [
        (await tx.execute(select(func.count()).select_from(table))).scalar_one()
        for table in (accounts, devices, waiting, blobs)
    ]
    ends = (await tx.execute(select(func.min(waiting.c.seq), func.max(waiting.c.seq)))).one()
    received = (await tx.execute(select(func.sum(blobs.c.received_bytes)))).scalar_one()
    return Holdings(
        accounts=counted[0],
        devices=counted[1],
        envelopes=counted[2],
        blobs=counted[3],
        blobs_bytes=int(received or 0),
        first_seq=ends[0] or 0,
        last_seq=ends[1] or 0,
    )
