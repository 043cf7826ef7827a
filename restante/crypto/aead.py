"""Authenticated encryption: XChaCha20-Poly1305 by libsodium.

Rule: nonces are 24 random bytes and travel in front of the ciphertext, so that a state that was
rolled back (a restored snapshot) never repeats one. Knows no envelope.
Source: draft-irtf-cfrg-xchacha-03; libsodium's `_ietf` functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError as SodiumError

from restante.errors import CryptoError
from restante.protocol.envelope import MAC_BYTES, NONCE_BYTES

if TYPE_CHECKING:
    from restante.crypto.keys import AeadKey
    from restante.crypto.randomness import Randomness

OVERHEAD_BYTES: Final = NONCE_BYTES + MAC_BYTES


def seal(key: AeadKey, plaintext: bytes, *, associated: bytes, randomness: Randomness) -> bytes:
    """Return `nonce 24 B || ciphertext` of `plaintext`, 40 bytes longer than it."""
    nonce = randomness.random(NONCE_BYTES)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key.raw)


def open_sealed(key: AeadKey, sealed: bytes, *, associated: bytes) -> bytes:
    """Return the plaintext of `sealed`, which is `nonce 24 B || ciphertext`.

    Raises CryptoError for anything that was not sealed with this key and associated data.
    """
    if len(sealed) < OVERHEAD_BYTES:
        raise CryptoError("a ciphertext was refused")
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[NONCE_BYTES:], associated, sealed[:NONCE_BYTES], key.raw
        )
    except SodiumError:
        raise CryptoError("a ciphertext was refused") from None
