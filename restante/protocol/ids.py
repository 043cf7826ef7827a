"""The identifiers of Restante, each a type of its own so that none passes for another.

Rule: an id is opaque; only its length is checked here. Knows no key and no randomness:
random ids are made by whoever owns the randomness. Spec: docs/protocol/identity.md, section 1.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, NewType

from msgspec import Meta

ID_BYTES = 16
HASH_BYTES = 32
KEY_BYTES = 32
SIGNATURE_BYTES = 64

Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]
U8 = Annotated[int, Meta(ge=0, le=0xFF)]
U16 = Annotated[int, Meta(ge=0, le=0xFFFF)]
U32 = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
U63 = Annotated[int, Meta(ge=0, le=0x7FFF_FFFF_FFFF_FFFF)]
"""Unsigned, and small enough for a signed 64-bit database column."""

AccountName = NewType("AccountName", str)
AccountId = NewType("AccountId", bytes)
DeviceId = NewType("DeviceId", bytes)
MailboxId = NewType("MailboxId", bytes)
EnvelopeId = NewType("EnvelopeId", bytes)
MessageId = NewType("MessageId", bytes)
Token = NewType("Token", bytes)
TokenHash = NewType("TokenHash", bytes)
ManifestHash = NewType("ManifestHash", bytes)
LookupTag = NewType("LookupTag", bytes)
CodeLookupId = NewType("CodeLookupId", bytes)
SlotId = NewType("SlotId", bytes)
BlobId = NewType("BlobId", bytes)
BlobCapability = NewType("BlobCapability", bytes)
"""32 random bytes: whoever has them may fetch the blob that is named by their hash."""

NO_MANIFEST = ManifestHash(bytes(HASH_BYTES))
"""What a first manifest names as its predecessor."""


def labelled(purpose: str, *fields: bytes) -> bytes:
    """Start a hash, KDF or signature input: `restante/v1/<purpose>` 00, then the fields as given.

    Fields of variable length must come through `length_prefixed` first.
    """
    return b"restante/v1/" + purpose.encode("ascii") + b"\x00" + b"".join(fields)


def length_prefixed(field: bytes) -> bytes:
    """Prefix a field of variable length with its length as u32 big-endian."""
    return len(field).to_bytes(4, "big") + field


def _digest(purpose: str, *fields: bytes) -> bytes:
    return hashlib.sha256(labelled(purpose, *fields)).digest()


def account_id(root_key: bytes) -> AccountId:
    """Name an account by its root key: SHA-256("root-pin" 00 || root key 32 B), first 16 B."""
    return AccountId(_digest("root-pin", root_key)[:ID_BYTES])


def device_id(signing_key: bytes) -> DeviceId:
    """Name a device by its signing key: SHA-256("device-id" 00 || key 32 B), first 16 B."""
    return DeviceId(_digest("device-id", signing_key)[:ID_BYTES])


def token_hash(token: Token) -> TokenHash:
    """Return what a relay stores of a delivery token: SHA-256("token" 00 || token 16 B), 32 B."""
    return TokenHash(_digest("token", token))


def manifest_hash(certificate_body: bytes, body: bytes) -> ManifestHash:
    """Name a manifest: SHA-256("manifest-hash" 00 || SHA-256(certificate body) || body), 32 B."""
    certificate = hashlib.sha256(certificate_body).digest()
    return ManifestHash(_digest("manifest-hash", certificate, body))


def contact_pin(root_key: bytes, relay_pin: bytes | None) -> bytes:
    """Return the 16-byte pin of a contact code: over the root key and, if pinned, the relay's key.

    SHA-256("contact-pin" 00 || root key 32 B || relay pin 16 B or zeros), first 16 B.
    """
    return _digest("contact-pin", root_key, relay_pin or bytes(ID_BYTES))[:ID_BYTES]


def code_lookup_id(secret: bytes) -> CodeLookupId:
    """Return under which id a relay keeps a contact code's record: 16 B from the secret, 8 B."""
    return CodeLookupId(_digest("code-lookup", secret)[:ID_BYTES])


def link_pin(offer: bytes) -> bytes:
    """Return the 16-byte pin of a device link's code, over the message in its first slot, whole."""
    return _digest("link-pin", offer)[:ID_BYTES]


def link_slot(secret: bytes, index: int) -> SlotId:
    """Name a slot of a linking: 16 B from the code's secret, 8 B, and the slot's number, u8."""
    return SlotId(_digest("link-slot", secret, index.to_bytes(1, "big"))[:ID_BYTES])


def blob_id(capability: BlobCapability) -> BlobId:
    """Name a blob at a relay: SHA-256("blob" 00 || capability 32 B), 32 B."""
    return BlobId(_digest("blob", capability))


def grant_hash(grant: bytes) -> bytes:
    """Return what a manifest says of a grant: SHA-256("grant" 00 || the packed grant), 32 B."""
    return _digest("grant", grant)


def gone_name_hash(name: AccountName) -> bytes:
    """Return what a relay keeps of a deleted account: SHA-256("gone-name" 00 || name), 32 B."""
    return _digest("gone-name", name.encode("ascii"))


def bundle_hint(nonce: bytes, envelope_id: bytes, secret: bytes) -> bytes:
    """Name a mailbox or token (16 B) in one bundle, for those alone who know it: 16 B."""
    return _digest("bundle-hint", nonce, envelope_id, secret)[:ID_BYTES]
