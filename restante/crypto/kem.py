"""Post-quantum key encapsulation: ML-KEM-768 by the `cryptography` library.

Rule: a key pair is its 64-byte seed; the expanded form is made when needed and never stored.
A wrong ciphertext of the right size is not an error here: it yields an unrelated secret (implicit
rejection), and what is sealed under the result doesn't open. Source: FIPS 203.
"""

from __future__ import annotations

from typing import ClassVar, Never

from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)

from restante.crypto.keys import KemCiphertext, KemKey, KemSecret, KemSeed
from restante.errors import CryptoError


class KemKeyPair:
    """A KEM pair, known by its seed; expands itself once, on first use (about 90 us)."""

    __slots__ = ("_expanded", "_public", "seed")
    seed: KemSeed
    _expanded: MLKEM768PrivateKey | None
    _public: KemKey | None
    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # holds a secret

    def __init__(self, seed: KemSeed) -> None:
        object.__setattr__(self, "seed", seed)
        object.__setattr__(self, "_expanded", None)
        object.__setattr__(self, "_public", None)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError("KemKeyPair is immutable")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KemKeyPair):
            return NotImplemented
        return self.seed == other.seed

    def __repr__(self) -> str:
        return "<KemKeyPair redacted>"

    def _expand(self) -> MLKEM768PrivateKey:
        if self._expanded is None:
            object.__setattr__(self, "_expanded", MLKEM768PrivateKey.from_seed_bytes(self.seed.raw))
        return self._expanded  # type: ignore[return-value]  # set one line above

    @property
    def public(self) -> KemKey:
        """The encapsulation key, 1184 bytes."""
        if self._public is None:
            public = KemKey(self._expand().public_key().public_bytes_raw())
            object.__setattr__(self, "_public", public)
        return self._public  # type: ignore[return-value]  # set one line above

    def decapsulate(self, ciphertext: KemCiphertext) -> KemSecret:
        """Return the 32 bytes that `ciphertext` carries, or unrelated ones if it is wrong."""
        return KemSecret(self._expand().decapsulate(ciphertext.raw))


def encapsulate(key: KemKey) -> tuple[KemCiphertext, KemSecret]:
    """Draw a secret and encapsulate it to `key`.

    Raises CryptoError if a coefficient of `key` exceeds the modulus (FIPS 203, section 7.2).
    """
    try:
        secret, ciphertext = MLKEM768PublicKey.from_public_bytes(key.raw).encapsulate()
    except ValueError:
        raise CryptoError("a public key was refused") from None
    return KemCiphertext(ciphertext), KemSecret(secret)
