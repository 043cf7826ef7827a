"""Manifests, prekeys, heartbeats and logins: what verifies, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from restante.crypto import own_keys, signing
from restante.crypto.signatures import (
    ManifestForkError,
    ManifestRollbackError,
    accept_manifest,
    verify_authentication,
    verify_bundle,
    verify_heartbeat,
    verify_manifest,
    verify_prekey,
)
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import encode
from restante.protocol.manifest import (
    DeviceFlag,
    ManifestBody,
    PrekeyKind,
    SignedManifest,
)
from tests.crypto.history import ADDRESS, History
from tests.crypto.people import DAY_S, NOW_S, RANDOM, a_person

if TYPE_CHECKING:
    from restante.crypto.own_keys import AccountSecrets, DeviceSecrets


def signed_body(account: AccountSecrets, body: ManifestBody) -> SignedManifest:
    return signing.sign_manifest(account.account, body, certificate=account.certificate)


def test_a_manifest_says_who_where_and_which_devices() -> None:
    history = History()
    manifest = history.sign()
    assert manifest.root == signing.root_key(history.account.root)
    assert manifest.address == ADDRESS
    assert [device.entry for device in manifest.devices] == [history.entry]
    device = manifest.device(history.device.key.raw)
    assert device.device_id == history.device.device_id
    assert device.identity == history.device.identity.public
    with pytest.raises(CryptoError):
        manifest.device(bytes(32))
    again = verify_manifest(SignedManifest.from_bytes(manifest.signed.to_bytes()))
    assert again == manifest


def test_every_part_of_a_manifest_is_covered_by_a_signature() -> None:
    manifest = History().sign().signed
    for field in ("certificate_body", "certificate_signature", "body", "signature"):
        good = getattr(manifest, field)
        for index in range(len(good)):
            damaged = bytearray(good)
            damaged[index] ^= 1
            with pytest.raises((CryptoError, RemoteProtocolError)):
                verify_manifest(msgspec.structs.replace(manifest, **{field: bytes(damaged)}))


def test_a_manifest_that_contradicts_itself_is_refused() -> None:
    history = History()
    body = history.sign().signed.manifest()
    change = msgspec.structs.replace
    second = own_keys.generate_device(RANDOM)
    capability = change(history.entry, flags=int(DeviceFlag.CAPABILITY_KEY))
    stranger = change(history.entry, identity_key=second.identity.public.raw)
    wrong = [
        change(body, generation=2),
        change(body, sequence=2),
        change(body, previous=b"\x01" * 32),
        change(body, address="Alice@relay"),
        change(body, devices=[history.entry, history.entry]),
        change(body, devices=[capability]),
        change(body, devices=[change(history.entry, mailbox=None)]),
        change(body, devices=[stranger]),
    ]
    for each in wrong:
        with pytest.raises(CryptoError):
            verify_manifest(signed_body(history.account, each))
    assert verify_manifest(
        signed_body(history.account, change(body, devices=[change(capability, mailbox=None)]))
    )
    with pytest.raises(RemoteProtocolError):
        verify_manifest(signed_body(history.account, change(body, devices=[])))


def test_a_device_that_an_account_did_not_sign_is_not_in_its_manifest() -> None:
    history, mallory = History(), History()
    body = encode(mallory.sign().signed.manifest())
    forged = msgspec.structs.replace(history.sign().signed, body=body)
    with pytest.raises(CryptoError):
        verify_manifest(forged)


def test_a_longer_unbroken_chain_is_accepted() -> None:
    links = History().chain(5)
    assert accept_manifest(None, links[:1]) == links[0].position()
    assert accept_manifest(links[0].position(), links[1:]) == links[4].position()
    assert accept_manifest(links[1].position(), links) == links[4].position()
    assert accept_manifest(links[4].position(), links[4:]) == links[4].position()
    assert accept_manifest(links[4].position(), links) == links[4].position()
    assert accept_manifest(None, links[2:]) == links[4].position()


def test_a_chain_with_a_hole_or_of_another_account_is_refused() -> None:
    history = History()
    links = history.chain(4)
    for hole in (links[2:], links[3:], [links[1], links[3]]):
        with pytest.raises(CryptoError):
            accept_manifest(links[0].position(), hole)
    broken = history.sign(sequence=3, previous=links[0])
    with pytest.raises(CryptoError):
        accept_manifest(links[1].position(), [broken])
    with pytest.raises(CryptoError):
        accept_manifest(links[0].position(), History().chain(2))
    with pytest.raises(CryptoError):
        accept_manifest(links[0].position(), [])


def test_an_older_manifest_is_a_rollback_and_a_second_one_a_fork() -> None:
    history = History()
    links = history.chain(3)
    with pytest.raises(ManifestRollbackError):
        accept_manifest(links[2].position(), links[:2])
    fork = history.sign(sequence=3, previous=links[1], now_s=NOW_S + 1)
    with pytest.raises(ManifestForkError):
        accept_manifest(links[2].position(), [fork])


def test_a_recovery_supersedes_every_chain_of_a_lower_generation() -> None:
    history = History()
    links = history.chain(3)
    history.recover()
    recovered = history.sign(generation=2)
    after = history.sign(generation=2, sequence=2, previous=recovered)
    assert accept_manifest(links[2].position(), [recovered, after]) == after.position()
    with pytest.raises(ManifestRollbackError):
        accept_manifest(after.position(), links)


def test_a_bundle_holds_signed_unexpired_prekeys_of_the_right_kinds() -> None:
    bob = a_person("bob")
    bundle = bob.bundle()
    verified = verify_bundle(bundle, now_s=NOW_S)
    assert verified.signed.raw == bundle.signed.key
    assert verified.kem.raw == bundle.kem.key
    assert bundle.one_time is not None
    assert verified.one_time is not None
    assert verified.one_time.raw == bundle.one_time.key
    stranger = verify_bundle(bob.bundle(one_time=False), now_s=NOW_S)
    assert (stranger.one_time, stranger.one_time_id) == (None, None)
    with pytest.raises(CryptoError):
        verify_bundle(bundle, now_s=NOW_S + own_keys.PREKEY_TTL_S)


def test_a_heartbeat_counts_for_its_manifest_and_from_its_devices_only() -> None:
    history, mallory = History(), History()
    manifest = history.sign()
    beat = signing.sign_heartbeat(history.device.signing, manifest.head, at_s=NOW_S)
    verify_heartbeat(beat, manifest)
    stolen = signing.sign_heartbeat(mallory.device.signing, manifest.head, at_s=NOW_S)
    later = msgspec.structs.replace(beat, at_s=NOW_S + DAY_S)
    other = signing.sign_heartbeat(history.device.signing, mallory.sign().head, at_s=NOW_S)
    for wrong in (stolen, later, other):
        with pytest.raises(CryptoError):
            verify_heartbeat(wrong, manifest)


def test_a_capability_key_vouches_for_nothing() -> None:
    history, key = History(), own_keys.generate_device(RANDOM)
    listed = own_keys.capability_entry(key, grant=bytes(32), now_s=NOW_S)
    manifest = verify_manifest(
        own_keys.make_manifest(
            history.account, address=ADDRESS, devices=[history.entry, listed], now_s=NOW_S
        )
    )
    assert manifest.device_by_id(key.device_id).entry.is_capability_key
    with pytest.raises(CryptoError):
        manifest.device_by_id(own_keys.generate_device(RANDOM).device_id)
    beat = signing.sign_heartbeat(key.signing, manifest.head, at_s=NOW_S)
    with pytest.raises(CryptoError):
        verify_heartbeat(beat, manifest)


def test_a_login_is_for_one_relay_one_challenge_and_one_device() -> None:
    device: DeviceSecrets = a_person("bob").device
    other = a_person("alice").device
    nonce = bytes(32)
    signature = signing.sign_authentication(
        device.signing, authority="relay.example:443", nonce=nonce
    )
    authority = "relay.example:443"
    verify_authentication(device.key, authority=authority, nonce=nonce, signature=signature)
    for wrong in (
        {"authority": "evil.example:443"},
        {"nonce": b"\x01" * 32},
        {"key": other.key},
        {"signature": signature[:-1]},
        {"signature": signature[:-1] + bytes([signature[-1] ^ 1])},
    ):
        right = {
            "key": device.key,
            "authority": authority,
            "nonce": nonce,
            "signature": signature,
        }
        with pytest.raises(CryptoError):
            verify_authentication(**{**right, **wrong})  # type: ignore[arg-type]


def test_a_prekey_of_another_device_is_refused() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    prekey = bob.bundle().signed
    verify_prekey(prekey, bob.device.key)
    with pytest.raises(CryptoError):
        verify_prekey(prekey, alice.device.key)


def test_a_refill_has_only_one_time_prekeys_with_fresh_ids() -> None:
    device = a_person("bob").device
    first = own_keys.generate_prekeys(
        RANDOM, device, first_id=1, now_s=NOW_S, one_time=3, kem_one_time=2
    )
    refill = own_keys.generate_prekeys(
        RANDOM, device, first_id=8, now_s=NOW_S, reusable=False, one_time=2, kem_one_time=1
    )
    assert [key.public.id for key in first + refill] == list(range(1, 11))
    assert {key.kind for key in refill} == {PrekeyKind.ONE_TIME, PrekeyKind.KEM_ONE_TIME}
    for key in first + refill:
        verify_prekey(key.public, device.key)
