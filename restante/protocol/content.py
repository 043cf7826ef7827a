"""What people and devices say to each other: the plaintext of an envelope. One schema.

A content has a fixed outside, read by every version, and a body by kind that stays as bytes: an
unknown kind is kept and shown as "sent with a newer Restante". Rule: what is here was written by
somebody else's device; it is parsed, bounded and never trusted. Spec: docs/protocol/content.md.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from restante.protocol.codec import decode, encode
from restante.protocol.ids import ID_BYTES, U8, U16, U32, U63, Bytes16, Bytes32
from restante.protocol.limits import BUCKETS, MAX_FILE_BYTES, MAX_MANIFEST_BYTES

MAX_SEEN = 8
"""Heads of the conversation a message names: more are implied by these."""

MAX_CONTENT_BYTES = BUCKETS[-1]
"""A bound for parsing: no envelope holds as much."""

MAX_MENTIONS = 64
MAX_REACTION_CHARS = 32
"""The longest emoji sequence of Unicode has ten code points."""

MAX_FILE_NAME_CHARS = 255
"""What file systems take; names from outside are made safe before they become one."""

MAX_PREVIEW_BYTES = 2048
"""A blurred picture of 32 x 20 cells of three bytes."""

MAX_WAVEFORM_BYTES = 128
"""Loudness of a voice note, a byte for each stretch of equal length."""

MAX_RECEIPT_IDS = 256
"""Messages of one receipt, counters of one resend request: 4.6 KB, the middle bucket."""


class Kind(IntEnum):
    """What a content is. Numbers are only ever added; 1 to 99 stand in the history."""

    TEXT = 1
    EDIT = 2
    """What a message of one's own says from now on."""
    DELETION = 3
    """A message of one's own is to be forgotten by everybody."""
    REACTION = 4
    FILE = 5
    """A file, which lies sealed at a relay until it is fetched."""
    LOCATION = 6
    CONTACT_CARD = 7
    POLL = 8
    """A question and what can be answered: see `protocol.poll`, also for the next two."""
    SETTING = 9
    """How the conversation is kept from now on: its disappearing time."""
    PIN = 20
    VOTE = 28
    POLL_CLOSED = 29
    ERASED = 99
    """In the place of a content whose text its author has erased: same id, rank and counter, no
    body. The DELETION that erased it says what it is."""
    RECEIPT = 100
    """Messages that were delivered or read."""
    TOKEN = 101
    """A delivery token for the reader to use from now on."""
    RESEND_REQUEST = 102
    """Counters that are missing from a conversation."""
    SYNC = 103
    """Between devices of one account: what the others must know."""
    MOVED = 104
    """The account lives at another address now."""
    LEFT = 106
    """The account was deleted."""
    RESEND_EXPIRED = 107
    """Counters that were asked for and are no more: their messages have disappeared."""
    MANIFEST = 108
    """The account has other devices now."""
    TYPING = 110
    PRESENCE = 111
    GROUP_CONTENT = 112
    """A content of a group, with the epoch that it is of."""
    GROUP_LOG = 113
    """Entries of a group's membership log."""
    GROUP_ASK = 114
    """Entries of a group's membership log are missing."""
    SENDER_KEY = 115
    """The key by which a device's messages in a large group are opened."""
    GROUP_JOIN = 116
    """Somebody has an invite link to a group, and wants in."""
    GROUP_REFUSED = 117
    """That link lets nobody in any more."""
    SENDER_KEY_ASK = 118
    """A key of that kind was lost on its way."""
    GROUP_DECLINED = 119
    """An admin has said no to somebody who asked to be let in: for the other admins."""
    GRANTED = 130
    """What a capability key says, with the grant that allows it: see `protocol.grant`."""


CHANGES: Final = frozenset(
    {Kind.EDIT, Kind.DELETION, Kind.REACTION, Kind.PIN, Kind.VOTE, Kind.POLL_CLOSED}
)
"""Kinds that change another message and are no entry of their own."""

EPHEMERAL: Final = frozenset({Kind.TYPING, Kind.PRESENCE})
"""Kinds that are worth nothing a moment later: for whoever is online, stored nowhere."""

LAST_HISTORY_KIND: Final = 99


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


EVERYBODY: Final = bytes(ID_BYTES)
"""In the place of an account: everybody in the group, if its writer may name them all."""


class Mention(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A stretch of a text, in code points, that names an account."""

    start: U32
    length: U32
    account: Bytes16


class Text(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind TEXT."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_CONTENT_BYTES)]
    quote: Quote | None
    mentions: Annotated[list[Mention], Meta(max_length=MAX_MENTIONS)]


class Edit(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind EDIT: the body, of its own kind, that takes the place of a message's."""

    message: Bytes16
    kind: U16
    body: Annotated[bytes, Meta(max_length=MAX_CONTENT_BYTES)]


class Deletion(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind DELETION."""

    message: Bytes16


class Reaction(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind REACTION: the writer's only one to that message; empty takes it back."""

    message: Bytes16
    emoji: Annotated[str, Meta(max_length=MAX_REACTION_CHARS)]


class Pin(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind PIN."""

    message: Bytes16
    is_pinned: bool


class Location(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind LOCATION, as of RFC 5870 (WGS 84): ten-millionths of a degree, metres.

    `live_until_s` says that edits with newer places follow until then; 0 if none do.
    """

    latitude_e7: Annotated[int, Meta(ge=-900_000_000, le=900_000_000)]
    longitude_e7: Annotated[int, Meta(ge=-1_800_000_000, le=1_800_000_000)]
    accuracy_m: U32
    live_until_s: U63
    label: Annotated[str, Meta(max_length=200)]


class FileRole(IntEnum):
    """What a file is to be shown as. Numbers are only ever added; an unknown one is a FILE."""

    FILE = 0
    IMAGE = 1
    VIDEO = 2
    VOICE = 3
    """A voice note; what `waveform` draws."""
    FOLDER = 4
    """A folder as a tar archive."""
    TEXT = 5
    """What its writer wrote as a message and what was too long for one; the caption begins it."""


class File(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind FILE: where the sealed file lies, what opens it, and what it is said to be.

    `digest` is SHA-256 of the content, `size_bytes` its length; the blob, `sealed_bytes`, lies at
    `relay` until about `expires_at_s`. `preview` is empty, or columns, rows, and a colour (red,
    green, blue) for each cell. Sizes and times are 0 where they aren't known.
    """

    name: Annotated[str, Meta(min_length=1, max_length=MAX_FILE_NAME_CHARS)]
    media_type: Annotated[str, Meta(max_length=127)]
    role: U8
    size_bytes: Annotated[int, Meta(ge=0, le=MAX_FILE_BYTES)]
    digest: Bytes32
    capability: Bytes32
    key: Bytes32
    sealed_bytes: U63
    relay: Annotated[str, Meta(min_length=1, max_length=160)]
    expires_at_s: U63
    caption: Annotated[str, Meta(max_length=MAX_CONTENT_BYTES)]
    quote: Quote | None
    preview: Annotated[bytes, Meta(max_length=MAX_PREVIEW_BYTES)]
    width: U32
    height: U32
    duration_ms: U32
    waveform: Annotated[bytes, Meta(max_length=MAX_WAVEFORM_BYTES)]
    mentions: Annotated[list[Mention], Meta(max_length=MAX_MENTIONS)]
    """In the caption."""


class ContactCard(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind CONTACT_CARD: somebody's address, and the account that is to be found there."""

    name: Annotated[str, Meta(max_length=64)]
    address: Annotated[str, Meta(min_length=1, max_length=160)]
    account: Bytes16


class Setting(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind SETTING: how long a message stays after it was read; 0: for ever."""

    disappears_after_s: U32


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


class ResendExpired(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind RESEND_EXPIRED: counters of the writer's device that can't be sent again."""

    counters: Annotated[list[U63], Meta(min_length=1, max_length=MAX_RECEIPT_IDS)]


class Typing(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind TYPING."""

    is_typing: bool


class Presence(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind PRESENCE. `seen_at_s` is coarse: a multiple of 300."""

    is_online: bool
    seen_at_s: U63


class Moved(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind MOVED: a SignedMoved of the writer's account."""

    statement: Annotated[bytes, Meta(min_length=1, max_length=512)]


class NewManifest(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind MANIFEST: the newest SignedManifest of the writer's account."""

    manifest: Annotated[bytes, Meta(min_length=1, max_length=MAX_MANIFEST_BYTES)]
