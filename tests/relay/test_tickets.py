"""Return tickets: they let in the account that they were given to, under its name, nobody else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from restante.errors import WireCode
from restante.protocol import frames as f
from restante.relay.ops.backup import back_up
from restante.relay.ops.restoring import restore
from restante.relay.server import RunningRelay
from restante.store import relay_blobs
from restante.store.relay_leaving import delete_account
from restante.store.relay_tables import accounts
from restante.store.seam import open_loop
from tests.relay.wire import Person, authenticated, person, registered, relay_at


async def ticket_of(relay: RunningRelay, who: Person) -> bytes | None:
    """Return what a device's Welcome brings."""
    async with authenticated(relay, who) as wire:
        assert wire.welcome is not None
        return wire.welcome.ticket


async def _account(relay: RunningRelay, who: Person) -> int:
    device = await relay.services.registry.device(who.device.key)
    assert device is not None
    return device.account


async def set_quota(relay: RunningRelay, who: Person, quota_bytes: int) -> None:
    """Give an account a quota of its own, as its invite would have."""
    account = await _account(relay, who)
    changed = update(accounts).where(accounts.c.number == account).values(quota_bytes=quota_bytes)
    await relay.services.db.write(lambda tx: tx.execute(changed))


async def quota_of(relay: RunningRelay, who: Person) -> int | None:
    """Return an account's own quota."""
    account = await _account(relay, who)
    return await relay.services.db.read(lambda tx: relay_blobs.quota_of(tx, account))


async def register(relay: RunningRelay, who: Person, ticket: bytes | None, **changed: Any) -> Any:
    """Ask for a name without an invite."""
    manifest = who.manifest(relay.address).to_bytes()
    fields = {"name": who.name, "invite": None, "manifest": manifest, "tokens": who.hashes}
    async with authenticated(relay, who) as wire:
        return await wire.ask(f.Register, ticket=ticket, **(fields | changed))


async def test_only_the_account_itself_comes_back_by_its_ticket(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        backup, _ = back_up(
            tmp_path / "relay", tmp_path / "a.backup", program="0", with_blobs=False
        )
        bob, eve = await registered(relay, "bob"), await registered(relay, "eve")
        ticket, of_eve = await ticket_of(relay, bob), await ticket_of(relay, eve)
        assert ticket is not None
        assert of_eve not in {None, ticket}
        assert await ticket_of(relay, bob) == ticket
        assert await ticket_of(relay, person("bob")) is None, "for who has an account"
    shutil.rmtree(tmp_path / "relay")
    async with open_loop():
        await restore(backup, tmp_path / "relay")
    async with relay_at(tmp_path, open_registration=False) as relay:
        thief, renamed = person("bob"), person("rob")
        renamed.account = bob.account
        for who, shown in (
            *((bob, wrong) for wrong in (None, of_eve, os.urandom(16))),
            (thief, ticket),
            (renamed, ticket),
        ):
            refused = await register(relay, who, shown)
            assert refused.code == WireCode.INVITE_REQUIRED
        assert isinstance(await register(relay, bob, ticket), f.Done)
        assert await ticket_of(relay, bob) == ticket, "the next restore is no other"
        assert isinstance(await register(relay, eve, of_eve), f.Done)


async def test_who_comes_back_by_a_ticket_has_its_own_quota_and_no_larger_one(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        backup, _ = back_up(
            tmp_path / "relay", tmp_path / "a.backup", program="0", with_blobs=False
        )
        bob = await registered(relay, "bob")
        plain = await ticket_of(relay, bob)
        await set_quota(relay, bob, 3_000_000)
        ticket = await ticket_of(relay, bob)
        assert ticket is not None
        assert ticket != plain
    shutil.rmtree(tmp_path / "relay")
    async with open_loop():
        await restore(backup, tmp_path / "relay")
    async with relay_at(tmp_path, open_registration=False) as relay:
        larger = (4_000_000).to_bytes(7, "big") + ticket[7:]
        assert (await register(relay, bob, larger)).code == WireCode.INVITE_REQUIRED
        assert isinstance(await register(relay, bob, ticket), f.Done)
        assert await quota_of(relay, bob) == 3_000_000
        assert await ticket_of(relay, bob) == ticket, "the next restore is no other"


@pytest.mark.usefixtures("engine")
async def test_a_deleted_account_does_not_come_back_by_its_ticket(tmp_path: Path) -> None:
    async with relay_at(tmp_path, open_registration=True) as relay:
        bob = await registered(relay, "bob")
        ticket = await ticket_of(relay, bob)
        account = await relay.services.registry.device(bob.device.key)
        assert account is not None
        await relay.services.db.write(lambda tx: delete_account(tx, account.account))
        refused = await register(relay, bob, ticket)
        assert refused.code == WireCode.NAME_TAKEN
