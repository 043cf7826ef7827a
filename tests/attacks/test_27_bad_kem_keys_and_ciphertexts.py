"""Attack 27: ML-KEM keys with coefficients beyond the modulus, and short or damaged ciphertexts.

Held by: keys are checked before use, sizes by their types, and a damaged ciphertext yields a
secret that opens nothing; each is refused as a `CryptoError`, and never crashes.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from restante.crypto import hello, kem, ratchet, signing
from restante.crypto.keys import KemCiphertext, KemKey, KemSeed
from restante.crypto.stored_session import serialise
from restante.errors import CryptoError
from restante.protocol.manifest import PrekeyKind
from tests.crypto.people import (
    NOW_S,
    RANDOM,
    SOME_HEADS,
    a_person,
    begin,
    meet,
    open_hello,
    open_message,
    seal,
)

Q = 3329


def beyond_the_modulus(key: KemKey, at: int, value: int) -> KemKey:
    """Return `key` with one of its 768 coefficients (12 bits each) set to `value`."""
    packed = int.from_bytes(key.raw[:1152], "little")
    mask = 0xFFF << (12 * at)
    packed = packed & ~mask | value << (12 * at)
    return KemKey(packed.to_bytes(1152, "little") + key.raw[1152:])


@pytest.mark.parametrize("value", [Q, Q + 1, 4095])
@pytest.mark.parametrize("at", [0, 1, 255, 256, 767])
def test_a_key_beyond_the_modulus_is_refused_everywhere(at: int, value: int) -> None:
    alice, bob = a_person("alice"), a_person("bob")
    bad = beyond_the_modulus(kem.KemKeyPair(KemSeed(RANDOM.random(64))).public, at, value)
    with pytest.raises(CryptoError):
        kem.encapsulate(bad)
    prekey = signing.sign_prekey(
        bob.device.signing,
        PrekeyKind.KEM_ONE_TIME,
        prekey_id=9,
        key=bad.raw,
        expires_at_s=NOW_S + 1,
    )
    with pytest.raises(CryptoError):
        begin(alice, bob, bundle=msgspec.structs.replace(bob.bundle(), kem=prekey))

    alices, bobs = meet(alice, bob)
    header = replace(ratchet.send(alices.ratchet, SOME_HEADS)[1], kem_key=bad)
    place = ratchet.locate(bobs.ratchet, seal(alices, b"").envelope[:16])  # type: ignore[arg-type]
    assert place is not None
    with pytest.raises(CryptoError):
        ratchet.receive(RANDOM, bobs.ratchet, place, header, now_s=NOW_S)


@pytest.mark.parametrize("size_bytes", [0, 1, 1087, 1089, 1184])
def test_a_ciphertext_of_another_size_is_refused(size_bytes: int) -> None:
    pair = kem.KemKeyPair(KemSeed(RANDOM.random(64)))
    with pytest.raises(CryptoError):
        pair.decapsulate(KemCiphertext(bytes(size_bytes)))
    with pytest.raises(CryptoError):
        KemKey(bytes(size_bytes if size_bytes != 1184 else 1183))


def test_a_prekey_of_another_size_is_refused() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    for key in (b"\x01" * 32, b"\x01" * 1183):
        prekey = signing.sign_prekey(
            bob.device.signing,
            PrekeyKind.KEM_ONE_TIME,
            prekey_id=9,
            key=key,
            expires_at_s=NOW_S + 1,
        )
        with pytest.raises(CryptoError):
            begin(alice, bob, bundle=msgspec.structs.replace(bob.bundle(), kem=prekey))


def test_a_damaged_ciphertext_yields_an_unrelated_secret() -> None:
    pair = kem.KemKeyPair(KemSeed(RANDOM.random(64)))
    ciphertext, secret = kem.encapsulate(pair.public)
    assert pair.decapsulate(ciphertext) == secret
    for at in range(0, 1088, 64):
        damaged = bytearray(ciphertext.raw)
        damaged[at] ^= 1
        assert pair.decapsulate(KemCiphertext(bytes(damaged))) != secret


def test_a_hello_with_another_ciphertext_and_a_fitting_tag_does_not_open() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), b"hello").envelope
    parsed = hello.parse(sealed, bob.device.device_id)
    assert parsed is not None
    secrets = bob.secrets_for(parsed.references)
    other, _ = kem.encapsulate(secrets.kem.public)
    references = hello.references(
        bob.device.device_id,
        parsed.ephemeral,
        signed_prekey_id=parsed.references.signed_prekey_id,
        one_time_id=parsed.references.one_time_id,
        kem_prekey_id=parsed.references.kem_prekey_id,
        kem_ciphertext=other,
    )
    forged = replace(parsed, references=references, kem_ciphertext=other).pack() + sealed[9380:]
    with pytest.raises(CryptoError):
        open_hello(bob, forged)


def test_a_step_with_a_damaged_ciphertext_leaves_the_state_as_it_was() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    damaged = KemCiphertext(RANDOM.random(1088))
    own = replace(alices.ratchet.own, kem_ciphertext=damaged)
    lying = replace(alices, ratchet=replace(alices.ratchet, own=own))
    before = serialise(bobs)
    with pytest.raises(CryptoError):
        open_message(bobs, seal(lying, b"").envelope)
    assert serialise(bobs) == before
    assert open_message(bobs, seal(alices, b"whole").envelope).content == b"whole"
