"""The primitives agree with the published vectors and refuse what they must."""

from __future__ import annotations

import hmac
import json
from itertools import pairwise
from typing import TYPE_CHECKING

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from restante.crypto import aead, dh, hpke, kdf, kem, labels
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
    XWingKey,
    XWingSeed,
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


def hpke_vector() -> dict[str, str]:
    """Return the published vector of our suite's KEM, KDF and AEAD (draft-ietf-hpke-pq)."""
    with cryptography_vectors.open_vector_file("HPKE/hpke-pq-test-vectors.json", "r") as file:
        found = [
            vector
            for vector in json.load(file)
            if (vector["mode"], vector["kem_id"], vector["kdf_id"], vector["aead_id"])
            == (0, 0x647A, 1, 3)
        ]
    (vector,) = found
    return vector


def test_hpke_is_x_wing_as_published() -> None:
    vector = hpke_vector()
    seed = XWingSeed(bytes.fromhex(vector["skRm"]))
    assert hpke.public_key(seed).raw.hex() == vector["pkRm"]
    # Its messages have associated data, which ours have not: seal one under its key and nonce.
    key = ChaCha20Poly1305(bytes.fromhex(vector["key"]))
    ciphertext = key.encrypt(bytes.fromhex(vector["base_nonce"]), b"secret", None)
    sealed = bytes.fromhex(vector["enc"]) + ciphertext
    opened = hpke.open_sealed(seed, sealed, info=bytes.fromhex(vector["info"]))
    assert opened == b"secret"


def test_hpke_opens_with_its_key_and_info_only() -> None:
    seed, other = (XWingSeed(RANDOM.random(32)) for _ in range(2))
    sealed = RANDOM.seal_to(hpke.public_key(seed), b"secret", info=b"info")
    assert len(sealed) == len(b"secret") + hpke.OVERHEAD_BYTES
    assert hpke.open_sealed(seed, sealed, info=b"info") == b"secret"
    wrong: list[tuple[XWingSeed, bytes, bytes]] = [(other, sealed, b"info"), (seed, sealed, b"")]
    wrong += [(seed, sealed[:size], b"info") for size in (0, 1, 1088, 1119, 1120, 1136, 1141)]
    low_order = sealed[:1088] + bytes(32) + sealed[1120:]
    wrong += [(seed, low_order, b"info"), (seed, sealed + b"\x00", b"info")]
    for at in range(0, len(sealed), 53):
        damaged = bytearray(sealed)
        damaged[at] ^= 1
        wrong.append((seed, bytes(damaged), b"info"))
    for key, each, info in wrong:
        with pytest.raises(CryptoError):
            hpke.open_sealed(key, each, info=info)


def test_a_bad_x_wing_key_is_refused() -> None:
    good = hpke.public_key(XWingSeed(RANDOM.random(32))).raw
    for bad in (b"\xff" * 1216, good[:1184] + bytes(32), b"\xff" * 384 + good[384:]):
        with pytest.raises(CryptoError):
            hpke.seal(XWingKey(bad), b"secret", info=b"")
