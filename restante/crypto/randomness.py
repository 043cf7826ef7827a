"""Where randomness comes from: the one seam through which it enters.

Rule: production code is handed `SystemRandomness`; vectors and the oracle hand in a recorded tape.
Nothing else in this package draws randomness. Spec: docs/cryptography.md, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import nacl.utils

from restante.crypto import hpke, kem

if TYPE_CHECKING:
    from restante.crypto.keys import KemCiphertext, KemKey, KemSecret, XWingKey


class Randomness(Protocol):
    """A source of unpredictable bytes and of what the library draws for itself."""

    def random(self, size_bytes: int, /) -> bytes:
        """Return `size_bytes` fresh bytes: nonces, ids, scalars and seeds."""

    def encapsulate(self, key: KemKey, /) -> tuple[KemCiphertext, KemSecret]:
        """Encapsulate to `key`; here because the library takes no randomness for it.

        Raises CryptoError if `key` is no valid ML-KEM-768 key.
        """

    def seal_to(self, key: XWingKey, plaintext: bytes, /, *, info: bytes) -> bytes:
        """Seal to `key` by HPKE; here for the same reason. Raises CryptoError for a bad key."""


class SystemRandomness:
    """libsodium's generator, and the encapsulation of the `cryptography` library."""

    __slots__ = ()

    def random(self, size_bytes: int, /) -> bytes:
        """Return `size_bytes` fresh bytes from libsodium."""
        return nacl.utils.random(size_bytes)

    def encapsulate(self, key: KemKey, /) -> tuple[KemCiphertext, KemSecret]:
        """Encapsulate to `key`. Raises CryptoError if `key` is no valid ML-KEM-768 key."""
        return kem.encapsulate(key)

    def seal_to(self, key: XWingKey, plaintext: bytes, /, *, info: bytes) -> bytes:
        """Seal to `key` by HPKE. Raises CryptoError if `key` is no valid X-Wing key."""
        return hpke.seal(key, plaintext, info=info)
