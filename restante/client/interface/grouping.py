"""The part of the engine's interface that is about groups and spaces, their members and invites.

Rule: as in engine.py. Spec: docs/engine.md, section 25.
"""

from __future__ import annotations

from typing import Protocol

from restante.client.interface.group_values import Group, GroupAsked, GroupInvite, Space
from restante.client.interface.view import ConversationKey


class Grouping(Protocol):
    """What can be asked of groups, and of spaces, which hold channels."""

    async def group_new(
        self, name: str, members: list[ConversationKey], *, space: bool = False
    ) -> Group:
        """Begin a group with contacts, as its owner; a `space` holds channels, and no messages.

        UserError: no name, somebody is no contact.
        """

    async def group(self, conversation: ConversationKey) -> Group:
        """Return a group: its members, and how it is kept. UserError: it is none."""

    async def group_add(
        self, conversation: ConversationKey, members: list[ConversationKey], *, role: str = "member"
    ) -> Group:
        """Let contacts in, as reader, member, admin or owner. UserError: no right to."""

    async def group_remove(
        self, conversation: ConversationKey, members: list[ConversationKey]
    ) -> Group:
        """Take members out; they read nothing that is said from then on. UserError: no right to."""

    async def group_role(
        self, conversation: ConversationKey, member: ConversationKey, role: str
    ) -> Group:
        """Say what a member may do: reader, member, admin or owner. UserError: no right to."""

    async def group_set(
        self,
        conversation: ConversationKey,
        *,
        name: str | None = None,
        description: str | None = None,
        may_post: str | None = None,
        may_mention_all: str | None = None,
        picture: str | None = None,
    ) -> Group:
        """Change how a group is called and looks, and the least roles that write and call `@all`.

        `picture`: the whole path of one, of which a few blurred cells are kept; empty: none any
        more. UserError: no right to, no picture that can be decoded.
        """

    async def group_invite(
        self,
        conversation: ConversationKey,
        *,
        expires_s: int = 604_800,
        uses: int = 0,
        approve: bool = False,
    ) -> GroupInvite:
        """Make an invite link: for so long and so many people (0: without end).

        `approve`: an admin is asked about everybody who comes by it. UserError: no right to.
        """

    async def group_invites(self, conversation: ConversationKey) -> list[GroupInvite]:
        """Return a group's invite links that weren't revoked. UserError: no admin."""

    async def group_uninvite(self, conversation: ConversationKey, invite: str) -> list[GroupInvite]:
        """Revoke an invite link, named by its id, the start of that, or itself."""

    async def group_join(self, link: str, *, timeout_s: float = 0.0) -> GroupAsked:
        """Follow an invite link, and wait so long to be let in; it goes on after that.

        UserError: no such link, nobody it names is found, it lets nobody in any more.
        """

    async def group_admit(
        self, conversation: ConversationKey, members: list[ConversationKey]
    ) -> Group:
        """Let in people who ask for it with an invite. UserError: they don't, no right to."""

    async def group_refuse(
        self, conversation: ConversationKey, members: list[ConversationKey]
    ) -> Group:
        """Say no to people who ask to be let in. UserError: they don't."""

    async def space(self, conversation: ConversationKey) -> Space:
        """Return a space with its channels. UserError: it is none."""

    async def space_add(
        self,
        conversation: ConversationKey,
        name: str,
        *,
        category: str = "",
        may_post: str | None = None,
    ) -> Space:
        """Begin a channel in a space; all its members are in it, with their roles there.

        `may_post`: the least role that may write in it. UserError: no right to, no name.
        """

    async def space_place(
        self, conversation: ConversationKey, channel: ConversationKey, *, category: str
    ) -> Space:
        """Put a channel into a category, at its end; a group of one's own is listed as it is."""

    async def space_remove(self, conversation: ConversationKey, channel: ConversationKey) -> Space:
        """Take a channel off a space's list; it stays a group. UserError: no right to."""

    async def group_leave(self, conversation: ConversationKey) -> Group:
        """Leave a group, or decline one; its history stays. An only owner hands it on."""

    async def group_accept(self, conversation: ConversationKey) -> Group:
        """Be in a group that a stranger has put one into."""
