"""What frames are made of: their bases, the lengths of their fields, lanes, outcomes and limits.

Rule: what a frame of either side needs and neither owns. Spec: docs/protocol/relay.md, section 4.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from msgspec import Meta, Struct

from restante.protocol.address import NAME_PATTERN
from restante.protocol.limits import (
    BUCKETS,
    MAX_BLOB_PART_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_MOVED_BYTES,
    MAX_REASON_CHARS,
    MAX_SEALED_CODE_BYTES,
    MAX_SLOT_BYTES,
    MAX_WAKE_ENDPOINT_CHARS,
)

Name = Annotated[str, Meta(pattern=rf"\A{NAME_PATTERN}\Z")]
Payload = Annotated[bytes, Meta(min_length=BUCKETS[0], max_length=BUCKETS[-1])]
ManifestBytes = Annotated[bytes, Meta(min_length=1, max_length=MAX_MANIFEST_BYTES)]
Reason = Annotated[str, Meta(max_length=MAX_REASON_CHARS)]
SealedCode = Annotated[bytes, Meta(min_length=1, max_length=MAX_SEALED_CODE_BYTES)]
SealedSlot = Annotated[bytes, Meta(min_length=1, max_length=MAX_SLOT_BYTES)]
MovedBytes = Annotated[bytes, Meta(min_length=1, max_length=MAX_MOVED_BYTES)]
HeldName = Annotated[str, Meta(min_length=1, max_length=64)]
HeldText = Annotated[str, Meta(max_length=256)]
BlobSize = Annotated[int, Meta(ge=1, le=0x7FFF_FFFF_FFFF_FFFF)]
WakeEndpoint = Annotated[str, Meta(min_length=1, max_length=MAX_WAKE_ENDPOINT_CHARS)]
PartLength = Annotated[int, Meta(ge=0, le=MAX_BLOB_PART_BYTES)]


class Frame(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Any frame."""


class Part(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """An element of a batch."""


class Lane(IntEnum):
    """How an envelope came in: with a live delivery token, or as a stranger's."""

    CONTACT = 0
    REQUEST = 1


class Outcome(IntEnum):
    """What became of one target of a deposit."""

    STORED = 0
    """Durable (also: it was already); or, if ephemeral, handed on or dropped."""
    REFUSED = 1
    """No such mailbox, or not for you: one answer for both."""
    FULL = 2
    """The mailbox's quota; only told to who has a token."""
    SLOW_DOWN = 3
    """A rate limit; `retry_after_s` says when."""
    RELAY_FULL = 4
    """The relay has no room for anybody."""


class Limit(IntEnum):
    """Which limit of the relay's a target met; named as in its settings."""

    NONE = 0
    MAILBOX_ENVELOPES = 1
    MAILBOX_BYTES = 2
    ACCOUNT_ENVELOPES = 3
    """All devices of the recipient's account together."""
    ACCOUNT_BYTES = 4
    DEPOSITS_PER_NETWORK = 5
    DEPOSITS_PER_MAILBOX = 6
    REQUESTS_PER_NETWORK = 7
    """Of strangers, from the depositor's network."""
    REQUESTS_PER_MAILBOX = 8
    """Of strangers, for this recipient: whether or not there is one."""
    FETCHES_PER_NETWORK = 9
    DATABASE_BYTES = 10
    """Or the disk is full."""
