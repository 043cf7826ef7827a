"""The types of keys: one type for each purpose, none of which shows its bytes by accident.

Rule: two keys that must not be confused have two types, and a key's bytes are only read by
writing `.raw`. `repr`, `str` and f-strings are redacted; a secret can't be hashed or pickled, and
secrets compare in constant time. Knows no algorithm. Spec: docs/cryptography.md, section 3.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import ClassVar, Never, Self

from restante.errors import CryptoError


class _Fixed:
    """Immutable bytes of one fixed size."""

    __slots__ = ("raw",)
    SIZE: ClassVar[int] = 32
    raw: bytes

    def __init__(self, raw: bytes) -> None:
        if type(raw) is not bytes or len(raw) != self.SIZE:
            raise CryptoError("a key or ciphertext has the wrong size")
        object.__setattr__(self, "raw", raw)

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> Never:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} redacted>"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return compare_digest(self.raw, other.raw)

    __hash__ = None  # type: ignore[assignment]  # only public values are hashable, see below

    def __reduce__(self) -> Never:
        raise TypeError(f"{type(self).__name__} is never pickled")


class SecretKey(_Fixed):
    """A value that must stay on this device. 32 bytes unless the subclass says otherwise."""

    __slots__ = ()


class PublicKey(_Fixed):
    """A value that may be sent, and yet is never logged: it identifies a device."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]  # the base's None is for secrets
        return hash(self.raw)


# Ed25519 signing keys; the secret is the 32-byte seed.


class SigningSeed(SecretKey):
    """Base of the three Ed25519 secrets."""

    __slots__ = ()


class RootSigningKey(SigningSeed):
    """Certifies account keys. Belongs into the recovery kit."""

    __slots__ = ()


class AccountSigningKey(SigningSeed):
    """Signs the account's device manifests. Belongs to the first device."""

    __slots__ = ()


class DeviceSigningKey(SigningSeed):
    """Signs a device's identity key, prekeys, heartbeats and logins."""

    __slots__ = ()


class SenderSigningKey(SigningSeed):
    """Signs what one device says in a group on one sender key; gone with that."""

    __slots__ = ()


class VerifyKey(PublicKey):
    """Base of the three Ed25519 public keys."""

    __slots__ = ()


class RootKey(VerifyKey):
    """Public half of `RootSigningKey`; what a safety number compares."""

    __slots__ = ()


class SenderVerifyKey(VerifyKey):
    """Public half of `SenderSigningKey`; it comes with the sender key."""

    __slots__ = ()


class AccountKey(VerifyKey):
    """Public half of `AccountSigningKey`."""

    __slots__ = ()


class DeviceKey(VerifyKey):
    """Public half of `DeviceSigningKey`; its hash is the device id."""

    __slots__ = ()


# X25519 keys; the secret is the 32-byte scalar before clamping.


class AgreementSecret(SecretKey):
    """Base of the X25519 secrets."""

    __slots__ = ()


class IdentitySecret(AgreementSecret):
    """A device's long-term X25519 secret (IK in X3DH and PQXDH)."""

    __slots__ = ()


class RatchetSecret(AgreementSecret):
    """A ratchet or prekey X25519 secret (DHs in the Double Ratchet, SPK and OPK in PQXDH)."""

    __slots__ = ()


class EphemeralSecret(AgreementSecret):
    """The initiator's one-handshake X25519 secret (EK in PQXDH)."""

    __slots__ = ()


class AgreementKey(PublicKey):
    """Base of the X25519 public keys."""

    __slots__ = ()


class IdentityKey(AgreementKey):
    """Public half of `IdentitySecret`."""

    __slots__ = ()


class RatchetKey(AgreementKey):
    """Public half of `RatchetSecret`."""

    __slots__ = ()


class EphemeralKey(AgreementKey):
    """Public half of `EphemeralSecret`."""

    __slots__ = ()


# ML-KEM-768


class KemSeed(SecretKey):
    """The 64-byte seed (d || z of FIPS 203) from which a KEM key pair is expanded."""

    __slots__ = ()
    SIZE = 64


class KemKey(PublicKey):
    """An ML-KEM-768 encapsulation key, 1184 bytes."""

    __slots__ = ()
    SIZE = 1184


class KemCiphertext(PublicKey):
    """An ML-KEM-768 ciphertext, 1088 bytes."""

    __slots__ = ()
    SIZE = 1088


class KemSecret(SecretKey):
    """What an encapsulation shares (SS in PQXDH)."""

    __slots__ = ()


# X-Wing: ML-KEM-768 and X25519 in one


class XWingSeed(SecretKey):
    """The 32-byte seed from which an X-Wing key pair is expanded; used for one linking."""

    __slots__ = ()


class XWingKey(PublicKey):
    """An X-Wing encapsulation key, 1216 bytes."""

    __slots__ = ()
    SIZE = 1216


# Derived secrets


class SharedSecret(SecretKey):
    """What one X25519 agreement yields (DH1..DH4 in PQXDH, DH in the Double Ratchet)."""

    __slots__ = ()


class RatchetRoot(SecretKey):
    """The root chain's key (RK in the Double Ratchet)."""

    __slots__ = ()


class ChainKey(SecretKey):
    """A sending or receiving chain's key (CK in the Double Ratchet)."""

    __slots__ = ()


class MessageKey(SecretKey):
    """One message's key (MK in the Double Ratchet)."""

    __slots__ = ()


class AeadKey(SecretKey):
    """Base of the keys that XChaCha20-Poly1305 takes."""

    __slots__ = ()


class HeaderKey(AeadKey):
    """Seals the headers of one chain and keys its lookup tags (HK in the Double Ratchet)."""

    __slots__ = ()


class BodyKey(AeadKey):
    """Seals one message's body; derived from its `MessageKey`."""

    __slots__ = ()


class IntroductionKey(AeadKey):
    """Seals the sender's identity inside a hello."""

    __slots__ = ()


class CodeSealKey(AeadKey):
    """Seals the delivery token that a contact code leads to."""

    __slots__ = ()


class BlobKey(SecretKey):
    """Seals the chunks of a blob; sent to who may read it, never to the relay."""

    __slots__ = ()


class BackupKey(SecretKey):
    """Opens all backups of an account; its user has it as 24 words."""

    __slots__ = ()


class SpoolKey(AeadKey):
    """Seals what is kept on the disk for a moment; never leaves the memory of its process."""

    __slots__ = ()


class LinkSealKey(AeadKey):
    """Seals what a new device says before it has heard the old one; made of its code's secret."""

    __slots__ = ()


class LinkSecret(SecretKey):
    """What the old device draws and seals to the new one; the keys of a linking come from it."""

    __slots__ = ()


class LinkRevealKey(AeadKey):
    """Seals the new device's second message of a linking."""

    __slots__ = ()


class LinkVerdictKey(AeadKey):
    """Seals the old device's verdict on a linking."""

    __slots__ = ()


class ProfileKey(SecretKey):
    """Opens the database of a profile; drawn once, and kept as the profile's owner chose."""

    __slots__ = ()


class FormerKeySeal(AeadKey):
    """Made of a new `ProfileKey`; seals the one before it until the database is under the new."""

    __slots__ = ()


class PassphraseKey(AeadKey):
    """What a passphrase was stretched to; seals the `ProfileKey`."""

    __slots__ = ()
