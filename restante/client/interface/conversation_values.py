"""What the engine shows of conversations and contacts, and what is known of their keys.

Rule: as in view.py. Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from restante.client.interface.message_values import Message
from restante.client.interface.view import ConversationKey, View


class Trust(StrEnum):
    """What is known of a contact's root key."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    CHANGED = "changed"


class ContactState(StrEnum):
    """Where a contact stands with us."""

    ACCEPTED = "accepted"
    REQUEST = "request"
    """They wrote first and wait for accept or block."""
    PENDING = "pending"
    """We wrote first; they have not answered yet."""
    BLOCKED = "blocked"
    SELF = "self"
    """Oneself: the conversation is "Note to self"."""
    LEFT = "left"
    """They have deleted their account."""
    MEMBER = "member"
    """Known only from a group; in no list of contacts."""


RoleName = Literal["reader", "member", "admin", "owner"]
"""What somebody may do in a group; a reader can't write."""


class GroupLine(View, frozen=True):
    """What a conversation of many is besides: a group, or a space that holds channels."""

    description: str
    member_count: int
    role: RoleName | None
    """One's own; None for who has left, was removed, or hasn't accepted yet."""
    may_post: bool
    is_space: bool
    space: ConversationKey | None
    """The space that this channel says it belongs to."""
    category: str = ""
    """Where in that space it is listed, and at which place there."""
    position: int = 0


AlertLevel = Literal["all", "mentions", "none"]
"""Which messages of a conversation call."""


class Conversation(View, frozen=True):
    """One line of the conversation list."""

    key: ConversationKey
    title: str
    address: str
    trust: Trust
    contact: ContactState
    message_count: int
    unread_count: int
    first_unread: int | None
    """Position of the first unread message."""
    last: Message | None
    unread_mentions: int = 0
    """Unread messages that name the user or answer them, up to 1,000."""
    timer_s: int = 0
    """New messages disappear so long after they were read; 0: they stay."""
    is_online: bool | None = None
    """Whether they say that they are there; None if they say nothing, or we don't."""
    seen_at: str | None = None
    """When they last were, to five minutes."""
    muted_until: str | None = None
    """RFC 3339 UTC; None if the user wants to hear of it."""
    alerts: AlertLevel = "all"
    """Which of its messages call the user; `mentions`: those that name them, or hold a keyword."""
    pinned: bool = False
    """The user keeps it at the top of the list."""
    archived: bool = False
    draft: str = ""
    """What the user has begun to write, on whichever device."""
    marked_unread: bool = False
    """The user wants to come back to it, though everything may be read."""
    is_self: bool = False
    """Notes to oneself."""
    group: GroupLine | None = None
    """None: with one other person."""


class Contact(View, frozen=True):
    """A person in the contact list."""

    key: ConversationKey
    address: str
    petname: str | None
    trust: Trust
    state: ContactState


class SafetyNumber(View, frozen=True):
    """Sixty digits to compare, in groups of five."""

    digits: str
    trust: Trust
    peer: str
    payload: str = ""
    """What a QR code of it holds: the digits alone."""
