"""What each signature says: the exact bytes that are signed, one function for each context.

Rule: every statement opens with the label of its context, so a signature made for one can't be
passed off as another. Shared by `signing` and `signatures`. Spec: docs/cryptography.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import labels
from restante.protocol.ids import length_prefixed

if TYPE_CHECKING:
    from restante.crypto.keys import DeviceKey, IdentityKey
    from restante.protocol.ids import DeviceId, ManifestHash


def account_certificate(body: bytes) -> bytes:
    """By the root key: `body` names root, account key, generation and time."""
    return labels.ACCOUNT_CERTIFICATE + body


def manifest(body: bytes) -> bytes:
    """By the account key: `body` is a device manifest as it travels."""
    return labels.MANIFEST + body


def identity_key(key: IdentityKey) -> bytes:
    """By the device key: this X25519 key is mine."""
    return labels.IDENTITY_KEY + key.raw


def prekey(*, kind: int, prekey_id: int, expires_at_s: int, device: DeviceId, key: bytes) -> bytes:
    """By the device key: this is my prekey of that kind, with that id, until then.

    kind u8 || id u32 || expires_at_s u64 || device id 16 B || length u32 || key.
    """
    return b"".join(
        (
            labels.PREKEY,
            kind.to_bytes(1, "big"),
            prekey_id.to_bytes(4, "big"),
            expires_at_s.to_bytes(8, "big"),
            device,
            length_prefixed(key),
        )
    )


def authenticate(*, authority: str, nonce: bytes, key: DeviceKey) -> bytes:
    """By the device key: I am logging in to this relay, in answer to this challenge.

    length u32 || authority ("host:port" as dialled) || nonce 32 B || device key 32 B.
    """
    dialled = length_prefixed(authority.encode("utf-8"))
    return labels.AUTHENTICATE + dialled + nonce + key.raw


def heartbeat(*, head: ManifestHash, at_s: int) -> bytes:
    """By any listed device's key: at that time this was the newest manifest I know.

    manifest head 32 B || at_s u64.
    """
    return labels.HEARTBEAT + head + at_s.to_bytes(8, "big")


def deletion(*, head: ManifestHash) -> bytes:
    """By the account key: erase this account, whose newest manifest is that one.

    manifest head 32 B.
    """
    return labels.DELETE_ACCOUNT + head


def moved(body: bytes) -> bytes:
    """By the root key: `body` names root, old address, new address and time."""
    return labels.MOVED + body


def link_proof(transcript: bytes) -> bytes:
    """By the new device's key: I take part in this linking.

    link transcript 32 B.
    """
    return labels.LINK_PROOF + transcript


def group_entry(body: bytes) -> bytes:
    """By a member's device key: `body` is an entry of a group's membership log as it travels."""
    return labels.GROUP_ENTRY + body


def group_message(*, group: bytes, chain: bytes, number: int, digest: bytes) -> bytes:
    """By a sender key's own signing key: this is what I say in that group, as that message.

    group id 32 B || chain id 16 B || number u32 || SHA-256 of the content 32 B.
    """
    return labels.GROUP_MESSAGE + group + chain + number.to_bytes(4, "big") + digest
