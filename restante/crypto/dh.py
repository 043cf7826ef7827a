"""Diffie-Hellman: X25519 by libsodium.

Rule: an agreement with a point of low order is refused, never computed with (its result would be
all zeros whatever our secret is). libsodium does the refusing; the attack tests hold it to that for
every such point and encoding. Source: RFC 7748, section 6.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from nacl.exceptions import CryptoError as SodiumError

from restante.crypto.keys import (
    AgreementKey,
    AgreementSecret,
    EphemeralKey,
    EphemeralSecret,
    IdentityKey,
    IdentitySecret,
    RatchetKey,
    RatchetSecret,
    SharedSecret,
)
from restante.errors import CryptoError
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityKeyPair:
    """A device's long-term X25519 pair."""

    secret: IdentitySecret
    public: IdentityKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RatchetKeyPair:
    """A ratchet step's or a prekey's X25519 pair."""

    secret: RatchetSecret
    public: RatchetKey


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralKeyPair:
    """One handshake's X25519 pair."""

    secret: EphemeralSecret
    public: EphemeralKey


def identity_pair(secret: IdentitySecret) -> IdentityKeyPair:
    """Return the pair of a stored identity secret."""
    return IdentityKeyPair(secret=secret, public=IdentityKey(crypto_scalarmult_base(secret.raw)))


def ratchet_pair(secret: RatchetSecret) -> RatchetKeyPair:
    """Return the pair of a stored ratchet or prekey secret."""
    return RatchetKeyPair(secret=secret, public=RatchetKey(crypto_scalarmult_base(secret.raw)))


def generate_identity_pair(randomness: Randomness) -> IdentityKeyPair:
    """Draw a new identity pair (32 random bytes)."""
    return identity_pair(IdentitySecret(randomness.random(32)))


def generate_ratchet_pair(randomness: Randomness) -> RatchetKeyPair:
    """Draw a new ratchet or prekey pair (32 random bytes)."""
    return ratchet_pair(RatchetSecret(randomness.random(32)))


def generate_ephemeral_pair(randomness: Randomness) -> EphemeralKeyPair:
    """Draw a new ephemeral pair (32 random bytes)."""
    secret = EphemeralSecret(randomness.random(32))
    return EphemeralKeyPair(secret=secret, public=EphemeralKey(crypto_scalarmult_base(secret.raw)))


def agree(secret: AgreementSecret, public: AgreementKey) -> SharedSecret:
    """Return X25519(secret, public), 32 bytes.

    Raises CryptoError if `public` is a point of low order (also in its non-canonical encodings).
    """
    try:
        return SharedSecret(crypto_scalarmult(secret.raw, public.raw))
    except SodiumError:
        raise CryptoError("a public key was refused") from None
