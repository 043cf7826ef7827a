"""Accounts: what a relay takes from a device, and what it refuses, each with its code."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from restante.crypto import own_keys, signing
from restante.crypto.randomness import SystemRandomness
from restante.errors import WireCode
from restante.protocol import frames as f
from restante.protocol.address import RelayAddress
from restante.protocol.limits import BUCKET_TOKENS
from restante.protocol.manifest import Prekey, PrekeyKind
from restante.relay.limits import Limits
from restante.store.relay_codes import Invite, add_invite
from tests.relay.answers import code_of
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


async def _register(wire: Wire, who: Person, relay: RelayAddress, **changed: Any) -> Any:
    fields: dict[str, Any] = {
        "name": who.name,
        "invite": None,
        "manifest": who.manifest(relay).to_bytes(),
        "tokens": who.hashes,
    }
    return await wire.ask(f.Register, **(fields | changed))


async def test_registration_is_closed_without_an_invite(tmp_path: Path) -> None:
    async with relay_at(tmp_path, open_registration=False) as relay:
        good, used_up, late = (os.urandom(8) for _ in range(3))
        soon = int(time.time()) + 1000
        for secret, invite in (
            (good, Invite(uses_left=1, expires_at_s=soon)),
            (used_up, Invite(uses_left=0, expires_at_s=soon)),
            (late, Invite(uses_left=5, expires_at_s=1)),
        ):
            await relay.services.db.write(
                lambda tx, secret=secret, invite=invite: add_invite(tx, secret, invite)
            )
        bob = person("bob")
        async with authenticated(relay, bob) as wire:
            for invite_secret in (None, os.urandom(8), used_up, late):
                answer = await _register(wire, bob, relay.address, invite=invite_secret)
                assert code_of(answer) == WireCode.INVITE_REQUIRED
            assert isinstance(await _register(wire, bob, relay.address, invite=good), f.Done)
        eve = person("eve")
        async with authenticated(relay, eve) as wire:
            answer = await _register(wire, eve, relay.address, invite=good)
            assert code_of(answer) == WireCode.INVITE_REQUIRED, "an invite of one use, used"


async def test_an_account_has_the_quota_of_its_invite(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        secret, at_s = os.urandom(8), int(time.time()) + 1000
        invite = Invite(uses_left=1, expires_at_s=at_s, quota_bytes=3_000_000_000)
        await relay.services.db.write(lambda tx: add_invite(tx, secret, invite))
        await registered(relay, "bob", invite=secret)
        await registered(relay, "carol")

        quotas = dict(await sql(relay, "SELECT name, quota_bytes FROM accounts"))
        assert quotas == {"bob": 3_000_000_000, "carol": None}


async def test_a_refused_registration_does_not_use_up_its_invite(tmp_path: Path) -> None:
    async with relay_at(tmp_path, open_registration=False) as relay:
        secret = os.urandom(8)
        invite = Invite(uses_left=2, expires_at_s=int(time.time()) + 1000)
        await relay.services.db.write(lambda tx: add_invite(tx, secret, invite))
        await registered(relay, "bob", invite=secret)
        other = person("bob")
        async with authenticated(relay, other) as wire:
            answer = await _register(wire, other, relay.address, invite=secret)
            assert code_of(answer) == WireCode.NAME_TAKEN
        await registered(relay, "carol", invite=secret)


async def test_a_manifest_for_another_name_relay_or_device_iscode_of(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob, eve = person("bob"), person("eve")
        elsewhere = RelayAddress(host="elsewhere.example")
        damaged = bytearray(bob.manifest(relay.address).to_bytes())
        damaged[-1] ^= 1
        async with authenticated(relay, bob) as wire:
            for changed in (
                {"name": "rob"},
                {"manifest": bob.manifest(elsewhere).to_bytes()},
                {"manifest": eve.manifest(relay.address).to_bytes(), "name": "eve"},
                {"manifest": bytes(damaged)},
                {"manifest": b"\x93nothing"},
            ):
                answer = await _register(wire, bob, relay.address, **changed)
                assert code_of(answer) == WireCode.CONFLICT, changed
            assert isinstance(await _register(wire, bob, relay.address), f.Done)
            assert code_of(await _register(wire, bob, relay.address)) == WireCode.CONFLICT


async def test_a_key_or_mailbox_of_somebody_else_iscode_of(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        eve = person("eve")
        eve.mailbox = bob.mailbox
        async with authenticated(relay, eve) as wire:
            assert code_of(await _register(wire, eve, relay.address)) == WireCode.CONFLICT


async def test_manifests_follow_each_other_and_are_fetched_as_a_chain(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        chain = [bob.manifest(relay.address)]
        # The one that was registered has its own times: fetch it, and go on from there.
        async with anonymous(relay) as wire:
            found = await wire.ask(f.FetchManifest, name="bob", since_sequence=0)
            chain = [type(chain[0]).from_bytes(found.links[0])]
            assert found.heartbeat is None
        async with authenticated(relay, bob) as wire:
            for sequence in (2, 3, 4):
                following = bob.manifest(relay.address, sequence=sequence, previous=chain[-1].hash)
                chain.append(following)
                published = await wire.ask(f.PublishManifest, manifest=following.to_bytes())
                assert isinstance(published, f.Done)
            same = await wire.ask(f.PublishManifest, manifest=chain[-1].to_bytes())
            assert isinstance(same, f.Done), "the same again changes nothing"
            for bad in (
                bob.manifest(relay.address, sequence=6, previous=chain[-1].hash),
                bob.manifest(relay.address, sequence=5, previous=chain[-2].hash),
                chain[1],
                person("bob").manifest(relay.address),
            ):
                answer = await wire.ask(f.PublishManifest, manifest=bad.to_bytes())
                assert code_of(answer) == WireCode.CONFLICT
            beat = signing.sign_heartbeat(bob.device.signing, chain[-1].hash, at_s=77)
            assert isinstance(await wire.ask(f.PublishHeartbeat, heartbeat=beat), f.Done)
            stale = signing.sign_heartbeat(bob.device.signing, chain[0].hash, at_s=77)
            answer = await wire.ask(f.PublishHeartbeat, heartbeat=stale)
            assert code_of(answer) == WireCode.FORBIDDEN
        async with anonymous(relay) as wire:
            for since, expected in ((0, chain[3:]), (1, chain[1:]), (3, chain[3:]), (9, chain[3:])):
                found = await wire.ask(f.FetchManifest, name="bob", since_sequence=since)
                assert found.links == [link.to_bytes() for link in expected]
                assert found.heartbeat == beat
            answer = await wire.ask(f.FetchManifest, name="nobody", since_sequence=0)
            assert code_of(answer) == WireCode.NOT_FOUND


async def test_a_device_that_is_listed_no_more_is_cut_off_and_its_mailbox_emptied(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        first = bob.manifest(relay.address)
        other = own_keys.generate_device(SystemRandomness())
        async with anonymous(relay) as wire:
            await deposit(wire, item(bob))
            found = await wire.ask(f.FetchManifest, name="bob", since_sequence=0)
            first = type(first).from_bytes(found.links[0])
            entry = own_keys.device_entry(
                other,
                mailbox=type(bob.mailbox)(os.urandom(16)),
                now_s=int(time.time()),
            )
            second = bob.manifest(relay.address, sequence=2, previous=first.hash, devices=[entry])
            async with authenticated(relay, bob) as device:
                await device.ask(f.Subscribe)
                await device.send(f.PublishManifest(request=99, manifest=second.to_bytes()))
                assert (await device.closed()).code == WireCode.UNAUTHENTICATED
            (outcome,) = await deposit(wire, item(bob))
            assert outcome.outcome == f.Outcome.REFUSED
        async with authenticated(relay, bob) as device:
            answer = await device.ask(f.Subscribe)
            assert code_of(answer) == WireCode.FORBIDDEN
        assert await sql(relay, "SELECT count(*) FROM waiting") == [(0,)]


def _prekeys(bob: Person, *, one_time: int) -> list[Prekey]:
    made = own_keys.generate_prekeys(
        SystemRandomness(),
        bob.device,
        first_id=1,
        now_s=int(time.time()),
        one_time=one_time,
        kem_one_time=one_time,
    )
    return [secret.public for secret in made]


async def test_a_one_time_prekey_is_served_once_and_to_contacts_only(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with authenticated(relay, bob) as wire:
            published = await wire.ask(f.PublishPrekeys, prekeys=_prekeys(bob, one_time=2))
            assert isinstance(published, f.Done)
            state = await wire.ask(f.FetchPrekeyState)
            assert (state.one_time, state.kem_one_time, state.signed_id) == (2, 2, 1)
        ask = {"name": "bob", "devices": [bob.device.device_id]}
        async with anonymous(relay) as wire:
            for token in (None, os.urandom(16)):
                (bundle,) = (await wire.ask(f.FetchPrekeys, token=token, **ask)).bundles
                assert bundle.one_time is None
                assert bundle.kem.kind == PrekeyKind.KEM_LAST_RESORT
            seen = set()
            for _ in range(2):
                found = await wire.ask(f.FetchPrekeys, token=bob.tokens[5], **ask)
                (bundle,) = found.bundles
                assert bundle.kem.kind == PrekeyKind.KEM_ONE_TIME
                seen |= {bundle.one_time.id, bundle.kem.id}
            assert len(seen) == 4
            (bundle,) = (await wire.ask(f.FetchPrekeys, token=bob.tokens[5], **ask)).bundles
            assert bundle.one_time is None
            assert bundle.kem.kind == PrekeyKind.KEM_LAST_RESORT
            unlisted = {"name": "bob", "devices": [os.urandom(16)], "token": None}
            assert (await wire.ask(f.FetchPrekeys, **unlisted)).bundles == []
            answer = await wire.ask(
                f.FetchPrekeys, name="nobody", devices=[os.urandom(16)], token=None
            )
            assert code_of(answer) == WireCode.NOT_FOUND


async def test_prekeys_that_are_not_the_devices_own_arecode_of(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(one_time_prekeys=3)) as relay:
        bob = await registered(relay, "bob")
        mine, foreign = _prekeys(bob, one_time=1), _prekeys(person("eve"), one_time=1)
        relabelled = Prekey(
            kind=PrekeyKind.ONE_TIME,
            id=mine[0].id,
            key=mine[0].key,
            expires_at_s=mine[0].expires_at_s,
            signature=mine[0].signature,
        )
        expired = own_keys.generate_prekey(
            SystemRandomness(), bob.device, PrekeyKind.SIGNED, prekey_id=9, now_s=0
        ).public
        async with authenticated(relay, bob) as wire:
            for bad in (foreign, [relabelled], [expired], [*mine, foreign[0]]):
                answer = await wire.ask(f.PublishPrekeys, prekeys=bad)
                assert code_of(answer) == WireCode.FORBIDDEN
            assert (await wire.ask(f.FetchPrekeyState)).signed_id == 0, "all or nothing"
            answer = await wire.ask(f.PublishPrekeys, prekeys=_prekeys(bob, one_time=4))
            assert code_of(answer) == WireCode.FULL
            assert (await wire.ask(f.FetchPrekeyState)).one_time == 0


async def test_a_code_is_found_by_who_knows_its_id(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(codes_per_account=2)) as relay:
        bob, eve = await registered(relay, "bob"), await registered(relay, "eve")
        ids = [os.urandom(16) for _ in range(3)]
        async with authenticated(relay, bob) as wire:
            for number, lookup_id in enumerate(ids):
                sealed = bytes([number]) * 40
                await wire.ask(f.PublishCode, lookup_id=lookup_id, sealed=sealed)
        async with authenticated(relay, eve) as wire:
            answer = await wire.ask(f.PublishCode, lookup_id=ids[2], sealed=b"mine now")
            assert code_of(answer) == WireCode.CONFLICT
        async with anonymous(relay) as wire:
            assert (await wire.ask(f.FetchCode, lookup_id=ids[2])).sealed == b"\x02" * 40
            for gone in (ids[0], os.urandom(16)):
                answer = await wire.ask(f.FetchCode, lookup_id=gone)
                assert code_of(answer) == WireCode.NOT_FOUND


async def test_a_token_opens_the_contact_lane_until_it_is_retired(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        fresh = [os.urandom(32) for _ in range(BUCKET_TOKENS)]
        async with anonymous(relay) as sender, subscribed(relay, bob) as wire:
            await deposit(sender, item(bob, token=1))
            async with authenticated(relay, bob) as other:
                done = await other.ask(f.PublishTokens, live=fresh, retired=[bob.hashes[1]])
                assert isinstance(done, f.Done)
            (retired,) = await deposit(sender, item(bob, token=1))
            (forgotten,) = await deposit(sender, item(bob, token=2))
            assert retired.outcome == forgotten.outcome == f.Outcome.STORED
            lanes = [entry.lane for entry in await wire.delivered(3)]
            assert lanes == [f.Lane.CONTACT, f.Lane.REQUEST, f.Lane.REQUEST]


@pytest.mark.parametrize("kind", [f.Subscribe, f.FetchPrekeyState])
async def test_a_device_of_nobody_may_only_register(tmp_path: Path, kind: type[Any]) -> None:
    async with relay_at(tmp_path) as relay, authenticated(relay, person("bob")) as wire:
        assert code_of(await wire.ask(kind)) == WireCode.FORBIDDEN


async def test_a_capability_key_is_nobody_to_its_accounts_relay(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob, script = person("bob"), person("bob")
        listed = [
            own_keys.device_entry(bob.device, mailbox=bob.mailbox, now_s=1),
            own_keys.capability_entry(script.device, grant=bytes(32), now_s=1),
        ]
        manifest = bob.manifest(relay.address, devices=listed).to_bytes()
        async with authenticated(relay, script) as wire:
            answer = await _register(wire, bob, relay.address, manifest=manifest)
            assert code_of(answer) == WireCode.CONFLICT
        async with authenticated(relay, bob) as wire:
            answer = await _register(wire, bob, relay.address, manifest=manifest)
            assert isinstance(answer, f.Done)
        async with authenticated(relay, script) as wire:
            for kind in (f.Subscribe, f.FetchPrekeyState, f.FetchHoldings):
                assert code_of(await wire.ask(kind)) == WireCode.FORBIDDEN
            tokens = await wire.ask(f.PublishTokens, live=bob.hashes, retired=[])
            assert code_of(tokens) == WireCode.FORBIDDEN


async def test_what_is_held_is_told_to_its_own_account_alone(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob, carol = await registered(relay, "bob"), await registered(relay, "carol")
        async with authenticated(relay, bob) as wire:
            told = await wire.ask(f.FetchHoldings)
        shown = {text for held in told.tables for row in held.sample for text in row}
        assert {"bob", bob.mailbox.hex(), bob.device.device_id.hex()} <= shown
        assert not {"carol", carol.mailbox.hex(), carol.hashes[0].hex()} & shown
        async with authenticated(relay, person("nobody")) as wire:
            assert code_of(await wire.ask(f.FetchHoldings)) == WireCode.FORBIDDEN


async def test_all_that_is_held_is_not_asked_for_at_any_rate(tmp_path: Path) -> None:
    async with relay_at(tmp_path, limits=Limits(requests_per_account=1)) as relay:
        bob = await registered(relay, "bob")
        async with authenticated(relay, bob) as wire:
            assert isinstance(await wire.ask(f.FetchHoldings), f.Holdings)
            refused = await wire.ask(f.FetchHoldings)
            assert refused.code == WireCode.SLOW_DOWN
            assert refused.reason.endswith("(requests_per_account)")
            assert refused.retry_after_s > 1
