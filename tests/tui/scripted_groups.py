"""The scripted engine's part about groups: who may do what is asked of the script, not of a log.

Rule: as the engine does it: each change is told as a changed conversation and as a notice in it.
"""

from __future__ import annotations

import trio
from msgspec.structs import replace

from restante.client.interface import (
    ContactState,
    Conversation,
    ConversationChanged,
    Group,
    GroupLine,
    Member,
    RoleName,
    Trust,
)
from tests.tui.scripted_core import ScriptedCore
from tests.tui.scripted_parts import Person

A_GROUP = GroupLine(
    description="", member_count=1, role="owner", may_post=True, is_space=False, space=None
)


class ScriptedGroups(ScriptedCore):
    """Groups in memory."""

    posting: RoleName = "member"

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
        return self._shown(self.people[self.meeting(name, dict.fromkeys(members, "member"))])

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
    ) -> Group:
        person = self.people[conversation]
        person.petname = name or person.petname
        if description is not None and person.group is not None:
            person.group = replace(person.group, description=description)
        self.posting = may_post or self.posting
        return await self._change(person, person.members, "changed how it is kept")

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
            conversation=line, members=list(person.members), may_post=self.posting, entries=1
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
