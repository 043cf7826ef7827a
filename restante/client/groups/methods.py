"""The engine's methods that belong to this package: each hands on to the part that knows.

Rule: nothing but names and ids read from the interface's words. Spec: docs/engine.md, section 25.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.named import account_of, group_of
from restante.errors import UserError
from restante.protocol.group import Field, Role

if TYPE_CHECKING:
    from restante.client.files.parts import Files
    from restante.client.groups.groups import Groups
    from restante.client.interface import Group, GroupAsked, GroupInvite, Space
    from restante.client.services import Parts


class GroupMethods:
    """What `LocalEngine` inherits; it says where the part is."""

    def _groups(self) -> Groups:
        """Return the part. UserError: no account yet."""
        raise NotImplementedError

    def _files(self) -> Files:
        raise NotImplementedError

    def _running(self) -> Parts:
        raise NotImplementedError

    async def group_new(self, name: str, members: list[str], *, space: bool = False) -> Group:
        """See interface.Engine."""
        return await self._groups().new(name, [account_of(m) for m in members], is_space=space)

    async def group(self, conversation: str) -> Group:
        """See interface.Engine."""
        return await self._groups().show(_group(conversation))

    async def group_add(
        self, conversation: str, members: list[str], *, role: str = "member"
    ) -> Group:
        """See interface.Engine."""
        accounts = [account_of(each) for each in members]
        return await self._groups().add(_group(conversation), accounts, _role(role))

    async def group_remove(self, conversation: str, members: list[str]) -> Group:
        """See interface.Engine."""
        accounts = [account_of(each) for each in members]
        return await self._groups().remove(_group(conversation), accounts)

    async def group_role(self, conversation: str, member: str, role: str) -> Group:
        """See interface.Engine."""
        return await self._groups().set_role(_group(conversation), account_of(member), _role(role))

    async def group_set(
        self,
        conversation: str,
        *,
        name: str | None = None,
        description: str | None = None,
        may_post: str | None = None,
        may_mention_all: str | None = None,
        picture: str | None = None,
    ) -> Group:
        """See interface.Engine."""
        group_id = _group(conversation)
        cells = await self._files().cells(picture) if picture else None
        if picture == "":
            cells = b""
        fields: dict[Field, tuple[int, str]] = {}
        if name is not None:
            fields[Field.NAME] = (0, name)
        if description is not None:
            fields[Field.DESCRIPTION] = (0, description.strip())
        if may_post is not None:
            fields[Field.MAY_POST] = (int(_role(may_post)), "")
        if may_mention_all is not None:
            fields[Field.MAY_MENTION_ALL] = (int(_role(may_mention_all)), "")
        return await self._groups().set_fields(group_id, fields, picture=cells)

    async def group_invite(
        self,
        conversation: str,
        *,
        expires_s: int = 604_800,
        uses: int = 0,
        approve: bool = False,
    ) -> GroupInvite:
        """See interface.Engine."""
        return await self._running().doors.inviting.make(
            _group(conversation), expires_s=expires_s, uses=uses, needs_approval=approve
        )

    async def group_invites(self, conversation: str) -> list[GroupInvite]:
        """See interface.Engine."""
        return await self._running().doors.inviting.all(_group(conversation))

    async def group_uninvite(self, conversation: str, invite: str) -> list[GroupInvite]:
        """See interface.Engine."""
        return await self._running().doors.inviting.end(_group(conversation), invite)

    async def group_join(self, link: str, *, timeout_s: float = 0.0) -> GroupAsked:
        """See interface.Engine."""
        return await self._running().doors.joining.join(link, timeout_s=timeout_s)

    async def group_admit(self, conversation: str, members: list[str]) -> Group:
        """See interface.Engine."""
        accounts = [account_of(each) for each in members]
        return await self._running().doors.inviting.admit(_group(conversation), accounts)

    async def group_refuse(self, conversation: str, members: list[str]) -> Group:
        """See interface.Engine."""
        accounts = [account_of(each) for each in members]
        return await self._running().doors.inviting.refuse(_group(conversation), accounts)

    async def space(self, conversation: str) -> Space:
        """See interface.Engine."""
        return await self._running().doors.spaces.show(_group(conversation))

    async def space_add(
        self, conversation: str, name: str, *, category: str = "", may_post: str | None = None
    ) -> Space:
        """See interface.Engine."""
        least = None if may_post is None else _role(may_post)
        return await self._running().doors.spaces.begin(
            _group(conversation), name, category=category, may_post=least
        )

    async def space_place(self, conversation: str, channel: str, *, category: str) -> Space:
        """See interface.Engine."""
        return await self._running().doors.spaces.place(
            _group(conversation), _group(channel), category=category
        )

    async def space_remove(self, conversation: str, channel: str) -> Space:
        """See interface.Engine."""
        return await self._running().doors.spaces.remove(_group(conversation), _group(channel))

    async def group_leave(self, conversation: str) -> Group:
        """See interface.Engine."""
        return await self._groups().leave(_group(conversation))

    async def group_accept(self, conversation: str) -> Group:
        """See interface.Engine."""
        return await self._groups().accept(_group(conversation))


def _group(conversation: str) -> bytes:
    group_id = group_of(conversation)
    if group_id is None:
        raise UserError("That is no group. See: restante group ls")
    return group_id


def _role(word: str) -> Role:
    roles = {role.name.lower(): role for role in Role if role}
    if word not in roles:
        raise UserError(f"A role is one of {', '.join(roles)}.")
    return roles[word]
