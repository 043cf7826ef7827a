"""Accounts that go: to another name, to another relay, or for good.

Store code: functions of an open transaction. Rule: of an account that has left nothing stays but
the hashes of its names, so that nobody is ever given them again. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import AccountName, BlobId, gone_name_hash
from restante.store.relay_blobs import blobs_of
from restante.store.relay_locks import lock_payloads
from restante.store.relay_tables import (
    accounts,
    blobs,
    devices,
    gone_names,
    payloads,
    tokens,
    waiting,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a deleted account leaves to others to tidy up: connections, and files."""

    devices: Sequence[int]
    blobs: Sequence[BlobId]


async def give_devices(tx: AsyncConnection, account: int, *, to: int) -> None:
    """Give an account's devices, with what is theirs, and its blobs, to its next name's account.

    What the old name keeps, it keeps for those who look for it: its manifests, its codes, and where
    the account has gone. The new name is where the account is, wherever it was said to be; a quota
    of its own goes with it.
    """
    for table in (devices, blobs):
        await tx.execute(update(table).where(table.c.account == account).values(account=to))
    await tx.execute(delete(tokens).where(tokens.c.account == account))
    own_quota = select(accounts.c.quota_bytes).where(accounts.c.number == account)
    quota_bytes = (await tx.execute(own_quota)).scalar_one()
    changed: dict[str, object] = {} if quota_bytes is None else {"quota_bytes": quota_bytes}
    await tx.execute(update(accounts).where(accounts.c.number == to).values(moved=None, **changed))


async def delete_account(tx: AsyncConnection, account: int) -> Left:
    """Erase an account with all that is its own, and keep the hashes of its names."""
    listed = select(devices.c.number).where(devices.c.account == account)
    left = Left(
        devices=[int(number) for number in (await tx.execute(listed)).scalars()],
        blobs=await blobs_of(tx, account),
    )
    await _empty_mailboxes(tx, left.devices)
    # Everything else refers to the account, or to its devices, and goes with them.
    for number, name in await _names(tx, account):
        await tx.execute(delete(accounts).where(accounts.c.number == number))
        await tx.execute(insert(gone_names).values(hash=gone_name_hash(AccountName(name))))
    return left


async def _empty_mailboxes(tx: AsyncConnection, gone: Sequence[int]) -> None:
    """Delete all that waits for devices, and the payloads that waited for them alone."""
    for device in gone:
        held = select(waiting.c.shared).where(
            waiting.c.device == device, waiting.c.shared.is_not(None)
        )
        shared = sorted((await tx.execute(held)).scalars())
        await tx.execute(delete(waiting).where(waiting.c.device == device))
        for start in range(0, len(shared), 500):  # a statement takes so many parameters
            part = shared[start : start + 500]
            await tx.execute(lock_payloads(part))
            is_awaited = exists().where(waiting.c.shared == payloads.c.number)
            await tx.execute(delete(payloads).where(payloads.c.number.in_(part), ~is_awaited))


async def _names(tx: AsyncConnection, account: int) -> Sequence[tuple[int, str]]:
    """Return an account's name, and those that it had before: no device has them any more."""
    root = select(accounts.c.account_id).where(accounts.c.number == account).scalar_subquery()
    is_left = ~exists().where(devices.c.account == accounts.c.number)
    rows = await tx.execute(
        select(accounts.c.number, accounts.c.name).where(
            (accounts.c.number == account) | ((accounts.c.account_id == root) & is_left)
        )
    )
    return [(row.number, row.name) for row in rows]


async def find_moved(tx: AsyncConnection, account: int) -> bytes | None:
    """Return the newest word of an account's where it has gone."""
    statement = select(accounts.c.moved).where(accounts.c.number == account)
    moved: bytes | None = (await tx.execute(statement)).scalar_one()
    return moved


async def put_moved(tx: AsyncConnection, account: int, moved: bytes) -> None:
    """Put an account's word where it has gone."""
    await tx.execute(update(accounts).where(accounts.c.number == account).values(moved=moved))
