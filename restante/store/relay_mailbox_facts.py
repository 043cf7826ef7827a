"""What decides about a deposit: whose mailbox it is for, its tokens, and how full it is.

Store code: a function of an open transaction. Rule: one question for all mailboxes of a frame.
Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import MailboxId
from restante.store.relay_tables import accounts, devices, tokens, waiting

_NOTHING: Final = ((0, 0), (0, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxFacts:
    """What decides about a deposit: whose mailbox it is, and how full."""

    mailbox: MailboxId
    device: int
    account: int
    live: frozenset[bytes]
    retired: frozenset[bytes]
    envelopes: tuple[int, int]
    """In the contact lane and in the request lane."""
    size_bytes: tuple[int, int]
    account_devices: frozenset[int]
    """All devices of the account."""
    account_envelopes: int
    """In the contact lanes of all of them."""
    account_bytes: int
    quota_bytes: int | None
    """What the account may keep waiting, if that isn't what the settings say."""


async def mailbox_facts(
    tx: AsyncConnection, wanted: Sequence[MailboxId]
) -> dict[MailboxId, MailboxFacts]:
    """Return what is known of these mailboxes; those that don't exist are not in it."""
    found: dict[MailboxId, MailboxFacts] = {}
    for start in range(0, len(wanted), 500):  # a statement takes so many parameters
        part = wanted[start : start + 500]
        rows = (
            await tx.execute(
                select(devices.c.mailbox, devices.c.number, devices.c.account).where(
                    devices.c.mailbox.in_(part)
                )
            )
        ).all()
        hashes = await _token_hashes(tx, {row.account for row in rows})
        all_devices, quotas = await _of_accounts(tx, {row.account for row in rows})
        usage = await _usage(tx, [number for of_one in all_devices.values() for number in of_one])
        for row in rows:
            live, retired = hashes.get(row.account, (frozenset(), frozenset()))
            envelopes, size_bytes = usage.get(row.number, _NOTHING)
            of_account = [usage.get(number, _NOTHING) for number in all_devices[row.account]]
            found[row.mailbox] = MailboxFacts(
                mailbox=MailboxId(row.mailbox),
                device=row.number,
                account=row.account,
                live=live,
                retired=retired,
                envelopes=envelopes,
                size_bytes=size_bytes,
                account_devices=frozenset(all_devices[row.account]),
                account_envelopes=sum(count[0] for count, _ in of_account),
                account_bytes=sum(size[0] for _, size in of_account),
                quota_bytes=quotas[row.account],
            )
    return found


async def _of_accounts(
    tx: AsyncConnection, wanted: set[int]
) -> tuple[dict[int, list[int]], dict[int, int | None]]:
    """Return the devices of each account, and its quota."""
    numbers: dict[int, list[int]] = {account: [] for account in wanted}
    statement = select(devices.c.account, devices.c.number).where(devices.c.account.in_(wanted))
    for account, number in await tx.execute(statement):
        numbers[account].append(number)
    rows = await tx.execute(
        select(accounts.c.number, accounts.c.quota_bytes).where(accounts.c.number.in_(wanted))
    )
    return numbers, {row.number: row.quota_bytes for row in rows}


async def _token_hashes(
    tx: AsyncConnection, wanted: set[int]
) -> dict[int, tuple[frozenset[bytes], frozenset[bytes]]]:
    rows = (await tx.execute(select(tokens).where(tokens.c.account.in_(wanted)))).all()
    return {
        account: (
            frozenset(row.hash for row in rows if row.account == account and row.is_live),
            frozenset(row.hash for row in rows if row.account == account and not row.is_live),
        )
        for account in wanted
    }


async def _usage(
    tx: AsyncConnection, numbers: Sequence[int]
) -> dict[int, tuple[tuple[int, int], tuple[int, int]]]:
    is_request = waiting.c.lane == 1
    size = waiting.c.size_bytes
    statement = (
        select(
            waiting.c.device,
            func.sum(case((is_request, 0), else_=1)),
            func.sum(case((is_request, 1), else_=0)),
            func.sum(case((is_request, 0), else_=size)),
            func.sum(case((is_request, size), else_=0)),
        )
        .where(waiting.c.device.in_(numbers))
        .group_by(waiting.c.device)
    )
    return {
        device: ((contacts, requests), (contact_bytes, request_bytes))
        for device, contacts, requests, contact_bytes, request_bytes in await tx.execute(statement)
    }
