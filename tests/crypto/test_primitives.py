"""The primitives agree with the published vectors and refuse what they must."""

from __future__ import annotations

import hmac
from itertools import pairwise
from typing import TYPE_CHECKING

import cryptography_vectors
import pytest

from restante.crypto import aead, dh, kdf, kem, labels
from restante.crypto.keys import (
    ChainKey,
    HeaderKey,
    IdentitySecret,
    KemCiphertext,
    KemKey,
    KemSecret,
    KemSeed,
    MessageKey,
    RatchetKey,
    RatchetRoot,
    RatchetSecret,
    SharedSecret,
)
from restante.crypto.randomness import SystemRandomness
from restante.errors import CryptoError

if TYPE_CHECKING:
    from collections.abc import Iterator

RANDOM = SystemRandomness()


def records(*path: str) -> Iterator[dict[str, bytes]]:
    """Yield the records of a NIST-style vector file whose values are hexadecimal."""
    record: dict[str, bytes] = {}
    with cryptography_vectors.open_vector_file("/".join(path), "r") as file:
        for line in file:
            name, equals, value = line.partition("=")
            if not equals:
                continue
            if name.strip().lower() == "count" and record:
                yield record
                record = {}
            try:
                record[name.strip()] = bytes.fromhex(value.strip())
            except ValueError:
                record[name.strip()] = value.strip().encode()
    yield record


def hkdf_by_hand(salt: bytes, secret: bytes, info: bytes, size_bytes: int) -> bytes:
    """RFC 5869 written out with the standard library alone."""
    pseudorandom = hmac.digest(salt, secret, "sha256")
    out, block, counter = b"", b"", 1
    while len(out) < size_bytes:
        block = hmac.digest(pseudorandom, block + info + bytes([counter]), "sha256")
        out += block
        counter += 1
    return out[:size_bytes]


def test_x25519_passes_the_vectors_of_rfc_7748() -> None:
    seen = 0
    for record in records("asymmetric", "X25519", "rfc7748.txt"):
        if {"INPUT_SCALAR", "INPUT_U", "OUTPUT_U"} <= record.keys():
            secret = RatchetSecret(record["INPUT_SCALAR"])
            assert dh.agree(secret, RatchetKey(record["INPUT_U"])).raw == record["OUTPUT_U"]
            seen += 1
    assert seen >= 2


def test_both_sides_of_an_agreement_get_one_secret() -> None:
    alice = dh.generate_identity_pair(RANDOM)
    bob = dh.generate_ratchet_pair(RANDOM)
    carol = dh.generate_ephemeral_pair(RANDOM)
    assert dh.agree(alice.secret, bob.public) == dh.agree(bob.secret, alice.public)
    assert dh.agree(alice.secret, carol.public) == dh.agree(carol.secret, alice.public)
    assert dh.identity_pair(IdentitySecret(alice.secret.raw)) == alice


def test_our_kem_decapsulates_every_published_vector() -> None:
    seen = 0
    for record in records("asymmetric", "MLKEM", "kat_MLKEM_768.rsp"):
        pair = kem.KemKeyPair(KemSeed(record["d"] + record["z"]))
        assert pair.public.raw == record["pk"]
        assert pair.decapsulate(KemCiphertext(record["ct"])).raw == record["ss"]
        if "ct_n" in record and len(record["ct_n"]) == KemCiphertext.SIZE:
            assert pair.decapsulate(KemCiphertext(record["ct_n"])).raw == record["ss_n"]
        seen += 1
        if seen == 200:
            break
    assert seen == 200


def test_a_kem_pair_is_its_seed() -> None:
    pair = kem.KemKeyPair(KemSeed(RANDOM.random(64)))
    ciphertext, secret = RANDOM.encapsulate(pair.public)
    again = kem.KemKeyPair(KemSeed(pair.seed.raw))
    assert again == pair
    assert again != kem.KemKeyPair(KemSeed(bytes(64)))
    assert again != pair.seed
    assert again.decapsulate(ciphertext) == secret
    assert "redacted" in repr(pair)
    with pytest.raises(AttributeError):
        pair.seed = KemSeed(bytes(64))
    with pytest.raises(TypeError):
        hash(pair)


def test_a_kem_key_beyond_the_modulus_is_refused() -> None:
    with pytest.raises(CryptoError):
        RANDOM.encapsulate(KemKey(b"\xff" * KemKey.SIZE))


def test_a_sealed_text_opens_only_with_its_key_and_data() -> None:
    key = HeaderKey(RANDOM.random(32))
    sealed = aead.seal(key, b"text", associated=b"data", randomness=RANDOM)
    assert len(sealed) == 4 + aead.OVERHEAD_BYTES
    assert aead.open_sealed(key, sealed, associated=b"data") == b"text"
    for wrong in (b"", sealed[:39], sealed[:-1], sealed + b"\x00", bytes(len(sealed))):
        with pytest.raises(CryptoError):
            aead.open_sealed(key, wrong, associated=b"data")
    with pytest.raises(CryptoError):
        aead.open_sealed(key, sealed, associated=b"date")
    with pytest.raises(CryptoError):
        aead.open_sealed(HeaderKey(bytes(32)), sealed, associated=b"data")


def test_hkdf_by_hand_passes_rfc_5869() -> None:
    record = next(records("KDF", "rfc-5869-HKDF-SHA256.txt"))
    out = hkdf_by_hand(record["salt"], record["IKM"], record["info"], 42)
    assert out == record["OKM"]


def test_every_derivation_is_the_one_that_is_written_down() -> None:
    first, second, third, fourth = (SharedSecret(bytes([n]) * 32) for n in (1, 2, 3, 4))
    secret, root = KemSecret(b"\x05" * 32), RatchetRoot(b"\x06" * 32)
    transcript = b"\x07" * 32
    prefix = b"\xff" * 32

    opened = kdf.introduction_key(transcript, (second, third, fourth), secret)
    ikm = prefix + second.raw + third.raw + fourth.raw + secret.raw
    assert opened.raw == hkdf_by_hand(transcript, ikm, b"restante/v1/introduction\x00", 32)

    keys = kdf.session_keys(transcript, (first, second, third), secret)
    ikm = prefix + first.raw + second.raw + third.raw + secret.raw
    out = hkdf_by_hand(transcript, ikm, b"restante/v1/session\x00", 96)
    assert b"".join(key.raw for key in keys) == out

    stepped = kdf.root_step(root, first, secret)
    out = hkdf_by_hand(root.raw, first.raw + secret.raw, b"restante/v1/root\x00", 96)
    assert b"".join(key.raw for key in stepped) == out

    chain, message = kdf.chain_step(ChainKey(b"\x08" * 32))
    assert chain.raw == hmac.digest(b"\x08" * 32, b"\x02", "sha256")
    assert message.raw == hmac.digest(b"\x08" * 32, b"\x01", "sha256")
    body = kdf.body_key(MessageKey(b"\x09" * 32))
    assert body.raw == hkdf_by_hand(bytes(32), b"\x09" * 32, b"restante/v1/message\x00", 32)


def test_no_label_is_the_beginning_of_another() -> None:
    every = sorted(
        value
        for name, value in vars(labels).items()
        if isinstance(value, bytes) and name != "SUITE_BYTE"
    )
    assert len(every) >= 18
    for shorter, longer in pairwise(every):
        assert not longer.startswith(shorter)
        assert shorter.isascii()
        assert shorter.endswith(b"\x00")
