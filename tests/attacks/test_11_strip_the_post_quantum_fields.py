"""Attack 11: the KEM is taken out of a handshake or a step, and a quantum computer does the rest.

Held by: a bundle without a KEM prekey doesn't parse, and the KEM's secret enters every key, so
that whoever knows all the X25519 secrets still opens nothing.
"""

from __future__ import annotations

import hmac

import pytest

from restante.crypto import aead, dh, envelope, handshake, hello, kdf
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import IntroductionKey, KemSecret, KemSeed, RatchetRoot, SharedSecret
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.protocol.ids import labelled
from restante.protocol.manifest import PrekeyBundle
from tests.crypto.people import RANDOM, a_person, begin, open_hello, seal


def expand(salt: bytes, secret: bytes, purpose: str) -> bytes:
    """HKDF-SHA256 of one block, by hand."""
    extracted = hmac.digest(salt, secret, "sha256")
    return hmac.digest(extracted, labelled(purpose) + b"\x01", "sha256")


def test_a_bundle_without_a_kem_prekey_is_none() -> None:
    bundle = a_person("bob").bundle()
    one_time = bundle.one_time
    assert one_time is not None
    parts = [encode(part) for part in (bundle.signed, one_time)]
    signed, single = (decode(part, list) for part in parts)
    for stripped in ([bundle.signing_key, signed, None, single], [bundle.signing_key, signed]):
        with pytest.raises(RemoteProtocolError):
            decode(encode(stripped), PrekeyBundle)


def test_all_x25519_secrets_together_do_not_open_an_introduction() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), b"hello").envelope
    parsed = hello.parse(sealed, bob.device.device_id)
    assert parsed is not None
    secrets = bob.secrets_for(parsed.references)
    assert secrets.one_time is not None
    transcript = handshake._hello_transcript(
        parsed.references,
        ephemeral=parsed.ephemeral,
        kem_ciphertext=parsed.kem_ciphertext,
        recipient_key=bob.device.key,
        recipient=bob.device.device_id,
        recipient_identity=bob.device.identity.public,
        recipient_head=bob.manifest.head,
        signed=secrets.signed.public,
        one_time=secrets.one_time.public,
        kem=secrets.kem.public,
    )
    known = b"\xff" * 32
    for pair in (bob.device.identity, secrets.signed, secrets.one_time):
        known += dh.agree(pair.secret, parsed.ephemeral).raw
    truth = secrets.kem.decapsulate(parsed.kem_ciphertext).raw
    data = labelled("introduction-data", b"\x01", parsed.references.tag)
    for guess in (b"", bytes(32)):
        key = IntroductionKey(expand(transcript, known + guess, "introduction"))
        with pytest.raises(CryptoError):
            aead.open_sealed(key, parsed.sealed_introduction, associated=data)
    right = IntroductionKey(expand(transcript, known + truth, "introduction"))
    assert aead.open_sealed(right, parsed.sealed_introduction, associated=data)


def test_a_hello_does_not_open_with_another_kem_secret() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), b"hello").envelope
    references = envelope.hello_references(sealed, bob.device.device_id)
    assert references is not None
    secrets = bob.secrets_for(references)
    wrong = handshake.HelloSecrets(
        signed=secrets.signed,
        one_time=secrets.one_time,
        kem=KemKeyPair(KemSeed(RANDOM.random(64))),
    )
    with pytest.raises(CryptoError):
        open_hello(bob, sealed, secrets=wrong)


def test_the_kem_secret_enters_every_step_of_the_ratchet() -> None:
    root, agreed = RatchetRoot(bytes(32)), SharedSecret(bytes(32))
    one = kdf.root_step(root, agreed, KemSecret(bytes(32)))
    other = kdf.root_step(root, agreed, KemSecret(b"\x01" * 32))
    assert all(key != another for key, another in zip(one, other, strict=True))
