"""The outside of an envelope: its sizes and where its parts lie. What is inside is crypto's.

Rule: an envelope is exactly one bucket long. A relay reads nothing of it but its length.
Spec: docs/protocol/envelope.md.
"""

from __future__ import annotations

from restante.errors import LocalProtocolError, RemoteProtocolError, WireCode
from restante.protocol.ids import ID_BYTES, LookupTag
from restante.protocol.limits import BUCKETS

SUITE = 1
"""PQXDH-shaped handshake, Double Ratchet with header encryption, X25519 and ML-KEM-768,
HKDF-SHA-256, XChaCha20-Poly1305."""

NONCE_BYTES = 24
MAC_BYTES = 16
KEM_KEY_BYTES = 1184
KEM_CIPHERTEXT_BYTES = 1088
HEADER_BYTES = 32 + KEM_KEY_BYTES + KEM_CIPHERTEXT_BYTES + 4 + 4 + 32 + 32
"""Ratchet key, KEM key, KEM ciphertext, previous chain length, number, both manifest heads."""

SEALED_HEADER_BYTES = NONCE_BYTES + HEADER_BYTES + MAC_BYTES
MESSAGE_OVERHEAD_BYTES = ID_BYTES + SEALED_HEADER_BYTES + NONCE_BYTES + MAC_BYTES + 4
"""Everything of a message envelope that is not content: tag, header, body nonce, MAC, length."""

INTRODUCTION_BYTES = 8192
HELLO_PREFIX_BYTES = (
    ID_BYTES + 32 + 3 * 4 + KEM_CIPHERTEXT_BYTES + NONCE_BYTES + INTRODUCTION_BYTES + MAC_BYTES
)
"""Tag, ephemeral key, three prekey ids, KEM ciphertext, sealed introduction."""

HELLO_OVERHEAD_BYTES = HELLO_PREFIX_BYTES + MESSAGE_OVERHEAD_BYTES - ID_BYTES
"""A hello has one tag; the message inside it has none of its own."""


def max_content_bytes(*, hello: bool) -> int:
    """Return the most content, in bytes, that the largest bucket holds."""
    return BUCKETS[-1] - (HELLO_OVERHEAD_BYTES if hello else MESSAGE_OVERHEAD_BYTES)


def bucket_for(content_bytes: int, *, hello: bool) -> int:
    """Return the smallest bucket that holds so much content.

    Raises LocalProtocolError when none does: callers split or attach before they seal.
    """
    total = content_bytes + (HELLO_OVERHEAD_BYTES if hello else MESSAGE_OVERHEAD_BYTES)
    for bucket in BUCKETS:
        if total <= bucket:
            return bucket
    raise LocalProtocolError(
        f"{content_bytes} bytes of content, the most is {max_content_bytes(hello=hello)}"
    )


def check_bucket(envelope: bytes) -> None:
    """Refuse an envelope whose length is no bucket (attack 46). Raises RemoteProtocolError."""
    if len(envelope) not in BUCKETS:
        raise RemoteProtocolError(
            f"an envelope of {len(envelope)} bytes is no bucket {BUCKETS}", code=WireCode.TOO_LARGE
        )


def lookup_tag(envelope: bytes) -> LookupTag:
    """Return the first 16 bytes, by which the recipient finds the session."""
    return LookupTag(envelope[:ID_BYTES])
