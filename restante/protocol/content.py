"""What people and devices say to each other: the plaintext of an envelope. One schema.

A content has a fixed outside, read by every version, and a body by kind that stays as bytes: an
unknown kind is kept and shown as "sent with a newer Restante". Rule: what is here was written by
somebody else's device; it is parsed, bounded and never trusted. Spec: docs/protocol/content.md.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from msgspec import Meta, Struct

from restante.protocol.codec import decode, encode
from restante.protocol.ids import U16, U32, U63, Bytes16
from restante.protocol.limits import BUCKETS

MAX_SEEN = 8
"""Heads of the conversation a message names: more are implied by these."""

MAX_CONTENT_BYTES = BUCKETS[-1]
"""A bound for parsing: no envelope holds as much."""

MAX_RECEIPT_IDS = 256
"""Messages of one receipt, counters of one resend request: 4.6 KB, the middle bucket."""


class Kind(IntEnum):
    """What a content is. Numbers are only ever added; 1 to 99 stand in the history."""

    TEXT = 1
    RECEIPT = 100
    """Messages that were delivered or read."""
    TOKEN = 101
    """A delivery token for the reader to use from now on."""
    RESEND_REQUEST = 102
    """Counters that are missing from a conversation."""


class Content(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The outside of every content.

    `conversation` is empty between two people and a group's id otherwise. `counter` counts from 1
    the contents of one sending device in one conversation that stand in the history, so that a gap
    shows; 0 for the others. `rank` is the sender's hybrid logical clock: unix ms << 16 | count.
    """

    version: Annotated[int, Meta(ge=1, le=1)]
    kind: U16
    id: Bytes16
    conversation: Annotated[bytes, Meta(max_length=32)]
    counter: U63
    rank: U63
    sent_at_ms: U63
    seen: Annotated[list[Bytes16], Meta(max_length=MAX_SEEN)]
    disappears_after_s: U32
    body: Annotated[bytes, Meta(max_length=MAX_CONTENT_BYTES)]

    def to_bytes(self) -> bytes:
        """Encode."""
        return encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Content:
        """Decode. Raises RemoteProtocolError."""
        return decode(data, cls, max_bytes=MAX_CONTENT_BYTES)


class Quote(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a text answers: the message, and an excerpt for readers who don't have it."""

    message: Bytes16
    excerpt: Annotated[str, Meta(max_length=300)]


class Text(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind TEXT."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_CONTENT_BYTES)]
    quote: Quote | None


class ReceiptState(IntEnum):
    """What a receipt says of its messages."""

    DELIVERED = 1
    READ = 2


class Receipt(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind RECEIPT."""

    state: Annotated[int, Meta(ge=1, le=2)]
    messages: Annotated[list[Bytes16], Meta(min_length=1, max_length=MAX_RECEIPT_IDS)]


class TokenGrant(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind TOKEN."""

    token: Bytes16


class ResendRequest(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind RESEND_REQUEST: counters, of the reader's device, that did not arrive."""

    counters: Annotated[list[U63], Meta(min_length=1, max_length=MAX_RECEIPT_IDS)]
