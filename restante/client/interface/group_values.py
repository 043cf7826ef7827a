"""What the engine shows of a group or a space: who is in it, how it is kept, how one gets in.

Rule: as in view.py. Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

from typing import Literal

from restante.client.interface.conversation_values import Conversation, RoleName, Trust
from restante.client.interface.file_values import Preview
from restante.client.interface.view import ConversationKey, View


class Member(View, frozen=True):
    """Somebody in a group. `name` is the petname, else the address."""

    key: ConversationKey
    name: str
    address: str
    role: RoleName
    is_me: bool
    trust: Trust
    is_contact: bool


class Group(View, frozen=True):
    """A group as it stands on this device."""

    conversation: Conversation
    members: list[Member]
    """Owners first, then by name."""
    may_post: RoleName
    """The least role that may write."""
    entries: int
    """How many changes its log holds."""
    may_mention_all: RoleName = "member"
    """The least role whose `@all` is for everybody."""
    changes: list[GroupChange] = []
    """What was changed last, and by whom: up to 20, the newest last."""
    picture: Preview | None = None
    asking: list[AsksToJoin] = []
    """Who has an invite and waits for an admin's word, the longest first."""


class GroupChange(View, frozen=True):
    """Who changed what, as a sentence."""

    at: str
    text: str


class AsksToJoin(View, frozen=True):
    """Somebody who came by an invite link, and whom an admin may let in."""

    key: ConversationKey
    name: str
    address: str
    asked_at: str


class SpaceChannel(View, frozen=True):
    """A channel of a space. `is_shared`: its members and roles are the space's."""

    key: ConversationKey
    category: str
    conversation: Conversation | None
    """None for one that this account isn't in."""
    is_shared: bool


class Space(View, frozen=True):
    """A space as it stands on this device: a group that holds channels."""

    group: Group
    channels: list[SpaceChannel]
    """By category, those without one first, in the space's order."""


class GroupInvite(View, frozen=True):
    """An invite link of a group that wasn't revoked."""

    id: str
    link: str | None
    """The link itself; only on the devices of whoever made it."""
    by: str
    is_mine: bool
    state: Literal["open", "expired", "used up"]
    expires_at: str | None
    uses: int
    """How many people it is for; 0: any number."""
    used: int
    needs_approval: bool


class GroupAsked(View, frozen=True):
    """What came of following an invite link: the group, or who was asked and hasn't answered."""

    group: ConversationKey | None
    asked: list[str]
