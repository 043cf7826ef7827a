"""Sealing to a public key: HPKE with X-Wing (ML-KEM-768 and X25519), by the `cryptography` library.

Suite: MLKEM768_X25519, HKDF-SHA-256, ChaCha20-Poly1305, base mode, single shot. Rule: the library
has no exporter, so who needs further keys seals a secret and derives them from it. A pair is its
32-byte seed. Source: RFC 9180, draft-ietf-hpke-pq, draft-connolly-cfrg-xwing-kem.
Spec: docs/cryptography.md, section 11.
"""

from __future__ import annotations

from hashlib import shake_256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from restante.crypto.keys import KemKey, KemSeed, XWingKey, XWingSeed
from restante.errors import CryptoError

OVERHEAD_BYTES: Final = 1136
"""Encapsulated key 1,120 (ML-KEM ciphertext 1,088, X25519 key 32) and the AEAD's tag 16."""

_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def public_key(seed: XWingSeed) -> XWingKey:
    """Return the public half: ML-KEM-768 key 1184 B || X25519 key 32 B."""
    kem, curve = _private_parts(seed)
    return XWingKey(kem.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw())


def seal(key: XWingKey, plaintext: bytes, *, info: bytes) -> bytes:
    """Return `encapsulated key 1120 B || ciphertext`, 1136 bytes longer than `plaintext`.

    Raises CryptoError if `key` is none: a coefficient beyond the modulus, a point of low order.
    """
    kem, curve = key.raw[: KemKey.SIZE], key.raw[KemKey.SIZE :]
    try:
        public = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(kem), X25519PublicKey.from_public_bytes(curve)
        )
        return _SUITE.encrypt(plaintext, public, info=info)
    except ValueError:
        raise CryptoError("a public key was refused") from None


def open_sealed(seed: XWingSeed, sealed: bytes, *, info: bytes) -> bytes:
    """Return the plaintext. Raises CryptoError for what wasn't sealed to this key and info."""
    private = MLKEM768X25519PrivateKey(*_private_parts(seed))
    try:
        return _SUITE.decrypt(sealed, private, info=info)
    except (InvalidTag, ValueError):
        raise CryptoError("a ciphertext was refused") from None


def _private_parts(seed: XWingSeed) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    expanded = shake_256(seed.raw).digest(KemSeed.SIZE + 32)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[: KemSeed.SIZE]),
        X25519PrivateKey.from_private_bytes(expanded[KemSeed.SIZE :]),
    )
