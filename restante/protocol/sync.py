"""What the devices of one account tell each other: the body of kind SYNC. One schema.

Rule: it comes from a device of one's own, and is bounded all the same; what says how things are is
a record, of which the greatest wins. Spec: docs/protocol/content.md, section 2.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from msgspec import Meta, Struct

from restante.protocol.content import MAX_CONTENT_BYTES, MAX_RECEIPT_IDS
from restante.protocol.ids import U8, U32, U63, Bytes16, Bytes32

MAX_SYNC_ITEMS = 64
"""Of a sync content; what doesn't fit the largest bucket goes in the next one."""


class SyncItem(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One thing that the other devices must know."""


class SyncSent(SyncItem, frozen=True, tag=1):
    """A copy of a content that this device sent for a conversation's history."""

    conversation: Annotated[bytes, Meta(min_length=16, max_length=32)]
    content: Annotated[bytes, Meta(min_length=1, max_length=MAX_CONTENT_BYTES)]


class SyncRecord(SyncItem, frozen=True, tag=2):
    """One record of the account's own: the greatest (rank, device id) wins."""

    kind: U8
    key: Annotated[bytes, Meta(max_length=64)]
    rank: U63
    device: Bytes16
    value: Annotated[bytes, Meta(max_length=16_384)] | None


class SyncRead(SyncItem, frozen=True, tag=3):
    """Messages that the user has read, and when; the earliest time counts."""

    conversation: Annotated[bytes, Meta(min_length=16, max_length=32)]
    messages: Annotated[list[Bytes16], Meta(min_length=1, max_length=MAX_RECEIPT_IDS)]
    at_ms: U63


class SyncHistory(SyncItem, frozen=True, tag=4):
    """A blob of history for a newly linked device: part `number`, of `count` if that is known."""

    transfer: Bytes16
    number: U32
    count: U32
    capability: Bytes32
    key: Bytes32
    size_bytes: U63


class SyncHeard(SyncItem, frozen=True, tag=5):
    """Somebody's device sent this counter only to devices of an older manifest of ours."""

    conversation: Annotated[bytes, Meta(min_length=16, max_length=32)]
    device: Bytes16
    counter: U63


class SyncWanted(SyncItem, frozen=True, tag=6):
    """The device that says so wants the whole history, from the one that is told, as `transfer`."""

    transfer: Bytes16


class SyncFailed(SyncItem, frozen=True, tag=7):
    """Messages of ours that could not be sent after all; whoever has heard of a receipt doubts."""

    conversation: Annotated[bytes, Meta(min_length=16, max_length=32)]
    messages: Annotated[list[Bytes16], Meta(min_length=1, max_length=MAX_RECEIPT_IDS)]


class Sync(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind SYNC."""

    items: Annotated[
        list[SyncSent | SyncRecord | SyncRead | SyncHistory | SyncHeard | SyncWanted | SyncFailed],
        Meta(min_length=1, max_length=MAX_SYNC_ITEMS),
    ]


class RecordKind(IntEnum):
    """What a synced record is about; its key is what it is about. Numbers are only ever added."""

    CONTACT = 1
    """key: account id. Who they are: root key, address, manifest, tokens; merged, never replaced
    by an older manifest."""
    PETNAME = 2
    CONTACT_STATE = 3
    TRUST = 4
    MUTED_UNTIL = 5
    CHAT_PINNED = 6
    ARCHIVED = 7
    DRAFT = 8
    HIDDEN = 9
    """key: message id. Deleted for this account alone."""
    UNREAD = 10
    """key: conversation. The user has marked it as unread."""
    NOTICE = 11
    """key: entry id. What happened to a contact's account, and where that stands."""
    SETTING = 20
    """key: a setting's name."""
    TOKEN = 30
    """key: bucket. This account's delivery tokens."""
    CODE = 31
    """This account's contact code."""
    DEVICE_NAME = 40
    """key: device id."""
    HISTORY = 41
    """key: transfer. How many parts of a history the new device has, from the first one."""
    GROUP = 50
    """key: group. The heads of its membership log, as a device knows it."""
    GROUP_JOINED = 51
    """key: group. The user is in it, whoever added them."""
    GROUP_ASKED = 52
    """key: id of an invite link. The accounts, 16 B each, that were asked to let the user in."""
    GROUP_LINK = 53
    """key: id of an invite link. Its secret, 16 B: whoever made it can show it again."""
    GROUP_DECLINED = 54
    """key: id of an invite link, account. When the user said no to them, in ms, 8 B: on no other
    device is that asked again."""
    THREAD_DRAFT = 58
    """key: a thread's first message. What the user has begun to write in it; nil: nothing."""
    ALERTS = 65
    """key: conversation. Which messages call the user: `mentions` or `none`; absent: all."""
