"""What a relay says to its clients, tagged below 32.

Rule: every request gets one answer; what is delivered comes in batches.
Spec: docs/protocol/relay.md, section 4.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from restante.protocol.frame_parts import (
    Frame,
    HeldName,
    HeldText,
    ManifestBytes,
    MovedBytes,
    Part,
    Payload,
    Reason,
    SealedCode,
    SealedSlot,
)
from restante.protocol.ids import U8, U32, U63, Bytes16, Bytes32
from restante.protocol.limits import (
    MAX_BLOB_PART_BYTES,
    MAX_BUNDLE_DEVICES,
    MAX_DELIVERY_ITEMS,
    MAX_DEPOSIT_ITEMS,
    MAX_FANOUT_TARGETS,
    MAX_HELD_COLUMNS,
    MAX_HELD_ROWS,
    MAX_HELD_TABLES,
    MAX_MANIFEST_LINKS,
)
from restante.protocol.manifest import Heartbeat, PrekeyBundle


class Challenge(Frame, frozen=True, tag=1):
    """First frame of every connection: the versions spoken and a fresh nonce to sign."""

    versions: Annotated[list[U8], Meta(min_length=1, max_length=16)]
    nonce: Bytes32


class Welcome(Frame, frozen=True, tag=2):
    """The connection is open. `epoch` changes when a relay was restored from a backup.

    `ticket`, for a device of an account: what lets it back in should such a backup lack it.
    """

    version: U8
    registered: bool
    epoch: U63
    now_s: U63
    max_ttl_s: U32
    max_deposit_items: U32
    ticket: Bytes16 | None


class Close(Frame, frozen=True, tag=3):
    """Last frame of the relay's: why it ends the connection."""

    code: U8
    reason: Reason
    retry_after_s: U32


class Done(Frame, frozen=True, tag=4):
    """The request was carried out, durably."""

    request: U32


class Refused(Frame, frozen=True, tag=5):
    """The request was not carried out."""

    request: U32
    code: U8
    reason: Reason
    retry_after_s: U32


class TargetOutcome(Part, frozen=True):
    """One target's result. `expires_in_s` counts from now; 0 unless stored."""

    outcome: U8
    retry_after_s: U32
    expires_in_s: U32
    limit: U8
    """A Limit, for people; NONE for what was stored, and for what strangers may not know."""


class Deposited(Frame, frozen=True, tag=6):
    """Answer to a deposit: for each item, a result for each of its targets, in their order."""

    request: U32
    results: Annotated[
        list[Annotated[list[TargetOutcome], Meta(min_length=1, max_length=MAX_FANOUT_TARGETS)]],
        Meta(min_length=1, max_length=MAX_DEPOSIT_ITEMS),
    ]


class Delivery(Part, frozen=True):
    """An envelope for this device. `lane` is a Lane."""

    id: Bytes16
    lane: U8
    payload: Payload


class Deliver(Frame, frozen=True, tag=7):
    """Envelopes of this device's mailbox, in its order; each stays until acked by id."""

    items: Annotated[list[Delivery], Meta(min_length=1, max_length=MAX_DELIVERY_ITEMS)]


class Drained(Frame, frozen=True, tag=8):
    """All that waited when the subscription began has been delivered once."""


class ManifestFound(Frame, frozen=True, tag=9):
    """A chain of signed manifests, oldest first, the newest heartbeat, the newest `moved`."""

    request: U32
    links: Annotated[list[ManifestBytes], Meta(max_length=MAX_MANIFEST_LINKS)]
    heartbeat: Heartbeat | None
    moved: MovedBytes | None


class BundlesFound(Frame, frozen=True, tag=10):
    """A prekey bundle for each device asked for that has one."""

    request: U32
    bundles: Annotated[list[PrekeyBundle], Meta(max_length=MAX_BUNDLE_DEVICES)]


class CodeFound(Frame, frozen=True, tag=11):
    """What was published under a contact code."""

    request: U32
    sealed: SealedCode


class PrekeyState(Frame, frozen=True, tag=12):
    """What the relay still has of this device's prekeys."""

    request: U32
    signed_id: U32
    signed_expires_at_s: U63
    one_time: U32
    kem_one_time: U32


class SlotFound(Frame, frozen=True, tag=13):
    """What was put into a slot."""

    request: U32
    sealed: SealedSlot


class BlobPart(Frame, frozen=True, tag=14):
    """Bytes of a blob from the offset asked for: fewer at the end of what was received so far."""

    request: U32
    size_bytes: U63
    data: Annotated[bytes, Meta(max_length=MAX_BLOB_PART_BYTES)]


class BlobState(Frame, frozen=True, tag=15):
    """How much of a blob is durable at the relay, and how long it is kept from now."""

    request: U32
    received_bytes: U63
    expires_in_s: U32


class HeldTable(Part, frozen=True):
    """What one of the relay's tables holds of an account. `sample`: the first rows, as texts."""

    table: HeldName
    rows: U63
    columns: Annotated[list[HeldName], Meta(min_length=1, max_length=MAX_HELD_COLUMNS)]
    sample: Annotated[
        list[Annotated[list[HeldText], Meta(min_length=1, max_length=MAX_HELD_COLUMNS)]],
        Meta(max_length=MAX_HELD_ROWS),
    ]


class Holdings(Frame, frozen=True, tag=16):
    """All that the relay says it holds of this account."""

    request: U32
    tables: Annotated[list[HeldTable], Meta(max_length=MAX_HELD_TABLES)]
