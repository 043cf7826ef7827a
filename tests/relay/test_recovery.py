"""Recovery: a name goes back to its root key, with all that was the lost devices' gone at once."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from restante.crypto import own_keys, signing
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.address import Address, RelayAddress, parse_name
from restante.protocol.ids import MailboxId
from restante.protocol.manifest import SignedManifest
from tests.relay.answers import code_of
from tests.relay.blob import Blob
from tests.relay.generations import RANDOM, anew, entry_of, next_generation, register
from tests.relay.wire import (
    Person,
    Wire,
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


async def test_a_recovered_account_has_new_devices_tokens_and_codes_and_the_old_none(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        lost = await registered(relay, "bob")
        code, blob = os.urandom(16), Blob()
        async with authenticated(relay, lost) as device:
            await device.ask(f.PublishCode, lookup_id=code, sealed=b"sealed")
            prekeys = own_keys.generate_prekeys(
                RANDOM, lost.device, first_id=1, now_s=int(time.time()), one_time=1, kem_one_time=1
            )
            await device.ask(f.PublishPrekeys, prekeys=[secret.public for secret in prekeys])
            await blob.put_all(device)
        await deposit(wire, item(lost))
        bob = anew(lost)
        async with subscribed(relay, lost) as thief, authenticated(relay, bob) as new:
            await thief.delivered(1, ack=False)
            manifest = next_generation(bob, relay.address)
            assert isinstance(await register(new, bob, manifest), f.Done)
            assert (await thief.closed()).code == WireCode.UNAUTHENTICATED
            assert isinstance(await new.ask(f.Subscribe), f.Done)
            await deposit(wire, item(bob))
            assert len(await new.delivered(1)) == 1
            assert (await blob.open(new)).received_bytes == len(blob.data), "blobs stay"
        # A token of the lost device's opens nothing any more, and its mailbox is nowhere.
        (outcome,) = await deposit(wire, item(lost))
        assert outcome.outcome == f.Outcome.REFUSED
        assert code_of(await wire.ask(f.FetchCode, lookup_id=code)) == WireCode.NOT_FOUND
        for who, count in ((lost, 0), (bob, 0)):
            found = await wire.ask(
                f.FetchPrekeys, name="bob", devices=[who.device.device_id], token=None
            )
            assert len(found.bundles) == count
        found = await wire.ask(f.FetchManifest, name="bob", since_sequence=0)
        assert found.links == [manifest.to_bytes()]
        async with authenticated(relay, lost) as thief:
            assert code_of(await thief.ask(f.Subscribe)) == WireCode.FORBIDDEN
        assert await sql(relay, "SELECT count(*) FROM waiting") == [(0,)]


async def test_a_device_that_the_recovery_lists_keeps_its_mailbox(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        kept = await registered(relay, "bob")
        waiting = item(kept)
        await deposit(wire, waiting)
        bob = anew(kept)
        async with authenticated(relay, bob) as new:
            manifest = next_generation(bob, relay.address, others=(kept,))
            assert isinstance(await register(new, bob, manifest), f.Done)
        async with subscribed(relay, kept) as device:
            (delivered,) = await device.delivered(1)
            assert delivered.id == waiting.id


async def test_a_name_goes_back_to_a_higher_generation_of_its_root_alone(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        lost = await registered(relay, "bob")
        thief = anew(lost)  # somebody with the account key, and without the root key
        eve = person("bob")  # somebody with a root key of their own
        refused: list[tuple[Person, Callable[[], SignedManifest]]] = [
            (eve, lambda: eve.manifest(relay.address)),
            (eve, lambda: next_generation(eve, relay.address, generation=9)),
            (thief, lambda: thief.manifest(relay.address)),
        ]
        for who, manifest in refused:
            async with authenticated(relay, who) as wire:
                answer = await register(wire, who, manifest())
                assert code_of(answer) == WireCode.NAME_TAKEN
        bob = anew(lost)
        async with authenticated(relay, bob) as wire:
            manifest = next_generation(bob, relay.address, generation=5)
            assert isinstance(await register(wire, bob, manifest), f.Done)
        for generation in (2, 4, 5):
            again = anew(lost)
            async with authenticated(relay, again) as wire:
                stale = next_generation(again, relay.address, generation=generation)
                assert code_of(await register(wire, again, stale)) == WireCode.NAME_TAKEN


async def test_after_a_recovery_the_old_account_key_signs_nothing(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        lost = await registered(relay, "bob")
        bob = anew(lost)
        async with authenticated(relay, bob) as wire:
            manifest = next_generation(bob, relay.address)
            assert isinstance(await register(wire, bob, manifest), f.Done)
            devices = [entry_of(bob), entry_of(lost)]
            for sequence, previous in ((2, manifest.hash), (1, bytes(32))):
                forged = own_keys.make_manifest(
                    lost.account,
                    sequence=sequence,
                    previous=type(manifest.hash)(previous),
                    address=Address(name=parse_name("bob"), relay=relay.address),
                    devices=devices,
                    now_s=int(time.time()),
                )
                answer = await wire.ask(f.PublishManifest, manifest=forged.to_bytes())
                assert code_of(answer) == WireCode.CONFLICT


async def test_a_recovery_needs_no_invite_and_uses_none_up(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        lost = await registered(relay, "bob")
        name = relay.address
    async with relay_at(tmp_path, open_registration=False) as relay:
        bob, eve = anew(lost), person("eve")
        async with authenticated(relay, eve, authority=name.authority) as wire:
            answer = await register(wire, eve, eve.manifest(name))
            assert code_of(answer) == WireCode.INVITE_REQUIRED
        async with authenticated(relay, bob, authority=name.authority) as wire:
            assert isinstance(await register(wire, bob, next_generation(bob, name)), f.Done)


async def test_a_recovery_with_somebody_elses_mailbox_changes_nothing(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        lost, eve = await registered(relay, "bob"), await registered(relay, "eve")
        bob = anew(lost)
        bob.mailbox = MailboxId(eve.mailbox)
        async with authenticated(relay, bob) as new:
            answer = await register(new, bob, next_generation(bob, relay.address))
            assert code_of(answer) == WireCode.CONFLICT
        (outcome,) = await deposit(wire, item(lost))
        assert outcome.outcome == f.Outcome.STORED
        async with subscribed(relay, lost) as device:
            assert len(await device.delivered(1)) == 1


# ---- a device that is listed no more (hidden or not) ------------------------------------------


async def test_a_revoked_device_can_do_nothing_from_that_moment(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay, anonymous(relay) as wire:
        bob = await registered(relay, "bob")
        stolen = replace(person("bob"), account=bob.account, tokens=bob.tokens)
        async with authenticated(relay, bob) as device, anonymous(relay) as reader:
            first = await _newest(reader, "bob")
            both = _following(bob, first, relay.address, bob, stolen)
            await device.ask(f.PublishManifest, manifest=both.to_bytes())
            async with subscribed(relay, stolen) as lost:
                blob = Blob()
                await blob.open(lost)
                alone = _following(bob, both, relay.address, bob)
                done = await device.ask(f.PublishManifest, manifest=alone.to_bytes())
                assert isinstance(done, f.Done)
                assert (await lost.closed()).code == WireCode.UNAUTHENTICATED
            asks: list[Callable[[Wire], Awaitable[Any]]] = [
                lambda it: it.ask(f.Subscribe),
                lambda it: it.ask(f.PublishManifest, manifest=both.to_bytes()),
                lambda it: it.ask(f.PublishTokens, live=bob.hashes, retired=[]),
                lambda it: it.ask(f.PublishCode, lookup_id=bytes(16), sealed=b"x"),
                lambda it: it.ask(f.FetchPrekeyState),
                lambda it: it.ask(f.PublishMoved, moved=b"x"),
                lambda it: it.ask(f.DeleteAccount, signature=_deletion(bob, alone)),
                lambda it: blob.put(it, 0),
            ]
            async with authenticated(relay, stolen) as lost:
                for ask in asks:
                    assert code_of(await ask(lost)) == WireCode.FORBIDDEN
                beat = signing.sign_heartbeat(stolen.device.signing, alone.hash, at_s=1)
                answer = await lost.ask(f.PublishHeartbeat, heartbeat=beat)
                assert code_of(answer) == WireCode.FORBIDDEN
            (outcome,) = await deposit(wire, item(stolen))
            assert outcome.outcome == f.Outcome.REFUSED
            found = await reader.ask(
                f.FetchPrekeys, name="bob", devices=[stolen.device.device_id], token=None
            )
            assert found.bundles == []
            # The relay itself shows the revocation and the link before it, unbroken.
            chain = await reader.ask(f.FetchManifest, name="bob", since_sequence=1)
            assert chain.links == [both.to_bytes(), alone.to_bytes()]


async def _newest(wire: Wire, name: str) -> SignedManifest:
    found = await wire.ask(f.FetchManifest, name=name, since_sequence=0)
    return SignedManifest.from_bytes(found.links[0])


def _following(
    who: Person, before: SignedManifest, relay: RelayAddress, *listed: Person
) -> SignedManifest:
    return who.manifest(
        relay,
        sequence=before.manifest().sequence + 1,
        previous=before.hash,
        devices=[entry_of(each) for each in listed],
    )


def _deletion(who: Person, newest: SignedManifest) -> bytes:
    return signing.sign_deletion(who.account.account, newest.hash)
