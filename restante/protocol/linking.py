"""The messages by which a new device is linked to an account, one in each slot. Formats only.

Two devices meet at slots that a code's secret names: the new one offers its keys, the old one
accepts and, once its user has compared digits, grants. Rule: what stands in a slot is sealed and of
one size for each slot; these are the plaintexts, before padding.
Spec: docs/protocol/identity.md, section 9; sealing: docs/cryptography.md, section 11.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from restante.protocol.ids import U8, Bytes16, Bytes32, Bytes64
from restante.protocol.limits import BUCKET_TOKENS, MAX_MANIFEST_BYTES, MAX_RETIRED_TOKENS
from restante.protocol.manifest import DeviceEntry
from restante.protocol.sync import SyncRecord

MAX_DEVICE_NAME_CHARS: Final = 64
"""A device's name on one line of a list."""

MAX_PROVISION_BYTES: Final = 8192
"""What an account hands to a new device in one slot; all that is larger comes as a blob."""

MAX_PROVISION_RECORDS: Final = 96
"""Of tokens, the contact code, 32 devices' names and settings; the rest comes with the history."""

XWING_KEY_BYTES: Final = 1216
"""An ML-KEM-768 encapsulation key, 1184 B, and an X25519 key, 32 B."""


class LinkSlot(IntEnum):
    """The slots of one linking, by number; each is written once."""

    OFFER = 1
    """By the new device."""
    ACCEPT = 2
    """By the old device."""
    REVEAL = 3
    """By the new device."""
    VERDICT = 4
    """By the old device: a grant, or word that there will be none."""
    CANCEL = 5
    """By the new device, if its user gives up."""


class LinkAbort(IntEnum):
    """Why a linking ended without a grant. Other numbers are for later versions."""

    CANCELLED = 1
    """A user gave up."""
    WRONG_DIGITS = 2
    """The digits that were typed on the old device aren't those of the new one."""


class LinkOffer(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The new device's keys, its word on a nonce that it shows later, and its name."""

    version: Annotated[int, Meta(ge=1, le=1)]
    xwing_key: Annotated[bytes, Meta(min_length=XWING_KEY_BYTES, max_length=XWING_KEY_BYTES)]
    device: DeviceEntry
    commitment: Bytes32
    name: Annotated[str, Meta(max_length=MAX_DEVICE_NAME_CHARS)]


class LinkAccept(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The account's root key, the old device's nonce and the secret that seals what follows."""

    root_key: Bytes32
    nonce: Bytes16
    secret: Bytes32


class LinkReveal(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The nonce that was committed to, and the new device's signature over the exchange."""

    nonce: Bytes16
    signature: Bytes64


class LinkGrant(Struct, array_like=True, frozen=True, forbid_unknown_fields=True, tag=1):
    """A verdict: the manifest that lists the new device, and what its account gives it."""

    manifest: Annotated[bytes, Meta(max_length=MAX_MANIFEST_BYTES)]
    provision: Annotated[bytes, Meta(max_length=MAX_PROVISION_BYTES)]


class LinkAborted(Struct, array_like=True, frozen=True, forbid_unknown_fields=True, tag=2):
    """A verdict: no grant, and the code is worth nothing any more."""

    reason: U8


class Provision(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a new device begins with: delivery tokens, the contact code, and a few records.

    `tokens` are the live ones, by bucket. Everything else comes with the history.
    """

    version: Annotated[int, Meta(ge=1, le=1)]
    tokens: Annotated[list[Bytes16], Meta(min_length=BUCKET_TOKENS, max_length=BUCKET_TOKENS)]
    retired: Annotated[list[Bytes16], Meta(max_length=MAX_RETIRED_TOKENS)]
    code_secret: Annotated[bytes, Meta(min_length=8, max_length=8)] | None
    code_bucket: U8
    records: Annotated[list[SyncRecord], Meta(max_length=MAX_PROVISION_RECORDS)]


LinkVerdict = LinkGrant | LinkAborted

LINK_VERDICTS: Final[dict[int, type[LinkVerdict]]] = {1: LinkGrant, 2: LinkAborted}
"""Which of its two forms a verdict has, its first element says."""
