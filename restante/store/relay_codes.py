"""What secrets find: contact codes' sealed records, and invites to a relay.

Store code: functions of an open transaction. Rule: a relay keeps of a secret only what its holder
must show: a code's look-up id, an invite's hash. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import CodeLookupId, labelled
from restante.store.errors import Conflict
from restante.store.relay_locks import lock_account
from restante.store.relay_tables import codes, invites


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """How often an invite can still be used, until when, and the quota of who comes by it."""

    uses_left: int
    expires_at_s: int
    quota_bytes: int | None = None
    """None: what the settings say for all."""


def invite_hash(secret: bytes) -> bytes:
    """Return what is kept of an invite's secret, 8 B: SHA-256("relay-invite" 00 || secret)."""
    return hashlib.sha256(labelled("relay-invite", secret)).digest()


async def put_code(
    tx: AsyncConnection, account: int, lookup_id: CodeLookupId, sealed: bytes, *, most: int
) -> None:
    """Put a contact code's record; of an account's codes the newest `most` stay.

    Raises Conflict when the look-up id is another account's.
    """
    await tx.execute(lock_account(account))
    owner = (
        await tx.execute(select(codes.c.account).where(codes.c.lookup_id == lookup_id))
    ).scalar_one_or_none()
    if owner is not None and owner != account:
        raise Conflict("another account's code has that look-up id")
    await tx.execute(delete(codes).where(codes.c.lookup_id == lookup_id))
    await tx.execute(insert(codes).values(account=account, lookup_id=lookup_id, sealed=sealed))
    newest = (
        select(codes.c.number)
        .where(codes.c.account == account)
        .order_by(codes.c.number.desc())
        .limit(most)
    )
    await tx.execute(delete(codes).where(codes.c.account == account, codes.c.number.not_in(newest)))


async def find_code(tx: AsyncConnection, lookup_id: CodeLookupId) -> bytes | None:
    """Return what was published under a contact code."""
    statement = select(codes.c.sealed).where(codes.c.lookup_id == lookup_id)
    sealed: bytes | None = (await tx.execute(statement)).scalar_one_or_none()
    return sealed


async def add_invite(tx: AsyncConnection, secret: bytes, invite: Invite) -> None:
    """Keep a new invite."""
    await tx.execute(
        insert(invites).values(
            hash=invite_hash(secret),
            uses_left=invite.uses_left,
            expires_at_s=invite.expires_at_s,
            quota_bytes=invite.quota_bytes,
        )
    )


async def redeem_invite(tx: AsyncConnection, secret: bytes, *, now_s: int) -> Invite | None:
    """Use an invite once, in the transaction that it pays for; None if it is no good.

    Returns what is left of it.
    """
    found = await tx.execute(
        update(invites)
        .where(
            invites.c.hash == invite_hash(secret),
            invites.c.uses_left > 0,
            invites.c.expires_at_s > now_s,
        )
        .values(uses_left=invites.c.uses_left - 1)
        .returning(invites.c.uses_left, invites.c.expires_at_s, invites.c.quota_bytes)
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Invite(
        uses_left=row.uses_left, expires_at_s=row.expires_at_s, quota_bytes=row.quota_bytes
    )


async def forget_dead_invites(tx: AsyncConnection, *, now_s: int) -> None:
    """Delete invites that are used up or have expired."""
    await tx.execute(
        delete(invites).where((invites.c.uses_left <= 0) | (invites.c.expires_at_s <= now_s))
    )
