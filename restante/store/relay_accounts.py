"""Accounts of a relay: names, manifests, devices and the hashes of delivery tokens.

Store code: functions of an open transaction. Rule: a manifest's head moves only from the one that
the caller has checked against, so that two publications can't both win. Nothing here verifies a
signature; what is stored was verified before. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.errors import StoreError
from restante.protocol.ids import (
    AccountId,
    AccountName,
    DeviceId,
    MailboxId,
    ManifestHash,
    TokenHash,
    gone_name_hash,
)
from restante.store.relay_locks import lock_account
from restante.store.relay_tables import (
    accounts,
    codes,
    devices,
    gone_names,
    manifests,
    relay_state,
    tokens,
)

RESTORED_HOUR: Final = "restored_hour"


class NameTaken(StoreError):  # noqa: N818  # named as the condition, like all store errors
    """Another account has that name, or had it."""


class HeadMoved(StoreError):  # noqa: N818  # the same
    """The account's manifest is not the one that was checked against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """Where an account's manifest chain stands."""

    account_id: AccountId
    generation: int
    sequence: int
    hash: ManifestHash


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device as a manifest lists it."""

    signing_key: bytes
    device_id: DeviceId
    mailbox: MailboxId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A registered device: its number, its account's, and the name its relay is dialed by."""

    number: int
    account: int
    account_id: AccountId
    name: AccountName
    authority: str
    quota_bytes: int | None
    """The account's own."""
    has_mailbox: bool
    is_blocked: bool


async def epoch(tx: AsyncConnection) -> int:
    """Return the relay's epoch: it grows when a backup is restored."""
    statement = select(relay_state.c.value).where(relay_state.c.key == "epoch")
    return int((await tx.execute(statement)).scalar_one())


async def restored_hour(tx: AsyncConnection) -> int | None:
    """Return when the relay was restored from a backup, in hours since 1970, if it ever was."""
    statement = select(relay_state.c.value).where(relay_state.c.key == RESTORED_HOUR)
    hour: int | None = (await tx.execute(statement)).scalar_one_or_none()
    return hour


async def welcome_back(tx: AsyncConnection, account: int) -> None:
    """Let an account receive again after a restore: one of its devices has published it."""
    mine = (accounts.c.number == account) & (accounts.c.is_awaited == 1)
    await tx.execute(update(accounts).where(mine).values(is_awaited=0))


async def find_device(tx: AsyncConnection, signing_key: bytes) -> KnownDevice | None:
    """Return the registered device with that Ed25519 key, 32 B."""
    statement = (
        select(
            devices.c.number,
            devices.c.account,
            devices.c.mailbox,
            accounts.c.account_id,
            accounts.c.name,
            accounts.c.authority,
            accounts.c.quota_bytes,
            accounts.c.is_blocked,
        )
        .join(accounts, accounts.c.number == devices.c.account)
        .where(devices.c.signing_key == signing_key)
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    return KnownDevice(
        number=row.number,
        account=row.account,
        account_id=AccountId(row.account_id),
        name=AccountName(row.name),
        authority=row.authority,
        quota_bytes=row.quota_bytes,
        has_mailbox=row.mailbox is not None,
        is_blocked=bool(row.is_blocked),
    )


async def create_account(
    tx: AsyncConnection,
    *,
    name: AccountName,
    authority: str,
    head: StoredHead,
    manifest: bytes,
    live: Sequence[TokenHash],
    quota_bytes: int | None = None,
) -> int:
    """Create an account with its first manifest; return its number. `replace_devices` follows.

    Raises NameTaken (also: it was another's, who has left).
    """
    left = select(gone_names.c.hash).where(gone_names.c.hash == gone_name_hash(name))
    if await find_account(tx, name) is not None or (await tx.execute(left)).first() is not None:
        raise NameTaken(name)
    result = await tx.execute(
        insert(accounts)
        .values(
            name=name,
            authority=authority,
            account_id=head.account_id,
            generation=head.generation,
            sequence=head.sequence,
            head=head.hash,
            quota_bytes=quota_bytes,
        )
        .returning(accounts.c.number)
    )
    account = int(result.scalar_one())
    await tx.execute(
        insert(manifests).values(account=account, sequence=head.sequence, manifest=manifest)
    )
    await replace_tokens(tx, account, live=live, retired=())
    return account


async def current_head(tx: AsyncConnection, account: int) -> tuple[AccountName, StoredHead]:
    """Return an account's name and where its chain stands."""
    row = (await tx.execute(select(accounts).where(accounts.c.number == account))).one()
    head = StoredHead(
        account_id=AccountId(row.account_id),
        generation=row.generation,
        sequence=row.sequence,
        hash=ManifestHash(row.head),
    )
    return AccountName(row.name), head


async def advance_manifest(
    tx: AsyncConnection,
    account: int,
    *,
    expected: StoredHead,
    head: StoredHead,
    manifest: bytes,
    listed: Sequence[DeviceRow],
    keep: int,
) -> list[int]:
    """Put the next manifest; return the numbers of devices that it lists no more.

    A new generation starts a chain of its own; of one chain the newest `keep` links stay. The
    caller empties the mailboxes of the devices returned. Raises HeadMoved, or Conflict.
    """
    moved = await tx.execute(
        update(accounts)
        .where(accounts.c.number == account, accounts.c.head == expected.hash)
        .values(
            generation=head.generation,
            sequence=head.sequence,
            head=head.hash,
            heartbeat=None,
            is_awaited=0,
        )
    )
    if moved.rowcount != 1:
        raise HeadMoved("the manifest has moved on meanwhile")
    stale = manifests.c.account == account
    if head.generation == expected.generation:
        stale &= manifests.c.sequence <= head.sequence - keep
    await tx.execute(delete(manifests).where(stale))
    await tx.execute(
        insert(manifests).values(account=account, sequence=head.sequence, manifest=manifest)
    )
    return await replace_devices(tx, account, listed)


async def recover_account(
    tx: AsyncConnection,
    account: int,
    *,
    authority: str,
    expected: StoredHead,
    head: StoredHead,
    manifest: bytes,
    listed: Sequence[DeviceRow],
    live: Sequence[TokenHash],
) -> list[int]:
    """Begin an account's next generation; return the numbers of devices that it lists no more.

    Devices, tokens and codes are replaced, blobs stay. Raises as `advance_manifest`.
    """
    gone = await advance_manifest(
        tx, account, expected=expected, head=head, manifest=manifest, listed=listed, keep=1
    )
    await tx.execute(
        update(accounts).where(accounts.c.number == account).values(authority=authority)
    )
    await replace_tokens(tx, account, live=live, retired=())
    await tx.execute(delete(codes).where(codes.c.account == account))
    return gone


async def replace_devices(
    tx: AsyncConnection, account: int, listed: Sequence[DeviceRow]
) -> list[int]:
    """Let an account have these devices; return the numbers of those that it has no more.

    Raises Conflict: a key or a mailbox is another account's.
    """
    known = {
        row.signing_key: row
        for row in await tx.execute(select(devices).where(devices.c.account == account))
    }
    wanted = {row.signing_key: row for row in listed}
    gone = [row.number for key, row in known.items() if key not in wanted]
    await tx.execute(delete(devices).where(devices.c.number.in_(gone)))
    for key, row in known.items():
        if key in wanted and wanted[key].mailbox != row.mailbox:
            await tx.execute(
                update(devices)
                .where(devices.c.number == row.number)
                .values(mailbox=wanted[key].mailbox)
            )
    await _add_devices(tx, account, [row for key, row in wanted.items() if key not in known])
    return gone


async def _add_devices(tx: AsyncConnection, account: int, listed: Sequence[DeviceRow]) -> None:
    for row in listed:
        await tx.execute(
            insert(devices).values(
                account=account,
                signing_key=row.signing_key,
                device_id=row.device_id,
                mailbox=row.mailbox,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLinks:
    """What anybody may know of an account: links of its chain, oldest first, and its last words."""

    links: list[bytes]
    heartbeat: bytes | None
    moved: bytes | None


async def find_links(
    tx: AsyncConnection, name: AccountName, *, since: int, most: int
) -> FoundLinks | None:
    """Return a chain's links past a sequence; None: no such name.

    With `since` 0, or nothing past it, the newest link alone.
    """
    account = (await tx.execute(select(accounts).where(accounts.c.name == name))).one_or_none()
    if account is None:
        return None
    first = since + 1 if 0 < since < account.sequence else account.sequence
    links = await tx.execute(
        select(manifests.c.manifest)
        .where(manifests.c.account == account.number, manifests.c.sequence >= first)
        .order_by(manifests.c.sequence)
        .limit(most)
    )
    return FoundLinks(
        links=[row.manifest for row in links], heartbeat=account.heartbeat, moved=account.moved
    )


async def current_manifest(tx: AsyncConnection, account: int) -> bytes:
    """Return the newest manifest of an account."""
    statement = (
        select(manifests.c.manifest)
        .where(manifests.c.account == account)
        .order_by(manifests.c.sequence.desc())
        .limit(1)
    )
    return bytes((await tx.execute(statement)).scalar_one())


async def put_heartbeat(
    tx: AsyncConnection, account: int, *, head: ManifestHash, heartbeat: bytes
) -> bool:
    """Put a heartbeat for the newest manifest; False if another one is the newest."""
    result = await tx.execute(
        update(accounts)
        .where(accounts.c.number == account, accounts.c.head == head)
        .values(heartbeat=heartbeat)
    )
    return result.rowcount == 1


async def replace_tokens(
    tx: AsyncConnection, account: int, *, live: Sequence[TokenHash], retired: Sequence[TokenHash]
) -> None:
    """Replace the hashes of an account's delivery tokens; one that is in both is live."""
    rows = dict.fromkeys(retired, 0) | dict.fromkeys(live, 1)
    await tx.execute(lock_account(account))
    await tx.execute(delete(tokens).where(tokens.c.account == account))
    await tx.execute(
        insert(tokens),
        [{"account": account, "hash": value, "is_live": flag} for value, flag in rows.items()],
    )


async def has_token(tx: AsyncConnection, account: int, token: TokenHash) -> bool:
    """Whether a token's hash is one of the account's, live or retired."""
    statement = select(tokens.c.is_live).where(tokens.c.account == account, tokens.c.hash == token)
    return (await tx.execute(statement)).first() is not None


async def is_blocked(tx: AsyncConnection, account: int) -> bool:
    """Whether the operator has blocked an account."""
    statement = select(accounts.c.is_blocked).where(accounts.c.number == account)
    return bool((await tx.execute(statement)).scalar_one())


async def find_account(tx: AsyncConnection, name: AccountName) -> int | None:
    """Return the number of the account with that name."""
    statement = select(accounts.c.number).where(accounts.c.name == name)
    number: int | None = (await tx.execute(statement)).scalar_one_or_none()
    return number
