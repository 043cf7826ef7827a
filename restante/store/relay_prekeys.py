"""Public prekeys: what a stranger needs to open a session with a device that is away.

Store code: functions of an open transaction. Rule: a one-time prekey leaves with the transaction
that hands it out, so it is served once or never. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.codec import decode, encode
from restante.protocol.ids import DeviceId
from restante.protocol.manifest import Prekey, PrekeyBundle, PrekeyKind
from restante.store.relay_locks import lock_device
from restante.store.relay_tables import devices, prekeys

_REPLACING = (PrekeyKind.SIGNED, PrekeyKind.KEM_LAST_RESORT)
_ADDING = (PrekeyKind.ONE_TIME, PrekeyKind.KEM_ONE_TIME)
_DELETE = delete(prekeys).where(
    prekeys.c.device == bindparam("of_device"),
    prekeys.c.kind == bindparam("of_kind"),
    prekeys.c.id == bindparam("of_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrekeyCounts:
    """What is left of a device's prekeys; `signed_id` 0: it has no signed one."""

    signed_id: int
    signed_expires_at_s: int
    one_time: int
    kem_one_time: int


async def put_prekeys(
    tx: AsyncConnection, device: int, published: Sequence[Prekey], *, most_one_time: int
) -> bool:
    """Put prekeys: a signed or last-resort one replaces its predecessor, one-time ones are added.

    Returns False, and the caller rolls back, when more than `most_one_time` of a kind would wait.
    """
    own = prekeys.c.device == device
    await tx.execute(lock_device(device))
    # Of two for one place in one frame the later stays.
    kept = {(each.kind, each.id if each.kind in _ADDING else 0): each for each in published}
    replaced = {kind for kind, _ in kept if kind in _REPLACING}
    # Two batches for all of them: a statement of its own for each costs a thread hop or three.
    await tx.execute(delete(prekeys).where(own, prekeys.c.kind.in_(replaced)))
    if kept:
        await tx.execute(
            _DELETE, [{"of_device": device, "of_kind": kind, "of_id": id_} for kind, id_ in kept]
        )
        await tx.execute(
            insert(prekeys),
            [
                {
                    "device": device,
                    "kind": each.kind,
                    "id": each.id,
                    "expires_at_s": each.expires_at_s,
                    "prekey": encode(each),
                }
                for each in kept.values()
            ],
        )
    counted = await tx.execute(
        select(func.count()).where(own, prekeys.c.kind.in_(_ADDING)).group_by(prekeys.c.kind)
    )
    return all(count <= most_one_time for (count,) in counted)


async def count_prekeys(tx: AsyncConnection, device: int, *, now_s: int) -> PrekeyCounts:
    """Say what is left of a device's prekeys that haven't expired."""
    usable = (prekeys.c.device == device) & (prekeys.c.expires_at_s > now_s)
    signed = (
        await tx.execute(
            select(prekeys.c.id, prekeys.c.expires_at_s).where(
                usable, prekeys.c.kind == PrekeyKind.SIGNED
            )
        )
    ).first()
    counted = await tx.execute(
        select(prekeys.c.kind, func.count()).where(usable).group_by(prekeys.c.kind)
    )
    counts: dict[int, int] = {row[0]: row[1] for row in counted}
    return PrekeyCounts(
        signed_id=signed.id if signed else 0,
        signed_expires_at_s=signed.expires_at_s if signed else 0,
        one_time=counts.get(PrekeyKind.ONE_TIME, 0),
        kem_one_time=counts.get(PrekeyKind.KEM_ONE_TIME, 0),
    )


async def take_bundles(
    tx: AsyncConnection,
    account: int,
    wanted: Sequence[DeviceId],
    *,
    with_one_time: bool,
    now_s: int,
) -> list[PrekeyBundle]:
    """Return a bundle for each device of the account that has one; its one-time parts are gone."""
    listed = await tx.execute(
        select(devices.c.number, devices.c.signing_key)
        .where(devices.c.account == account, devices.c.device_id.in_(wanted))
        .order_by(devices.c.number)
    )
    bundles: list[PrekeyBundle] = []
    for device in listed.all():
        signed = await _oldest(tx, device.number, PrekeyKind.SIGNED, now_s=now_s)
        kem = await _oldest(tx, device.number, PrekeyKind.KEM_LAST_RESORT, now_s=now_s)
        one_time: Prekey | None = None
        if with_one_time and signed is not None:
            one_time = await _take(tx, device.number, PrekeyKind.ONE_TIME, now_s=now_s)
            kem = await _take(tx, device.number, PrekeyKind.KEM_ONE_TIME, now_s=now_s) or kem
        if signed is not None and kem is not None:
            bundles.append(
                PrekeyBundle(
                    signing_key=device.signing_key, signed=signed, kem=kem, one_time=one_time
                )
            )
    return bundles


async def _oldest(
    tx: AsyncConnection, device: int, kind: PrekeyKind, *, now_s: int
) -> Prekey | None:
    statement = (
        select(prekeys.c.prekey)
        .where(prekeys.c.device == device, prekeys.c.kind == kind, prekeys.c.expires_at_s > now_s)
        .order_by(prekeys.c.id)
        .limit(1)
    )
    packed = (await tx.execute(statement)).scalar_one_or_none()
    return None if packed is None else decode(packed, Prekey)


async def _take(tx: AsyncConnection, device: int, kind: PrekeyKind, *, now_s: int) -> Prekey | None:
    of_kind = (prekeys.c.device == device) & (prekeys.c.kind == kind)
    # One that another transaction is about to take is passed over: it is served once or never.
    oldest = (
        select(prekeys.c.id)
        .where(of_kind, prekeys.c.expires_at_s > now_s)
        .order_by(prekeys.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = await tx.execute(
        delete(prekeys).where(of_kind, prekeys.c.id == oldest).returning(prekeys.c.prekey)
    )
    packed = taken.scalar_one_or_none()
    return None if packed is None else decode(packed, Prekey)


async def forget_expired_prekeys(tx: AsyncConnection, *, now_s: int) -> None:
    """Delete prekeys that nobody is to use any more."""
    await tx.execute(delete(prekeys).where(prekeys.c.expires_at_s <= now_s))
