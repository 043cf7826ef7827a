"""Another name at the same relay: what the account has goes along, the old name points there."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from restante.crypto import own_keys, signing
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.address import Address
from restante.protocol.ids import AccountName, gone_name_hash
from restante.relay.server import RunningRelay
from tests.relay.answers import code_of
from tests.relay.blob import Blob
from tests.relay.generations import RANDOM, entry_of, next_generation, register
from tests.relay.moved import moved_of, newest
from tests.relay.wire import (
    Person,
    anonymous,
    authenticated,
    deposit,
    item,
    person,
    registered,
    relay_at,
    sql,
    subscribed,
)

pytestmark = pytest.mark.usefixtures("engine")


def called(who: Person, name: str) -> Person:
    """Return somebody under another name: the same keys, mailbox and tokens."""
    return replace(who, name=name)


def moved_from(who: Person, name: str, relay: RunningRelay, *, at_s: int = 1000) -> bytes:
    """Sign that somebody of that name is now called otherwise."""
    there, here = (Address.parse(f"{each}@{relay.address.authority}") for each in (name, who.name))
    return signing.sign_moved(
        who.account.root, from_address=there, to_address=here, at_s=at_s
    ).to_bytes()


async def test_an_account_takes_its_devices_mailboxes_and_blobs_to_its_new_name(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob = await registered(relay, "bob")
        phone = replace(person("bob"), account=bob.account)
        blob, code = Blob(), os.urandom(16)
        async with authenticated(relay, bob) as device:
            both = bob.manifest(
                relay.address,
                sequence=2,
                previous=(await newest(wire, "bob")).hash,
                devices=[entry_of(bob), entry_of(phone)],
            )
            await device.ask(f.PublishManifest, manifest=both.to_bytes())
            prekeys = own_keys.generate_prekeys(
                RANDOM, bob.device, first_id=1, now_s=int(time.time()), one_time=1, kem_one_time=1
            )
            await device.ask(f.PublishPrekeys, prekeys=[secret.public for secret in prekeys])
            await device.ask(f.PublishCode, lookup_id=code, sealed=b"sealed")
            await blob.open(device)
            await blob.put(device, 0)
            async with subscribed(relay, phone) as other:
                rob = called(bob, "rob")
                manifest = next_generation(rob, relay.address, others=(phone,))
                assert isinstance(await register(device, rob, manifest), f.Done)
                # Both connections go on as devices of the new name.
                await deposit(wire, item(replace(phone, tokens=bob.tokens)))
                assert len(await other.delivered(1)) == 1
                state = await blob.put(other, 4096)
                assert state.received_bytes == 8192
                following = rob.manifest(
                    relay.address,
                    generation=2,
                    sequence=2,
                    previous=manifest.hash,
                    devices=[entry_of(rob), entry_of(phone)],
                )
                done = await other.ask(f.PublishManifest, manifest=following.to_bytes())
                assert isinstance(done, f.Done)
            moved = moved_from(rob, "bob", relay)
            assert isinstance(await device.ask(f.PublishMoved, moved=moved), f.Done)
        assert (await newest(wire, "rob")) == following
        ask: dict[str, Any] = {"devices": [bob.device.device_id], "token": bob.tokens[0]}
        assert len((await wire.ask(f.FetchPrekeys, name="rob", **ask)).bundles) == 1
        # The old name says where to go, and nothing else is to be had of it.
        assert (await newest(wire, "bob")) == both
        assert await moved_of(wire, "bob") == moved
        assert await moved_of(wire, "rob") is None
        assert (await wire.ask(f.FetchPrekeys, name="bob", **ask)).bundles == []
        assert (await wire.ask(f.FetchCode, lookup_id=code)).sealed == b"sealed"
        (outcome,) = await deposit(wire, item(bob))
        assert outcome.outcome == f.Outcome.STORED


async def test_a_move_can_be_told_before_or_after_the_name_is_changed(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob = await registered(relay, "bob")
        rob = called(bob, "rob")
        first, second = (moved_from(rob, "bob", relay, at_s=at_s) for at_s in (1, 2))
        async with authenticated(relay, bob) as device:
            assert isinstance(await device.ask(f.PublishMoved, moved=first), f.Done)
            manifest = next_generation(rob, relay.address)
            assert isinstance(await register(device, rob, manifest), f.Done)
            assert await moved_of(wire, "bob") == first
            assert isinstance(await device.ask(f.PublishMoved, moved=second), f.Done)
            assert await moved_of(wire, "bob") == second


async def test_an_account_comes_back_to_the_name_that_it_had(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob = await registered(relay, "bob")
        rob = called(bob, "rob")
        async with authenticated(relay, bob) as device:
            await register(device, rob, next_generation(rob, relay.address))
            await device.ask(f.PublishMoved, moved=moved_from(rob, "bob", relay, at_s=2))
            again = called(rob, "bob")
            manifest = next_generation(again, relay.address, generation=3)
            assert isinstance(await register(device, again, manifest), f.Done)
        assert (await newest(wire, "bob")) == manifest
        assert await moved_of(wire, "bob") is None, "it is here again"
        (outcome,) = await deposit(wire, item(bob))
        assert outcome.outcome == f.Outcome.STORED


async def test_a_new_name_must_be_free_and_of_a_higher_generation_of_the_same_root(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        await registered(relay, "eve")
        here, rob = relay.address, called(bob, "rob")
        mallory = called(person("mallory"), "rob")
        refused = (
            (called(bob, "eve"), {"generation": 2}, WireCode.NAME_TAKEN),
            (rob, {"generation": 1}, WireCode.CONFLICT),
            (called(bob, "bob"), {"generation": 2}, WireCode.CONFLICT),
            # Another root key, which lists bob's device as its own.
            (mallory, {"generation": 9, "others": (bob,)}, WireCode.CONFLICT),
        )
        async with authenticated(relay, bob) as device:
            for who, signed, code in refused:
                manifest = next_generation(replace(who), here, **signed)
                assert code_of(await register(device, who, manifest)) == code
            assert isinstance(await device.ask(f.Subscribe), f.Done), "all is as it was"


async def test_a_new_name_needs_an_invite_where_any_name_does(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        here = relay.address
    async with (
        relay_at(tmp_path, open_registration=False) as relay,
        authenticated(relay, bob, authority=here.authority) as device,
    ):
        rob = called(bob, "rob")
        answer = await register(device, rob, next_generation(rob, here))
        assert code_of(answer) == WireCode.INVITE_REQUIRED


async def test_deleting_an_account_takes_all_its_names(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob, eve = await registered(relay, "bob"), await registered(relay, "eve")
        rob = called(bob, "rob")
        async with authenticated(relay, bob) as device:
            manifest = next_generation(rob, relay.address)
            await register(device, rob, manifest)
            signature = signing.sign_deletion(rob.account.account, manifest.hash)
            assert isinstance(await device.ask(f.DeleteAccount, signature=signature), f.Done)
        for name in ("bob", "rob"):
            answer = await wire.ask(f.FetchManifest, name=name, since_sequence=0)
            assert code_of(answer) == WireCode.NOT_FOUND
        kept = {row[0] for row in await sql(relay, "SELECT hash FROM gone_names")}
        assert kept == {gone_name_hash(AccountName(name)) for name in ("bob", "rob")}
        (outcome,) = await deposit(wire, item(eve))
        assert outcome.outcome == f.Outcome.STORED
