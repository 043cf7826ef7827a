"""The frames of the wire: one msgpack array each, its first element the type.

Rule: everything that can repeat is a batch; every request has a number and gets one answer.
Relay frames are tagged below 32, client frames from 32. Spec: docs/protocol/relay.md, section 4.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, get_args

from msgspec import Meta, Struct

from restante.protocol.address import NAME_PATTERN
from restante.protocol.ids import U8, U32, U63, Bytes16, Bytes32, Bytes64
from restante.protocol.limits import (
    BUCKET_TOKENS,
    BUCKETS,
    MAX_ACK_IDS,
    MAX_BLOB_PART_BYTES,
    MAX_BUNDLE_DEVICES,
    MAX_DELIVERY_ITEMS,
    MAX_DEPOSIT_ITEMS,
    MAX_FANOUT_TARGETS,
    MAX_HELD_COLUMNS,
    MAX_HELD_ROWS,
    MAX_HELD_TABLES,
    MAX_MANIFEST_BYTES,
    MAX_MANIFEST_LINKS,
    MAX_MOVED_BYTES,
    MAX_PREKEYS_PER_FRAME,
    MAX_REASON_CHARS,
    MAX_RETIRED_TOKENS,
    MAX_SEALED_CODE_BYTES,
    MAX_SLOT_BYTES,
    MAX_WAKE_ENDPOINT_CHARS,
)
from restante.protocol.manifest import Heartbeat, Prekey, PrekeyBundle

VERSION = 1
SUBPROTOCOL = "restante.v1"

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


# ---- relay to client ------------------------------------------------------------------------


class Challenge(Frame, frozen=True, tag=1):
    """First frame of every connection: the versions spoken and a fresh nonce to sign."""

    versions: Annotated[list[U8], Meta(min_length=1, max_length=16)]
    nonce: Bytes32


class Welcome(Frame, frozen=True, tag=2):
    """The connection is open. `epoch` changes when a relay was restored from a backup."""

    version: U8
    registered: bool
    epoch: U63
    now_s: U63
    max_ttl_s: U32
    max_deposit_items: U32


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


# ---- client to relay ------------------------------------------------------------------------


class Anonymous(Frame, frozen=True, tag=32):
    """Open an anonymous connection: deposit and fetch."""

    version: U8


class Authenticate(Frame, frozen=True, tag=33):
    """Open a device's connection: its key's signature over authority, nonce and key."""

    version: U8
    signing_key: Bytes32
    authority: Annotated[str, Meta(min_length=1, max_length=261)]
    signature: Bytes64


class Register(Frame, frozen=True, tag=34):
    """Create an account: its name, first manifest and bucket tokens. `invite` is a secret, 8 B.

    Or recover one: the name is taken by the same root key, in a lower generation. Or give one
    another name: a device of it asks.
    """

    request: U32
    name: Name
    invite: Annotated[bytes, Meta(min_length=8, max_length=8)] | None
    manifest: ManifestBytes
    tokens: Annotated[list[Bytes32], Meta(min_length=BUCKET_TOKENS, max_length=BUCKET_TOKENS)]


class PublishManifest(Frame, frozen=True, tag=35):
    """Put the next link of this account's manifest chain."""

    request: U32
    manifest: ManifestBytes


class PublishPrekeys(Frame, frozen=True, tag=36):
    """Put prekeys of this device: a signed or last-resort one replaces, one-time ones add."""

    request: U32
    prekeys: Annotated[list[Prekey], Meta(min_length=1, max_length=MAX_PREKEYS_PER_FRAME)]


class PublishTokens(Frame, frozen=True, tag=37):
    """Replace the hashes of this account's live and retired delivery tokens."""

    request: U32
    live: Annotated[list[Bytes32], Meta(min_length=BUCKET_TOKENS, max_length=BUCKET_TOKENS)]
    retired: Annotated[list[Bytes32], Meta(max_length=MAX_RETIRED_TOKENS)]


class PublishCode(Frame, frozen=True, tag=38):
    """Put what a contact code's secret finds and opens."""

    request: U32
    lookup_id: Bytes16
    sealed: SealedCode


class PublishHeartbeat(Frame, frozen=True, tag=39):
    """Put a fresh heartbeat for this account's manifest."""

    request: U32
    heartbeat: Heartbeat


class FetchPrekeyState(Frame, frozen=True, tag=40):
    """Ask what is left of this device's prekeys."""

    request: U32


class Subscribe(Frame, frozen=True, tag=41):
    """Deliver this device's mailbox from now on; fences off its older subscription."""

    request: U32


class Ack(Frame, frozen=True, tag=42):
    """These envelopes are kept by the device; delete them. No answer: a lost ack is repeated."""

    ids: Annotated[list[Bytes16], Meta(min_length=1, max_length=MAX_ACK_IDS)]


class FetchManifest(Frame, frozen=True, tag=43):
    """Ask for an account's manifests past a sequence; 0 for the newest alone."""

    request: U32
    name: Name
    since_sequence: U63


class FetchPrekeys(Frame, frozen=True, tag=44):
    """Ask for bundles; one-time prekeys are given out only against a delivery token."""

    request: U32
    name: Name
    devices: Annotated[list[Bytes16], Meta(min_length=1, max_length=MAX_BUNDLE_DEVICES)]
    token: Bytes16 | None


class FetchCode(Frame, frozen=True, tag=45):
    """Ask for what a contact code's owner published."""

    request: U32
    lookup_id: Bytes16


class Target(Part, frozen=True):
    """A mailbox, and the token that opens its contact lane."""

    mailbox: Bytes16
    token: Bytes16 | None


class DepositItem(Part, frozen=True):
    """One payload for one mailbox, or for many. `id` is random: a retry repeats it."""

    id: Bytes16
    ttl_s: U32
    ephemeral: bool
    payload: Payload
    targets: Annotated[list[Target], Meta(min_length=1, max_length=MAX_FANOUT_TARGETS)]


class Deposit(Frame, frozen=True, tag=46):
    """Leave envelopes. `is_retry` says that ids in it may have arrived before."""

    request: U32
    is_retry: bool
    items: Annotated[list[DepositItem], Meta(min_length=1, max_length=MAX_DEPOSIT_ITEMS)]


class PutSlot(Frame, frozen=True, tag=47):
    """Put what another device waits for under an id that both know: once, for SLOT_TTL_S."""

    request: U32
    slot: Bytes16
    sealed: SealedSlot


class FetchSlot(Frame, frozen=True, tag=48):
    """Ask for what was put into a slot; who waits for it asks again."""

    request: U32
    slot: Bytes16


class FetchBlob(Frame, frozen=True, tag=49):
    """Ask for a part of a blob. Who has its capability may read it, also before it is complete."""

    request: U32
    capability: Bytes32
    offset: U63
    length: PartLength


class OpenBlob(Frame, frozen=True, tag=50):
    """Begin a blob, or ask how far it is. `blob` is the hash of its capability."""

    request: U32
    blob: Bytes32
    size_bytes: BlobSize
    ttl_s: U32


class PutBlob(Frame, frozen=True, tag=51):
    """Put the next part of a blob: `offset` is at most what was received before."""

    request: U32
    blob: Bytes32
    offset: U63
    data: Annotated[bytes, Meta(min_length=1, max_length=MAX_BLOB_PART_BYTES)]


class DeleteBlob(Frame, frozen=True, tag=52):
    """Delete a blob of this account's."""

    request: U32
    blob: Bytes32


class DeleteAccount(Frame, frozen=True, tag=53):
    """Delete this account: its account key's signature over the head of its manifests."""

    request: U32
    signature: Bytes64


class PublishMoved(Frame, frozen=True, tag=54):
    """Put where this account has gone, signed by its root key."""

    request: U32
    moved: MovedBytes


class FetchHoldings(Frame, frozen=True, tag=55):
    """Ask for all that the relay holds of this account."""

    request: U32


class SetWake(Frame, frozen=True, tag=56):
    """Put where this device is woken when something comes while it is away; null: nowhere."""

    request: U32
    endpoint: WakeEndpoint | None


RelayFrame = (
    Challenge
    | Welcome
    | Close
    | Done
    | Refused
    | Deposited
    | Deliver
    | Drained
    | ManifestFound
    | BundlesFound
    | CodeFound
    | PrekeyState
    | SlotFound
    | BlobPart
    | BlobState
    | Holdings
)

AnonymousRequest = (
    FetchManifest | FetchPrekeys | FetchCode | Deposit | PutSlot | FetchSlot | FetchBlob
)
DeviceRequest = (
    Register
    | PublishManifest
    | PublishPrekeys
    | PublishTokens
    | PublishCode
    | PublishHeartbeat
    | FetchPrekeyState
    | Subscribe
    | OpenBlob
    | PutBlob
    | DeleteBlob
    | DeleteAccount
    | PublishMoved
    | FetchHoldings
    | SetWake
)
ClientFrame = Anonymous | Authenticate | Ack | AnonymousRequest | DeviceRequest
Answer = (
    Done
    | Refused
    | Deposited
    | ManifestFound
    | BundlesFound
    | CodeFound
    | PrekeyState
    | SlotFound
    | BlobPart
    | BlobState
    | Holdings
)


def by_tag(side: object) -> dict[int, type[Frame]]:
    """Return the frames of a side (RelayFrame or ClientFrame) by their tags."""
    kinds: tuple[type[Frame], ...] = get_args(side)
    return {tag: kind for kind in kinds if isinstance(tag := kind.__struct_config__.tag, int)}
