"""What a client says to a relay, tagged from 32.

Rule: everything that can repeat is a batch; every request has a number.
Spec: docs/protocol/relay.md, section 4.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from restante.protocol.frame_parts import (
    BlobSize,
    Frame,
    ManifestBytes,
    MovedBytes,
    Name,
    Part,
    PartLength,
    Payload,
    SealedCode,
    SealedSlot,
    WakeEndpoint,
)
from restante.protocol.ids import U8, U32, U63, Bytes16, Bytes32, Bytes64
from restante.protocol.limits import (
    BUCKET_TOKENS,
    MAX_ACK_IDS,
    MAX_BLOB_PART_BYTES,
    MAX_BUNDLE_DEVICES,
    MAX_DEPOSIT_ITEMS,
    MAX_FANOUT_TARGETS,
    MAX_PREKEYS_PER_FRAME,
    MAX_RETIRED_TOKENS,
)
from restante.protocol.manifest import Heartbeat, Prekey


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
    another name: a device of it asks. `ticket` is the newest that `Welcome` gave the account.
    """

    request: U32
    name: Name
    invite: Annotated[bytes, Meta(min_length=8, max_length=8)] | None
    manifest: ManifestBytes
    tokens: Annotated[list[Bytes32], Meta(min_length=BUCKET_TOKENS, max_length=BUCKET_TOKENS)]
    ticket: Bytes16 | None


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
