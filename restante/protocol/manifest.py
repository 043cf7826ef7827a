"""What an account says of itself: certificate, manifest, move, heartbeat, prekeys. Formats only.

Rule: a signed thing travels as the bytes that were signed, beside their signature; parsing says
nothing about truth, `restante.crypto.signatures` does. Spec: docs/protocol/identity.md, 4 to 8.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Annotated

from msgspec import Meta, Struct

from restante.protocol.codec import decode, encode
from restante.protocol.ids import (
    U32,
    U63,
    AccountId,
    Bytes16,
    Bytes32,
    Bytes64,
    DeviceId,
    ManifestHash,
    account_id,
    device_id,
    manifest_hash,
)
from restante.protocol.limits import MAX_DEVICES, MAX_MANIFEST_BYTES, MAX_MOVED_BYTES


class DeviceFlag(IntFlag):
    """What kind of device an entry is."""

    CAPABILITY_KEY = 1
    """A key for scripts: no mailbox, and a grant that says all it may do."""


class Capability(IntFlag):
    """What a device understands; others send it nothing else. Bits are only ever added."""

    MESSAGES = 1
    """Content version 1: text, receipts, tokens."""


class CertificateBody(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the root key signs: the account key of a generation."""

    root_key: Bytes32
    account_key: Bytes32
    generation: U32
    issued_at_s: U63


class DeviceEntry(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One device of an account. Without its name: that is for contacts, not for relays."""

    signing_key: Bytes32
    identity_key: Bytes32
    identity_signature: Bytes64
    mailbox: Bytes16 | None
    flags: U32
    capabilities: U63
    added_at_s: U63
    grant: Annotated[bytes, Meta(max_length=1024)] | None

    @property
    def id(self) -> DeviceId:
        """The device's id, derived from its signing key."""
        return device_id(self.signing_key)

    @property
    def is_capability_key(self) -> bool:
        """Whether it is a key for scripts, which speaks for nobody but itself."""
        return self.mailbox is None


class ManifestBody(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the account key signs: the devices, the current address, and what came before."""

    version: Annotated[int, Meta(ge=1, le=1)]
    generation: U32
    sequence: Annotated[int, Meta(ge=1, le=0x7FFF_FFFF_FFFF_FFFF)]
    previous: Bytes32
    address: Annotated[str, Meta(min_length=1, max_length=160)]
    devices: Annotated[list[DeviceEntry], Meta(min_length=1, max_length=MAX_DEVICES)]
    issued_at_s: U63


class SignedManifest(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A manifest with its certificate and both signatures, as it travels."""

    certificate_body: Annotated[bytes, Meta(max_length=256)]
    certificate_signature: Bytes64
    body: Annotated[bytes, Meta(max_length=MAX_MANIFEST_BYTES)]
    signature: Bytes64

    @property
    def hash(self) -> ManifestHash:
        """The head that messages and successors name it by."""
        return manifest_hash(self.certificate_body, self.body)

    def certificate(self) -> CertificateBody:
        """Parse the certificate, unverified. Raises RemoteProtocolError."""
        return decode(self.certificate_body, CertificateBody, max_bytes=256)

    def manifest(self) -> ManifestBody:
        """Parse the body, unverified. Raises RemoteProtocolError."""
        return decode(self.body, ManifestBody, max_bytes=MAX_MANIFEST_BYTES)

    def account_id(self) -> AccountId:
        """The account that the certificate names, unverified. Raises RemoteProtocolError."""
        return account_id(self.certificate().root_key)

    def to_bytes(self) -> bytes:
        """Encode for the wire and the store."""
        return encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> SignedManifest:
        """Decode, unverified. Raises RemoteProtocolError."""
        return decode(data, cls, max_bytes=MAX_MANIFEST_BYTES)


class MovedBody(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the root key signs when an account goes to another name or relay."""

    root_key: Bytes32
    from_address: Annotated[str, Meta(min_length=1, max_length=160)]
    to_address: Annotated[str, Meta(min_length=1, max_length=160)]
    at_s: U63


class SignedMoved(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A move with the root key's signature, as it travels: left behind at the old relay."""

    body: Annotated[bytes, Meta(max_length=400)]
    signature: Bytes64

    def moved(self) -> MovedBody:
        """Parse the body, unverified. Raises RemoteProtocolError."""
        return decode(self.body, MovedBody, max_bytes=400)

    def to_bytes(self) -> bytes:
        """Encode for the wire and the store."""
        return encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> SignedMoved:
        """Decode, unverified. Raises RemoteProtocolError."""
        return decode(data, cls, max_bytes=MAX_MOVED_BYTES)


class Heartbeat(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A device's word that a manifest was the current one at a time."""

    manifest: Bytes32
    at_s: U63
    signing_key: Bytes32
    signature: Bytes64


class PrekeyKind(IntEnum):
    """What a prekey is; signed with it, so that none is taken for another (attacks 6 and 7)."""

    SIGNED = 1
    ONE_TIME = 2
    KEM_LAST_RESORT = 3
    KEM_ONE_TIME = 4


PREKEY_BYTES = {
    PrekeyKind.SIGNED: 32,
    PrekeyKind.ONE_TIME: 32,
    PrekeyKind.KEM_LAST_RESORT: 1184,
    PrekeyKind.KEM_ONE_TIME: 1184,
}


class Prekey(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A public prekey, signed by its device. `id` counts from 1 over all kinds of its device."""

    kind: Annotated[int, Meta(ge=1, le=4)]
    id: Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)]
    key: Annotated[bytes, Meta(min_length=32, max_length=1184)]
    expires_at_s: U63
    signature: Bytes64


class PrekeyBundle(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a stranger needs to open a session with one device."""

    signing_key: Bytes32
    signed: Prekey
    kem: Prekey
    one_time: Prekey | None
