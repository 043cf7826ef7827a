"""The membership log of a group: entries that name their parents, signed by devices. Formats only.

An entry is one node of a graph: it names the entries that its writer had seen last, and says what
it changes. Rule: a signed thing travels as the bytes that were signed; parsing says nothing about
truth (`restante.crypto.signatures`), nor about who may do what (`restante.protocol.group_rules`).
Spec: docs/protocol/groups.md, sections 1 and 2.
"""

from __future__ import annotations

from enum import IntEnum
from hashlib import sha256
from typing import Annotated, Final, NewType

from msgspec import Meta, Struct

from restante.protocol.codec import decode, encode
from restante.protocol.ids import (
    U8,
    U16,
    U32,
    U63,
    Bytes16,
    Bytes32,
    Bytes64,
    labelled,
)
from restante.protocol.limits import MAX_MANIFEST_BYTES

GroupId = NewType("GroupId", bytes)
"""32 bytes: the hash of the group's founding entry. An account's id has 16, so none passes for the
other as the key of a conversation."""

EntryHash = NewType("EntryHash", bytes)

GROUP_ID_BYTES: Final = 32
MAX_PARENTS: Final = 16
"""Heads that one entry brings together; more than so many people never act at the same moment."""

MAX_ACTS: Final = 128
"""Of one entry: as many members are added at once."""

MAX_ENTRY_BYTES: Final = 32_768
"""Such an entry fits the largest envelope, with the manifest that it was signed under."""

SENDER_CHAIN_LENGTH: Final = 128
"""Messages of one sender key at the most; whoever writes begins another one after 100."""

MAX_NAME_CHARS: Final = 64
MAX_TEXT_CHARS: Final = 1000

MAX_PICTURE_BYTES: Final = 2048
"""As of a message's preview."""

MAX_PICTURE_SIDE: Final = 32
"""Cells."""

MAX_LOG_ITEMS: Final = 1024
"""Entries, manifests or tokens in one GROUP_LOG; its size bounds them sooner."""


class Role(IntEnum):
    """What a member may do; whoever may more has the greater number. 0 is no member."""

    NONE = 0
    READER = 1
    MEMBER = 2
    ADMIN = 3
    OWNER = 4


class ActKind(IntEnum):
    """What an act changes. Numbers are only ever added; an unknown one changes nothing here."""

    FOUND = 1
    ADD = 2
    REMOVE = 3
    ROLE = 4
    SET = 5
    LINK = 6
    UNLINK = 7
    CHANNEL = 8
    DEVICES = 9
    PICTURE = 10


class Field(IntEnum):
    """What SET sets."""

    NAME = 1
    DESCRIPTION = 2
    TIMER_S = 3
    """Messages disappear so long after they were read; 0: they stay."""
    MAY_POST = 4
    """The least Role that may write."""
    MAY_MENTION_ALL = 5
    """The least Role whose `@all` rings for everybody."""
    PARENT = 6
    """Which space this channel belongs to, as text: the hex of its id."""


class Act(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One change. `kind` is an ActKind, `body` is read by it."""

    kind: U16
    body: Annotated[bytes, Meta(max_length=4096)]


class Found(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The group begins: its name, and its first owner, who signs. `nonce` makes its id unique."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    is_space: bool
    nonce: Bytes16


class Add(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Somebody is a member from now on. `link` is the invite link that they came by, if any."""

    account: Bytes16
    role: Annotated[int, Meta(ge=1, le=4)]
    link: Bytes16 | None


class Remove(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Somebody is no member any more; oneself: one leaves."""

    account: Bytes16


class SetRole(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A member may do more, or less."""

    account: Bytes16
    role: Annotated[int, Meta(ge=1, le=4)]


class SetField(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The group is called or kept otherwise. `field` is a Field; it takes `number` or `text`."""

    field: U8
    number: U63
    text: Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]


class Link(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Whoever proves to know the secret of that hash may join, until then, at most so often."""

    id: Bytes16
    expires_at_s: U63
    """0: never."""
    uses: U32
    """0: any number."""
    needs_approval: bool


class Unlink(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """An invite link is worth nothing any more."""

    id: Bytes16


class Channel(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A space holds that channel, in that category; `is_listed` False: no longer."""

    group: Bytes32
    category: Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
    position: U32
    is_listed: bool


class Devices(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The author's account has revoked a device: the entry names the list that is without it."""


class Picture(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the group looks like: columns, rows, then red, green, blue of each cell; empty: none."""

    cells: Annotated[bytes, Meta(max_length=MAX_PICTURE_BYTES)]

    @property
    def is_whole(self) -> bool:
        """Whether it has as many cells as it says, and no side is too long; or is none."""
        if not self.cells:
            return True
        sides, colours = self.cells[:2], self.cells[2:]
        is_drawn = all(1 <= side <= MAX_PICTURE_SIDE for side in sides)
        return is_drawn and len(colours) == 3 * sides[0] * sides[-1]


BODIES: Final[dict[int, type[Struct]]] = {
    ActKind.FOUND: Found,
    ActKind.ADD: Add,
    ActKind.REMOVE: Remove,
    ActKind.ROLE: SetRole,
    ActKind.SET: SetField,
    ActKind.LINK: Link,
    ActKind.UNLINK: Unlink,
    ActKind.CHANNEL: Channel,
    ActKind.DEVICES: Devices,
    ActKind.PICTURE: Picture,
}

KINDS: Final = {body: kind for kind, body in BODIES.items()}


class EntryBody(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a device signs. `group` is empty in the founding entry, which has no parents.

    `manifest` is the head of the author's manifest that lists the device; `sequence` counts the
    device's entries in this group, from 1.
    """

    version: Annotated[int, Meta(ge=1, le=1)]
    group: Annotated[bytes, Meta(max_length=GROUP_ID_BYTES)]
    parents: Annotated[list[Bytes32], Meta(max_length=MAX_PARENTS)]
    author: Bytes16
    device: Bytes16
    manifest: Bytes32
    sequence: Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)]
    at_ms: U63
    acts: Annotated[list[Act], Meta(min_length=1, max_length=MAX_ACTS)]


class SignedEntry(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """An entry with its device's signature, as it travels."""

    body: Annotated[bytes, Meta(min_length=1, max_length=MAX_ENTRY_BYTES)]
    signature: Bytes64

    @property
    def hash(self) -> EntryHash:
        """What names it: SHA-256("group-entry-hash" 00 || body), 32 B."""
        return EntryHash(sha256(labelled("group-entry-hash", self.body)).digest())

    def entry(self) -> EntryBody:
        """Parse the body, unverified. Raises RemoteProtocolError."""
        return decode(self.body, EntryBody, max_bytes=MAX_ENTRY_BYTES)


def act(body: Struct) -> Act:
    """Pack one change."""
    return Act(kind=int(KINDS[type(body)]), body=encode(body))


def read_act(packed: Act) -> Struct | None:
    """Read one change; None for one of a later version. Raises RemoteProtocolError."""
    kind = BODIES.get(packed.kind)
    return None if kind is None else decode(packed.body, kind, max_bytes=4096)


# ---- what travels in contents -----------------------------------------------------------------


class GroupContent(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind GROUP_CONTENT: a content of the group, and the heads that its writer had seen.

    They are in what the ratchet authenticates: a message is of its epoch, and of no other.
    """

    heads: Annotated[list[Bytes32], Meta(min_length=1, max_length=MAX_PARENTS)]
    content: Annotated[bytes, Meta(min_length=1, max_length=65_536)]


class MemberToken(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A delivery token of a member's, so that other members need no request lane."""

    account: Bytes16
    token: Bytes16


class GroupLog(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind GROUP_LOG: entries, oldest first, and what it takes to verify and to reach.

    `manifests` are SignedManifests: those under which entries were signed, and the members'.
    """

    entries: Annotated[list[SignedEntry], Meta(max_length=MAX_LOG_ITEMS)]
    manifests: Annotated[
        list[Annotated[bytes, Meta(min_length=1, max_length=MAX_MANIFEST_BYTES)]],
        Meta(max_length=MAX_LOG_ITEMS),
    ]
    tokens: Annotated[list[MemberToken], Meta(max_length=MAX_LOG_ITEMS)]


class SenderKey(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind SENDER_KEY: opens what its writer says in the group from `number` on.

    Which chain it is follows from the keys and from whose device says so.
    """

    number: Annotated[int, Meta(ge=0, lt=SENDER_CHAIN_LENGTH)]
    chain_key: Bytes32
    tag_key: Bytes32
    verify_key: Bytes32


class GroupAsk(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind GROUP_ASK: the asker has all up to these heads, and lacks what follows."""

    heads: Annotated[list[Bytes32], Meta(max_length=MAX_PARENTS)]


class SenderKeyAsk(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind SENDER_KEY_ASK: an envelope with this lookup tag came, and no key for it."""

    tag: Bytes16


class Refusal(IntEnum):
    """Why an invite link lets somebody in no more. Numbers are only ever added."""

    REVOKED = 1
    EXPIRED = 2
    USED_UP = 3
    DECLINED = 4
    """An admin was asked, and said no."""
    FULL = 5


class GroupJoin(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind GROUP_JOIN: the writer has an invite link with this secret, and wants in.

    `place` counts from 0 the accounts that the link names: the first one answers first.
    """

    secret: Bytes16
    place: U8


class GroupRefused(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind GROUP_REFUSED: the invite link of that id lets nobody in. `why` is a Refusal."""

    link: Bytes16
    why: U8


class GroupDeclined(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind GROUP_DECLINED: its writer has said no to an account that came by a link."""

    link: Bytes16
    account: Bytes16
    at_ms: U63
