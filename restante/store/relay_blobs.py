"""What a relay knows of blobs: whose, how large, how far, until when. The bytes lie in files.

Store code: functions of an open transaction. Rule: `received_bytes` counts what is durable in the
file, so it is raised after the file was synced, never before. Nothing here says who reads a blob.
Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import BlobId
from restante.store.relay_locks import lock_account
from restante.store.relay_tables import accounts, blobs


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobFacts:
    """One blob: the number of its account, its sizes, and the hour in which it is gone."""

    account: int
    size_bytes: int
    received_bytes: int
    expires_hour: int


async def find_blob(tx: AsyncConnection, blob: BlobId, *, hour: int) -> BlobFacts | None:
    """Return what is known of a blob that hasn't expired."""
    statement = select(blobs).where(blobs.c.id == blob, blobs.c.expires_hour > hour)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    return BlobFacts(
        account=row.account,
        size_bytes=row.size_bytes,
        received_bytes=row.received_bytes,
        expires_hour=row.expires_hour,
    )


async def add_blob(tx: AsyncConnection, blob: BlobId, facts: BlobFacts) -> None:
    """Begin a blob, in place of one of that id that has expired."""
    await delete_blob(tx, blob)
    await tx.execute(
        insert(blobs).values(
            id=blob,
            account=facts.account,
            size_bytes=facts.size_bytes,
            received_bytes=facts.received_bytes,
            expires_hour=facts.expires_hour,
        )
    )


async def set_received(tx: AsyncConnection, blob: BlobId, *, to_bytes: int) -> bool:
    """Note how much of a blob is durable; False: it is gone meanwhile."""
    result = await tx.execute(
        update(blobs).where(blobs.c.id == blob).values(received_bytes=to_bytes)
    )
    return result.rowcount == 1


async def delete_blob(tx: AsyncConnection, blob: BlobId) -> None:
    """Delete a blob."""
    await tx.execute(delete(blobs).where(blobs.c.id == blob))


async def used_by(tx: AsyncConnection, account: int, *, hour: int) -> tuple[int, int]:
    """Return how many blobs an account has, and the bytes that it announced for them.

    Nobody else begins one for the account until the transaction ends.
    """
    await tx.execute(lock_account(account))
    statement = select(func.count(), func.coalesce(func.sum(blobs.c.size_bytes), 0)).where(
        blobs.c.account == account, blobs.c.expires_hour > hour
    )
    count, size_bytes = (await tx.execute(statement)).one()
    return int(count), int(size_bytes)


async def quota_of(tx: AsyncConnection, account: int) -> int | None:
    """Return an account's own quota, in bytes; None: the settings have one for all."""
    statement = select(accounts.c.quota_bytes).where(accounts.c.number == account)
    return (await tx.execute(statement)).scalar_one_or_none()


async def used_by_all(tx: AsyncConnection) -> int:
    """Return the bytes that were announced for all blobs."""
    statement = select(func.coalesce(func.sum(blobs.c.size_bytes), 0))
    return int((await tx.execute(statement)).scalar_one())


async def expired_blobs(tx: AsyncConnection, *, hour: int) -> Sequence[BlobId]:
    """Return the blobs whose time has passed."""
    statement = select(blobs.c.id).where(blobs.c.expires_hour <= hour)
    return [BlobId(blob) for blob in (await tx.execute(statement)).scalars()]


async def expire_blob(tx: AsyncConnection, blob: BlobId, *, hour: int) -> bool:
    """Delete a blob if its time has passed; False: it was begun anew, or is gone already."""
    result = await tx.execute(delete(blobs).where(blobs.c.id == blob, blobs.c.expires_hour <= hour))
    return result.rowcount == 1


async def blobs_of(tx: AsyncConnection, account: int) -> Sequence[BlobId]:
    """Return all blobs of an account."""
    statement = select(blobs.c.id).where(blobs.c.account == account)
    return [BlobId(blob) for blob in (await tx.execute(statement)).scalars()]


async def all_received(tx: AsyncConnection) -> dict[BlobId, int]:
    """Return of every blob how much is said to be durable."""
    rows = await tx.execute(select(blobs.c.id, blobs.c.received_bytes))
    return {BlobId(row.id): row.received_bytes for row in rows}
