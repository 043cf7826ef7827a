"""A passphrase, stretched by Argon2id until guessing is dear, and the one key that is sealed so.

Rule: how much it was stretched stands beside what was sealed and is part of it, so that the cost
can be raised later; what a file may ask of the machine is bounded. Knows no file.
Source: RFC 9106, by libsodium (`crypto_pwhash`). Spec: docs/cryptography.md, section 16.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, Never

from nacl.exceptions import RuntimeError as SodiumError
from nacl.pwhash import argon2id

from restante.crypto import aead, labels
from restante.crypto.keys import PassphraseKey, ProfileKey
from restante.errors import CryptoError
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness

SALT_BYTES: Final = argon2id.SALTBYTES
SEALED_KEY_BYTES: Final = ProfileKey.SIZE + aead.OVERHEAD_BYTES
MAX_BYTES: Final = 1024
MOST_MEMORY_BYTES: Final = argon2id.MEMLIMIT_SENSITIVE
MOST_PASSES: Final = 16
"""A file that asks for more than any version ever took only means to wear the machine out."""


class PassphraseError(ValueError):
    """This text can be no passphrase: it is empty or far too long."""


class TooDearError(Exception):
    """The machine can't give the memory that the stretching takes."""


class Passphrase:
    """What the person typed, in one Unicode form whatever keyboard it came from (NFKC)."""

    __slots__ = ("raw",)

    def __init__(self, text: str) -> None:
        """Raises PassphraseError."""
        raw = unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")
        if not 0 < len(raw) <= MAX_BYTES:
            raise PassphraseError(f"a passphrase has 1 to {MAX_BYTES} bytes")
        self.raw: Final = raw

    def __repr__(self) -> str:
        return "<Passphrase redacted>"

    def __reduce__(self) -> Never:
        raise TypeError("a passphrase is never pickled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretching:
    """How dear one guess is: passes over so much memory."""

    passes: int
    memory_bytes: int

    def __post_init__(self) -> None:
        passes_fit = argon2id.OPSLIMIT_MIN <= self.passes <= MOST_PASSES
        memory_fits = argon2id.MEMLIMIT_MIN <= self.memory_bytes <= MOST_MEMORY_BYTES
        if not (passes_fit and memory_fits):
            raise CryptoError("a passphrase is not stretched so")


MODERATE: Final = Stretching(
    passes=argon2id.OPSLIMIT_MODERATE, memory_bytes=argon2id.MEMLIMIT_MODERATE
)
"""libsodium's: 3 passes over 256 MiB, about a second of one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """A profile's key as it may lie on a disk."""

    stretching: Stretching
    salt: bytes
    sealed: bytes


def seal_profile_key(
    key: ProfileKey, passphrase: Passphrase, stretching: Stretching, *, randomness: Randomness
) -> SealedKey:
    """Seal a profile's key under a passphrase, with a fresh salt. Raises TooDearError.

    sealed = XChaCha20-Poly1305(Argon2id(passphrase, salt, stretching), key 32 B), 72 bytes.
    """
    salt = randomness.random(SALT_BYTES)
    stretched = _stretch(passphrase, salt, stretching)
    associated = _associated(salt, stretching)
    sealed = aead.seal(stretched, key.raw, associated=associated, randomness=randomness)
    return SealedKey(stretching=stretching, salt=salt, sealed=sealed)


def open_profile_key(kept: SealedKey, passphrase: Passphrase) -> ProfileKey:
    """Return the profile's key. Raises CryptoError: another passphrase; and TooDearError."""
    if len(kept.salt) != SALT_BYTES or len(kept.sealed) != SEALED_KEY_BYTES:
        raise CryptoError("a sealed key has the wrong size")
    stretched = _stretch(passphrase, kept.salt, kept.stretching)
    associated = _associated(kept.salt, kept.stretching)
    return ProfileKey(aead.open_sealed(stretched, kept.sealed, associated=associated))


def _stretch(passphrase: Passphrase, salt: bytes, stretching: Stretching) -> PassphraseKey:
    try:
        return PassphraseKey(
            argon2id.kdf(
                PassphraseKey.SIZE,
                passphrase.raw,
                salt,
                opslimit=stretching.passes,
                memlimit=stretching.memory_bytes,
            )
        )
    except (SodiumError, MemoryError):
        raise TooDearError from None


def _associated(salt: bytes, stretching: Stretching) -> bytes:
    numbers = stretching.passes.to_bytes(4, "big") + stretching.memory_bytes.to_bytes(8, "big")
    return labels.PROFILE_KEY_DATA + salt + numbers
