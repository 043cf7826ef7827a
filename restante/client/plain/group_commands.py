"""Commands about groups, as lines.

Rule: as in chat_commands.py. Spec: docs/plain.md, section 3.
"""

from __future__ import annotations

from restante.client.interface import Conversation
from restante.client.plain import plain_words
from restante.client.plain.asking import Asking
from restante.client.tui import contact_words, group_words, words
from restante.client.tui.clean import clean_line
from restante.client.tui.typed_path import whole
from restante.errors import UserError


class GroupCommands(Asking):
    """Each is called with what stood after its name."""

    def group(self) -> Conversation:
        """Return the open chat, which must be a group. UserError."""
        chat = self.chat()
        if chat.group is None:
            raise UserError(plain_words.NO_GROUP)
        return chat

    async def do_new_group(self, rest: str) -> None:
        """Begin a group."""
        if not rest:
            raise UserError(plain_words.GROUP_HOW)
        who = await self.ask(group_words.pick_title(rest) + " " + plain_words.NAMES_HOW)
        group = await self.engine.group_new(rest, await self._people(who))
        await self.talk.open_chat(group.conversation.key)

    async def do_members(self, rest: str) -> None:
        """Who is in it, with which role."""
        group = await self.engine.group(self.group().key)
        for member in group.members:
            name = words.YOU if member.is_me else clean_line(member.name)
            said = [name, contact_words.TRUST[member.trust]] if not member.is_me else [name]
            await self.say(", ".join(filter(None, [*said, group_words.ROLES[member.role]])))

    async def do_add_members(self, rest: str) -> None:
        """Let people in."""
        group = self.group()
        who = rest or await self.ask(plain_words.NAMES_HOW)
        if people := await self._people(who):
            await self.engine.group_add(group.key, people)
            await self.say(group_words.added(clean_line(who)))

    async def do_role(self, rest: str) -> None:
        """Say what a member may do."""
        name, _, role = rest.strip().rpartition(" ")
        if role not in group_words.ROLES or not name:
            raise UserError(plain_words.ROLE_HOW)
        key = self.group().key
        await self.engine.group_role(key, await self._member(key, name), role)
        await self.do_members("")

    async def do_remove(self, rest: str) -> None:
        """Take a member out."""
        if not rest:
            raise UserError(plain_words.REMOVE_HOW)
        key = self.group().key
        member = await self._member(key, rest)
        if await self.confirm(group_words.remove(clean_line(rest))):
            await self.engine.group_remove(key, [member])
            await self.say(group_words.removed(clean_line(rest)))

    async def _member(self, key: str, typed: str) -> str:
        """Return the key of a member by name or address. UserError: there is none."""
        wanted = typed.strip().casefold()
        for each in (await self.engine.group(key)).members:
            if wanted in {each.name.casefold(), each.address.casefold()}:
                return each.key
        raise UserError(plain_words.no_member(clean_line(typed)))

    async def do_describe(self, rest: str) -> None:
        """Say what it is for."""
        await self.engine.group_set(self.group().key, description=rest)

    async def do_picture(self, rest: str) -> None:
        """Say what it looks like."""
        group = self.group()
        if not rest:
            raise UserError(plain_words.PICTURE_HOW)
        path = "" if rest == plain_words.PICTURE_NONE else whole(rest)
        await self.engine.group_set(group.key, picture=path)

    async def do_posting(self, rest: str) -> None:
        """Who may write."""
        group = self.group()
        if rest not in group_words.POSTING:
            raise UserError(plain_words.one_of(list(group_words.POSTING)))
        await self.engine.group_set(group.key, may_post=rest)

    async def do_calling(self, rest: str) -> None:
        """Whose `@all` is for everybody."""
        group = self.group()
        if rest not in group_words.POSTING:
            raise UserError(plain_words.one_of(list(group_words.POSTING)))
        await self.engine.group_set(group.key, may_mention_all=rest)

    async def do_leave_group(self, rest: str) -> None:
        """Leave it."""
        group = self.group()
        if await self.confirm(group_words.leave(clean_line(group.title))):
            await self.engine.group_leave(group.key)
            await self.say(group_words.LEFT_NOW)

    async def _people(self, typed: str) -> list[str]:
        names = [each.strip() for each in typed.split(",")]
        return [await self.engine.resolve(each) for each in names if each]
