"""Commands about invites to groups, who asks to come in, and spaces, as lines.

Rule: as in chat_commands.py. Spec: docs/plain.md, section 3.
"""

from __future__ import annotations

from typing import Final

from restante.client.commands.changes import seconds
from restante.client.interface import AsksToJoin, Conversation, GroupInvite
from restante.client.plain import plain_words
from restante.client.plain.group_commands import GroupCommands
from restante.client.tui import group_words, invite_words
from restante.client.tui.clean import clean_line
from restante.client.tui.times import day_title, local
from restante.errors import UserError

JOIN_WAIT_S: Final = 5.0


class SpaceCommands(GroupCommands):
    """Each is called with what stood after its name."""

    # ---- invites --------------------------------------------------------------------------------

    async def do_invite(self, rest: str) -> None:
        """Make an invite link."""
        typed = rest.split()
        approve = plain_words.INVITE_ASK in typed
        typed = [each for each in typed if each != plain_words.INVITE_ASK]
        uses = [int(each) for each in typed if each.isdecimal()]
        times = [each for each in typed if not each.isdecimal()]
        if len(uses) > 1 or len(times) > 1:
            raise UserError(plain_words.INVITE_HOW)
        made = await self.engine.group_invite(
            self.group().key,
            expires_s=seconds(times[0]) if times else 7 * 86_400,
            uses=uses[0] if uses else 0,
            approve=approve,
        )
        await self.say(self._invite_line(made))

    async def do_invites(self, rest: str) -> None:
        """All invites of the group."""
        found = await self.engine.group_invites(self.group().key)
        for each in found:
            await self.say(self._invite_line(each))
        if not found:
            await self.say(plain_words.NO_INVITES)

    async def do_revoke(self, rest: str) -> None:
        """Let nobody in by an invite any more."""
        if not rest:
            raise UserError(plain_words.REVOKE_HOW)
        await self.engine.group_uninvite(self.group().key, rest)
        await self.say(invite_words.REVOKED)

    async def do_join_group(self, rest: str) -> None:
        """Follow an invite."""
        link = rest or await self.ask(invite_words.JOIN_TEXT)
        if not link:
            return
        came = await self.engine.group_join(link, timeout_s=JOIN_WAIT_S)
        if came.group is None:
            await self.say(invite_words.joined_later(", ".join(map(clean_line, came.asked))))
        else:
            await self.talk.open_chat(came.group)

    def _invite_line(self, invite: GroupInvite) -> str:
        facts = [invite_words.used(invite.used, invite.uses)]
        if invite.expires_at is not None:
            day = local(invite.expires_at, self.talk.zone).date()
            facts.append(invite_words.until(day_title(day, today=self.talk.now().date())))
        facts += [invite_words.ASKS_AN_ADMIN] if invite.needs_approval else []
        facts += [invite_words.STATES[invite.state]] if invite.state != "open" else []
        shown = "" if invite.link is None else " " + clean_line(invite.link)
        return f"{invite.id[:8]}: {', '.join(facts)}.{shown}"

    # ---- who asks -------------------------------------------------------------------------------

    async def do_asking(self, rest: str) -> None:
        """Who asks to come in."""
        asking = (await self.engine.group(self.group().key)).asking
        for each in asking:
            await self.say(clean_line(each.name or each.address))
        await self.say(plain_words.ASKING_HOW if asking else invite_words.NOBODY_ASKS)

    async def do_admit(self, rest: str) -> None:
        """Let somebody in who asks."""
        key, who = await self._asker(rest)
        await self.engine.group_admit(key, [who.key])
        await self.say(invite_words.let_in(clean_line(who.name or who.address)))

    async def do_refuse(self, rest: str) -> None:
        """Say no to somebody who asks."""
        key, who = await self._asker(rest)
        await self.engine.group_refuse(key, [who.key])
        await self.say(invite_words.refused(clean_line(who.name or who.address)))

    async def _asker(self, typed: str) -> tuple[str, AsksToJoin]:
        key = self.group().key
        asking = (await self.engine.group(key)).asking
        wanted = typed.strip().casefold()
        found = [
            each
            for each in asking
            if wanted in {each.name.casefold(), each.address.casefold()}
            or (not wanted and len(asking) == 1)
        ]
        if len(found) != 1:
            raise UserError(plain_words.ASKING_HOW if asking else invite_words.NOBODY_ASKS)
        return key, found[0]

    # ---- spaces ---------------------------------------------------------------------------------

    async def do_new_space(self, rest: str) -> None:
        """Begin a space."""
        if not rest:
            raise UserError(plain_words.SPACE_HOW)
        who = await self.ask(group_words.pick_title(rest) + " " + plain_words.NAMES_HOW)
        made = await self.engine.group_new(rest, await self._people(who), space=True)
        await self.talk.open_chat(made.conversation.key)

    async def do_new_channel(self, rest: str) -> None:
        """Begin a channel in the space."""
        name, category = _placed(rest, plain_words.CHANNEL_HOW)
        space = self._space()
        there = {each.key for each in (await self.engine.space(space.key)).channels}
        now = await self.engine.space_add(space.key, name, category=category)
        for each in now.channels:
            if each.key not in there:
                await self.talk.open_chat(each.key)

    async def do_channels(self, rest: str) -> None:
        """The channels of the space."""
        found = await self.engine.space(self._space().key)
        for each in found.channels:
            line = each.conversation
            name = invite_words.NOT_IN_IT if line is None else clean_line(line.title)
            own = [] if each.is_shared or line is None else [invite_words.OF_ITS_OWN]
            await self.say(", ".join(filter(None, [name, clean_line(each.category), *own])))
        if not found.channels:
            await self.say(invite_words.NO_CHANNELS)

    async def do_place(self, rest: str) -> None:
        """Put a channel into a category, or list a group."""
        name, category = _placed(rest, plain_words.PLACE_CHANNEL_HOW)
        channel = await self.engine.resolve(name)
        await self.engine.space_place(self._space().key, channel, category=category)
        await self.do_channels("")

    async def do_unlist(self, rest: str) -> None:
        """Take a channel off the list."""
        if not rest:
            raise UserError(plain_words.UNLIST_HOW)
        space = self._space()
        found = (await self.engine.space(space.key)).channels
        named = [each.key for each in found if _is_called(each.conversation, rest)]
        channel = named[0] if len(named) == 1 else await self.engine.resolve(rest)
        await self.engine.space_remove(space.key, channel)
        await self.say(invite_words.UNLISTED)

    def _space(self) -> Conversation:
        """Return the space that the open chat is, or is a channel of. UserError."""
        chat = self.group()
        line = chat.group
        if line is not None and line.is_space:
            return chat
        space = None if line is None or line.space is None else self.talk.chats.get(line.space)
        if space is None:
            raise UserError(plain_words.NO_SPACE)
        return space


def _placed(typed: str, how: str) -> tuple[str, str]:
    """Return a name and, after a comma, a category. UserError: no name."""
    name, _, category = (each.strip() for each in typed.partition(","))
    if not name:
        raise UserError(how)
    return name, category


def _is_called(line: Conversation | None, typed: str) -> bool:
    return line is not None and line.title.casefold() == typed.strip().casefold()
