"""What a relay's operator asks about accounts and invites, and does with them.

Store code: functions of an open transaction. Rule: counts, names and days; nothing here says who
knows whom, or when to the hour. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.ids import AccountName
from restante.store.relay_tables import accounts, blobs, devices, invites, prekeys, waiting

DAY_S: Final = 86_400
_PART: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """One account, as its operator sees it. `seen_day`: days since 1970, if that is kept."""

    name: str
    devices: int
    envelopes: int
    blobs: int
    blob_bytes: int
    quota_bytes: int | None
    is_blocked: bool
    is_awaited: bool
    seen_day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One device of an account: what waits for it, and how many prekeys it has left."""

    device: str
    envelopes: int
    size_bytes: int
    prekeys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteLine:
    """One invite. `invite`: the beginning of its hash; the code itself is kept nowhere."""

    invite: str
    uses_left: int
    expires_at_s: int
    quota_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How much a relay holds."""

    accounts: int
    blocked: int
    awaited: int
    devices: int
    envelopes: int
    blobs: int
    blob_bytes: int
    invites: int


async def totals(tx: AsyncConnection) -> Totals:
    """Count everything. What waits is counted by an index: a second for ten million."""
    own = (
        await tx.execute(
            select(
                func.count(),
                func.coalesce(func.sum(accounts.c.is_blocked), 0),
                func.coalesce(func.sum(accounts.c.is_awaited), 0),
            ).select_from(accounts)
        )
    ).one()
    stored = select(func.count(), func.coalesce(func.sum(blobs.c.size_bytes), 0)).select_from(blobs)
    blob_count, blob_bytes = (await tx.execute(stored)).one()
    return Totals(
        accounts=own[0],
        blocked=int(own[1]),  # a sum is a Decimal on a server
        awaited=int(own[2]),
        devices=await _count(tx, select(func.count()).select_from(devices)),
        envelopes=await _count(tx, select(func.count(waiting.c.device))),
        blobs=blob_count,
        blob_bytes=int(blob_bytes),
        invites=await _count(tx, select(func.count()).select_from(invites)),
    )


async def list_accounts(tx: AsyncConnection, *, after: str, most: int) -> list[AccountLine]:
    """Return accounts in the order of their names, past one of them."""
    statement = _lines().where(accounts.c.name > after).order_by(accounts.c.name).limit(most)
    return [_line(row) for row in await tx.execute(statement)]


async def account_line(tx: AsyncConnection, name: AccountName) -> AccountLine | None:
    """Return one account."""
    row = (await tx.execute(_lines().where(accounts.c.name == name))).one_or_none()
    return None if row is None else _line(row)


async def device_lines(tx: AsyncConnection, name: AccountName) -> list[DeviceLine]:
    """Return an account's devices, by the beginnings of their ids."""
    mine = waiting.c.device == devices.c.number
    keys = prekeys.c.device == devices.c.number
    statement = (
        select(
            devices.c.device_id,
            select(func.count()).where(mine).scalar_subquery(),
            select(func.coalesce(func.sum(waiting.c.size_bytes), 0)).where(mine).scalar_subquery(),
            select(func.count()).where(keys).scalar_subquery(),
        )
        .join(accounts, accounts.c.number == devices.c.account)
        .where(accounts.c.name == name)
        .order_by(devices.c.number)
    )
    return [
        DeviceLine(
            device=row[0].hex()[:8], envelopes=row[1], size_bytes=int(row[2]), prekeys=row[3]
        )
        for row in await tx.execute(statement)
    ]


async def set_blocked(tx: AsyncConnection, account: int, *, is_blocked: bool) -> None:
    """Block an account, or let it be again."""
    change = update(accounts).where(accounts.c.number == account)
    await tx.execute(change.values(is_blocked=int(is_blocked)))


async def list_invites(tx: AsyncConnection, *, now_s: int) -> list[InviteLine]:
    """Return the invites that are good, the one that ends first before the others."""
    good = (invites.c.uses_left > 0) & (invites.c.expires_at_s > now_s)
    rows = await tx.execute(select(invites).where(good).order_by(invites.c.expires_at_s))
    return [_invite_line(row) for row in rows]


async def find_invites(tx: AsyncConnection, beginning: str) -> list[InviteLine]:
    """Return the invites whose hash begins so, in hexadecimal."""
    return [_invite_line(row) for row in await _invites_like(tx, beginning)]


async def revoke_invite(tx: AsyncConnection, beginning: str) -> list[InviteLine]:
    """Delete the invite whose hash begins so, in hexadecimal, if there is one; return all such."""
    found = await _invites_like(tx, beginning)
    if len(found) == 1:
        await tx.execute(delete(invites).where(invites.c.hash == found[0].hash))
    return [_invite_line(row) for row in found]


async def _invites_like(tx: AsyncConnection, beginning: str) -> list[Any]:
    rows = await tx.execute(select(invites))
    return [row for row in rows if row.hash.hex().startswith(beginning)]


def _invite_line(row: Any) -> InviteLine:
    return InviteLine(
        invite=row.hash.hex()[:12],
        uses_left=row.uses_left,
        expires_at_s=row.expires_at_s,
        quota_bytes=row.quota_bytes,
    )


# ---- who hasn't been here for long ----------------------------------------------------------


async def note_seen(tx: AsyncConnection, seen: Collection[int], *, today: int) -> None:
    """Keep the day on which accounts were here. Who has none yet counts from today."""
    numbers = list(seen)
    for start in range(0, len(numbers), _PART):
        part = accounts.c.number.in_(numbers[start : start + _PART])
        await tx.execute(update(accounts).where(part).values(seen_day=today))
    await tx.execute(update(accounts).where(accounts.c.seen_day.is_(None)).values(seen_day=today))


async def pass_over_absence(tx: AsyncConnection, *, today: int) -> None:
    """Let the days not count on which nobody at all was here: the relay was away itself.

    It didn't run, or was restored from a backup of that age. The last day alone proves nothing.
    """
    newest = (await tx.execute(select(func.max(accounts.c.seen_day)))).scalar_one()
    if newest is not None and newest < today - 1:
        later = accounts.c.seen_day + (today - 1 - newest)
        await tx.execute(
            update(accounts).where(accounts.c.seen_day.is_not(None)).values(seen_day=later)
        )


async def forget_days(tx: AsyncConnection) -> None:
    """Forget who was here when: nothing goes by it any more."""
    await tx.execute(update(accounts).where(accounts.c.seen_day.is_not(None)).values(seen_day=None))


async def unseen_since(tx: AsyncConnection, day: int, *, most: int) -> Sequence[int]:
    """Return accounts whose devices were last here before that day. A name that was left stays."""
    has_devices = exists().where(devices.c.account == accounts.c.number)
    statement = select(accounts.c.number).where(accounts.c.seen_day < day, has_devices).limit(most)
    return [int(number) for number in (await tx.execute(statement)).scalars()]


def _lines() -> Select[Any]:
    own = devices.c.account == accounts.c.number
    theirs = blobs.c.account == accounts.c.number
    waits = select(func.count(waiting.c.device)).join(devices, devices.c.number == waiting.c.device)
    return select(
        accounts,
        select(func.count()).select_from(devices).where(own).scalar_subquery().label("devices"),
        waits.where(own).scalar_subquery().label("envelopes"),
        select(func.count()).select_from(blobs).where(theirs).scalar_subquery().label("blobs"),
        select(func.coalesce(func.sum(blobs.c.size_bytes), 0))
        .where(theirs)
        .scalar_subquery()
        .label("blob_bytes"),
    )


def _line(row: Any) -> AccountLine:
    return AccountLine(
        name=row.name,
        devices=row.devices,
        envelopes=row.envelopes,
        blobs=row.blobs,
        blob_bytes=int(row.blob_bytes),
        quota_bytes=row.quota_bytes,
        is_blocked=bool(row.is_blocked),
        is_awaited=bool(row.is_awaited),
        seen_day=row.seen_day,
    )


async def _count(tx: AsyncConnection, statement: Select[Any]) -> int:
    return int((await tx.execute(statement)).scalar_one())
