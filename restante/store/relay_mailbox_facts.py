"""What decides about a deposit: whose mailbox it is for, its tokens, and how full it is.

Store code: a function of an open transaction. Rule: one question for all mailboxes of a frame.
Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import MailboxId
from restante.store.relay_tables import accounts, devices, tokens, waiting

_NOTHING: Final = ((0, 0), (0, 0))


class Standing(Enum):
    """Whether an account receives."""

    OPEN = "open"
    AWAITED = "awaited"
    """The relay was restored, and none of the account's devices has been back since."""
    BLOCKED = "blocked"
    """By the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _AccountFacts:
    """What mailboxes of one account share."""

    devices: list[int]
    quota_bytes: int | None
    standing: Standing


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
    standing: Standing


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
        of_accounts = await _of_accounts(tx, {row.account for row in rows})
        usage = await _usage(tx, [number for of in of_accounts.values() for number in of.devices])
        for row in rows:
            live, retired = hashes.get(row.account, (frozenset(), frozenset()))
            envelopes, size_bytes = usage.get(row.number, _NOTHING)
            shared = of_accounts[row.account]
            of_account = [usage.get(number, _NOTHING) for number in shared.devices]
            found[row.mailbox] = MailboxFacts(
                mailbox=MailboxId(row.mailbox),
                device=row.number,
                account=row.account,
                live=live,
                retired=retired,
                envelopes=envelopes,
                size_bytes=size_bytes,
                account_devices=frozenset(shared.devices),
                account_envelopes=sum(count[0] for count, _ in of_account),
                account_bytes=sum(size[0] for _, size in of_account),
                quota_bytes=shared.quota_bytes,
                standing=shared.standing,
            )
    return found


async def _of_accounts(tx: AsyncConnection, wanted: set[int]) -> dict[int, _AccountFacts]:
    """Return the devices of each account, its quota and its standing."""
    numbers: dict[int, list[int]] = {account: [] for account in wanted}
    statement = select(devices.c.account, devices.c.number).where(devices.c.account.in_(wanted))
    for account, number in await tx.execute(statement):
        numbers[account].append(number)
    rows = await tx.execute(
        select(
            accounts.c.number, accounts.c.quota_bytes, accounts.c.is_blocked, accounts.c.is_awaited
        ).where(accounts.c.number.in_(wanted))
    )
    return {
        row.number: _AccountFacts(
            devices=numbers[row.number],
            quota_bytes=row.quota_bytes,
            standing=standing_of(is_blocked=row.is_blocked, is_awaited=row.is_awaited),
        )
        for row in rows
    }


def standing_of(*, is_blocked: int, is_awaited: int) -> Standing:
    """Return what an account's flags mean."""
    if is_blocked:
        return Standing.BLOCKED
    return Standing.AWAITED if is_awaited else Standing.OPEN


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
        # PostgreSQL's sums of numbers are decimals.
        device: ((int(contacts), int(requests)), (int(contact_bytes), int(request_bytes)))
        for device, contacts, requests, contact_bytes, request_bytes in await tx.execute(statement)
    }
