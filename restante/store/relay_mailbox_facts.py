"""What decides about a deposit: whose mailbox it is for, its tokens, and how full it is.

Store code: a function of an open transaction. Rule: one question for all mailboxes of a frame.
Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import MailboxId
from restante.store.relay_tables import devices, tokens, waiting


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
        usage = await _usage(tx, [row.number for row in rows])
        for row in rows:
            live, retired = hashes.get(row.account, (frozenset(), frozenset()))
            envelopes, size_bytes = usage.get(row.number, ((0, 0), (0, 0)))
            found[row.mailbox] = MailboxFacts(
                mailbox=MailboxId(row.mailbox),
                device=row.number,
                account=row.account,
                live=live,
                retired=retired,
                envelopes=envelopes,
                size_bytes=size_bytes,
            )
    return found


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
