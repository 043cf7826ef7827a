"""The scripted engine's part about groups: who may do what is asked of the script, not of a log.

Rule: as the engine does it: each change is told as a changed conversation and as a notice in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import trio
from msgspec.structs import replace

from restante.client.interface import (
    AsksToJoin,
    ContactState,
    Conversation,
    ConversationChanged,
    Group,
    GroupAsked,
    GroupInvite,
    GroupLine,
    Member,
    Preview,
    RoleName,
    Space,
    SpaceChannel,
    Trust,
)
from restante.client.tui.times import spell_when
from tests.tui.scripted_core import ScriptedCore
from tests.tui.scripted_parts import NOW, Person

A_GROUP = GroupLine(
    description="", member_count=1, role="owner", may_post=True, is_space=False, space=None
)

SEA = Preview(columns=2, rows=2, colours="aabbcc" * 2 + "0011ee" * 2)


class ScriptedGroups(ScriptedCore):
    """Groups in memory."""

    posting: RoleName = "member"
    calling: RoleName = "member"
    looks_like: str = ""
    """The path of the picture that was set last."""

    joins: str | None = None
    """What following an invite leads to."""

    invites: tuple[GroupInvite, ...] = ()
    asking: tuple[AsksToJoin, ...] = ()
    channels: Mapping[str, str] = MappingProxyType({})
    """Of the only space: key and category."""

    def meeting(
        self, name: str, others: dict[str, RoleName], *, mine: RoleName | None = "owner"
    ) -> str:
        """Let there be a group with people (by key) in it; return its key."""
        key = self.person(f"group:{name}", name)
        person = self.people[key]
        person.address = ""
        person.group = replace(A_GROUP, role=mine)
        person.members = [self._member(each, role) for each, role in others.items()]
        if mine is not None:
            person.members.insert(0, self._myself(mine))
        self._keep(person)
        return key

    async def group(self, conversation: str) -> Group:
        await trio.lowlevel.checkpoint()
        return self._shown(self.people[conversation])

    async def group_new(self, name: str, members: list[str], *, space: bool = False) -> Group:
        await trio.lowlevel.checkpoint()
        self._refuse()
        key = self.meeting(name, dict.fromkeys(members, "member"))
        person = self.people[key]
        if person.group is not None:
            person.group = replace(person.group, is_space=space)
        self._keep(person)
        return self._shown(person)

    async def group_add(
        self, conversation: str, members: list[str], *, role: RoleName = "member"
    ) -> Group:
        person = self.people[conversation]
        return await self._change(
            person, [*person.members, *(self._member(each, role) for each in members)], "added"
        )

    async def group_remove(self, conversation: str, members: list[str]) -> Group:
        person = self.people[conversation]
        left = [each for each in person.members if each.key not in members]
        return await self._change(person, left, "removed somebody")

    async def group_role(self, conversation: str, member: str, role: RoleName) -> Group:
        person = self.people[conversation]
        members = [
            replace(each, role=role) if each.key == member else each for each in person.members
        ]
        return await self._change(person, members, f"made somebody {role}")

    async def group_set(
        self,
        conversation: str,
        *,
        name: str | None = None,
        description: str | None = None,
        may_post: RoleName | None = None,
        may_mention_all: RoleName | None = None,
        picture: str | None = None,
    ) -> Group:
        person = self.people[conversation]
        if picture is not None:
            self.looks_like = picture
        self.calling = may_mention_all or self.calling
        person.petname = name or person.petname
        if description is not None and person.group is not None:
            person.group = replace(person.group, description=description)
        self.posting = may_post or self.posting
        return await self._change(person, person.members, "changed how it is kept")

    # ---- invites and who asks ---------------------------------------------------------------

    async def group_invite(
        self, conversation: str, *, expires_s: int, uses: int, approve: bool
    ) -> GroupInvite:
        await trio.lowlevel.checkpoint()
        self._refuse()
        number = len(self.invites) + 1
        made = GroupInvite(
            id=f"{number:02x}" * 16,
            link=f"restante:gAAAAAAAAAAAAAAAAAAAA{number:02d},BBBBBBBBBBBBBBBBBBBBBBsam@relay.example",
            by="",
            is_mine=True,
            state="open",
            expires_at=spell_when(NOW + timedelta(seconds=expires_s)) if expires_s else None,
            uses=uses,
            used=0,
            needs_approval=approve,
        )
        self.invites = (*self.invites, made)
        return made

    async def group_invites(self, conversation: str) -> list[GroupInvite]:
        await trio.lowlevel.checkpoint()
        self._refuse()
        return list(self.invites)

    async def group_uninvite(self, conversation: str, invite: str) -> list[GroupInvite]:
        await trio.lowlevel.checkpoint()
        self._refuse()
        self.invites = tuple(e for e in self.invites if not e.id.startswith(invite))
        return list(self.invites)

    async def group_join(self, link: str, *, timeout_s: float = 0.0) -> GroupAsked:
        await trio.lowlevel.checkpoint()
        self._refuse()
        return GroupAsked(group=self.joins, asked=["alice@relay.example"])

    async def group_admit(self, conversation: str, members: list[str]) -> Group:
        person = self._answered(conversation, members)
        added = [self._member(each, "member") for each in members]
        return await self._change(person, [*person.members, *added], "let somebody in")

    async def group_refuse(self, conversation: str, members: list[str]) -> Group:
        person = self._answered(conversation, members)
        return await self._change(person, person.members, "said no")

    def _answered(self, conversation: str, members: list[str]) -> Person:
        self.asking = tuple(each for each in self.asking if each.key not in members)
        return self.people[conversation]

    # ---- spaces -----------------------------------------------------------------------------

    async def space(self, conversation: str) -> Space:
        await trio.lowlevel.checkpoint()
        channels = [
            SpaceChannel(
                key=key,
                category=category,
                conversation=self._conversation(self.people[key]),
                is_shared=True,
            )
            for key, category in self.channels.items()
        ]
        group = self._shown(self.people[conversation])
        return Space(group=group, channels=sorted(channels, key=lambda each: each.category))

    async def space_add(
        self, conversation: str, name: str, *, category: str = "", may_post: str | None = None
    ) -> Space:
        self._refuse()
        key = self.meeting(name, {})
        person = self.people[key]
        if person.group is not None:
            person.group = replace(person.group, space=conversation, category=category)
        self._keep(person)
        self.posting = may_post or self.posting  # type: ignore[assignment]  # one of the four
        return await self.space_place(conversation, key, category=category)

    async def space_place(self, conversation: str, channel: str, *, category: str) -> Space:
        self._refuse()
        self.channels = {**self.channels, channel: category}
        return await self.space(conversation)

    async def space_remove(self, conversation: str, channel: str) -> Space:
        self._refuse()
        self.channels = {k: v for k, v in self.channels.items() if k != channel}
        return await self.space(conversation)

    async def group_leave(self, conversation: str) -> Group:
        person = self.people[conversation]
        left = [each for each in person.members if not each.is_me]
        return await self._change(person, left, "left")

    async def group_accept(self, conversation: str) -> Group:
        person = self.people[conversation]
        person.state = ContactState.ACCEPTED
        return await self._change(person, [self._myself("member"), *person.members], "came")

    async def _change(self, person: Person, members: list[Member], what: str) -> Group:
        await trio.lowlevel.checkpoint()
        self._refuse()
        person.members = members
        self._keep(person)
        self.hear(person.key, f"You {what}.", is_me=True, kind="notice")
        return self._shown(person)

    def _keep(self, person: Person) -> None:
        me = next((each for each in person.members if each.is_me), None)
        if person.group is not None:
            person.group = replace(
                person.group,
                member_count=len(person.members),
                role=None if me is None else me.role,
                may_post=me is not None and me.role != "reader",
            )
        self._tell(ConversationChanged(conversation=self._conversation(person)))

    def _shown(self, person: Person) -> Group:
        line: Conversation = self._conversation(person)
        return Group(
            conversation=line,
            members=list(person.members),
            may_post=self.posting,
            may_mention_all=self.calling,
            entries=1,
            asking=list(self.asking),
            picture=SEA if self.looks_like else None,
        )

    def _member(self, key: str, role: RoleName) -> Member:
        person = self.people[key]
        return Member(
            key=key,
            name=person.name,
            address=person.address,
            role=role,
            is_me=False,
            trust=person.trust,
            is_contact=person.state is not ContactState.MEMBER,
        )

    def _myself(self, role: RoleName) -> Member:
        address = self.address or ""
        return Member(
            key="self",
            name=address,
            address=address,
            role=role,
            is_me=True,
            trust=Trust.VERIFIED,
            is_contact=False,
        )
