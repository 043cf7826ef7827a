"""Accounts that go: where to, or for good.

Store code: functions of an open transaction. Rule: of an account that has left nothing stays but
the hash of its name, so that nobody is ever given it again. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import AccountName, BlobId, gone_name_hash
from restante.store.driver import RawConnection
from restante.store.relay_blobs import blobs_of
from restante.store.relay_mailboxes import empty_mailbox
from restante.store.relay_tables import accounts, devices, gone_names
from restante.store.seam import in_thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a deleted account leaves to others to tidy up: connections, and files."""

    devices: Sequence[int]
    blobs: Sequence[BlobId]


async def delete_account(tx: AsyncConnection, account: int) -> Left:
    """Erase an account with all that is its own, and keep the hash of its name."""
    name = (
        await tx.execute(select(accounts.c.name).where(accounts.c.number == account))
    ).scalar_one()
    listed = select(devices.c.number).where(devices.c.account == account)
    left = Left(
        devices=[int(number) for number in (await tx.execute(listed)).scalars()],
        blobs=await blobs_of(tx, account),
    )

    def empty(raw: RawConnection) -> None:
        for device in left.devices:
            empty_mailbox(raw, device)

    await in_thread(tx, empty)
    # Everything else refers to the account, or to its devices, and goes with them.
    await tx.execute(delete(accounts).where(accounts.c.number == account))
    await tx.execute(insert(gone_names).values(hash=gone_name_hash(AccountName(name))))
    return left


async def find_moved(tx: AsyncConnection, account: int) -> bytes | None:
    """Return the newest word of an account's where it has gone."""
    statement = select(accounts.c.moved).where(accounts.c.number == account)
    moved: bytes | None = (await tx.execute(statement)).scalar_one()
    return moved


async def put_moved(tx: AsyncConnection, account: int, moved: bytes) -> None:
    """Put an account's word where it has gone."""
    await tx.execute(update(accounts).where(accounts.c.number == account).values(moved=moved))
