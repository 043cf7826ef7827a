"""What is done with spaces: begun, channels begun in them, listed, moved, taken off the list.

Rule: as in group_actions.py; what is open may be the space or one of its channels.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.interface import Conversation, Space, SpaceChannel
from restante.client.tui import dialogs, group_words, invite_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import LineDialog
from restante.client.tui.invite_actions import InviteActions
from restante.client.tui.members import ORDER, decides

NEW, GROUP, OPEN, MOVE, UNLIST = "new", "group", "open", "move", "unlist"
OTHER: Final = "\n"
"""Chosen: a category that isn't there yet. No name holds it."""


class SpaceActions(InviteActions):
    """The actions; whoever inherits says which conversation they are about."""

    def space_of(self, conversation: Conversation | None) -> Conversation | None:
        """Return the space that a conversation is, or is a channel of."""
        group = None if conversation is None else conversation.group
        if group is None or group.is_space:
            return None if group is None else conversation
        return None if group.space is None else self._chats.get(group.space)

    # ---- beginning ------------------------------------------------------------------------------

    def action_new_space(self) -> None:
        """Begin a space."""
        self.act(self._new_space())

    async def _new_space(self) -> None:
        dialog = LineDialog(
            invite_words.NEW_SPACE_TITLE,
            invite_words.NEW_SPACE_TEXT,
            placeholder=invite_words.NEW_SPACE_PLACEHOLDER,
        )
        name = await self.app.push_screen_wait(dialog)
        if name is None:
            return
        if not name:
            self.say(invite_words.NO_SPACE_NAME, is_warning=True)
            return
        shown = clean_line(name)
        picked = await self._pick(group_words.pick_title(shown), may_be_nobody=True)
        if picked is not None:
            begun = await ask(self._stage.engine.group_new, name, picked, space=True)
            await self.know_contact(begun.conversation.key)
            self.open_conversation(begun.conversation.key)
            self.say(invite_words.space_begun(shown))

    def action_new_channel(self) -> None:
        """Begin a channel in the space."""
        space = self.space_of(self.subject)
        if space is not None:
            self.act(self._new_channel(space))

    async def _new_channel(self, space: Conversation) -> None:
        engine = self._stage.engine
        found = await ask(engine.space, space.key)
        title = invite_words.new_channel_title(clean_line(space.title))
        dialog = LineDialog(
            title,
            invite_words.NEW_CHANNEL_TEXT,
            placeholder=invite_words.NEW_CHANNEL_PLACEHOLDER,
        )
        name = await self.app.push_screen_wait(dialog)
        if not name:
            return
        category = await self._category(found)
        if category is None:
            return
        choices = [(each, group_words.POSTING[each]) for each in ORDER]
        posting = dialogs.ChoiceDialog(
            group_words.POSTING_TITLE, group_words.POSTING_TEXT, choices, chosen=ORDER[1]
        )
        may_post = await self.app.push_screen_wait(posting)
        if may_post is None:
            return
        there = {each.key for each in found.channels}
        now = await ask(engine.space_add, space.key, name, category=category, may_post=may_post)
        for each in now.channels:
            if each.key not in there:
                await self.know_contact(each.key)
                self.open_conversation(each.key)

    async def _category(self, space: Space) -> str | None:
        """Ask for a category of those there are, or a new one; None: it was left."""
        names = list(dict.fromkeys(each.category for each in space.channels if each.category))
        choices = [
            ("", invite_words.NO_CATEGORY),
            *((each, clean_line(each)) for each in names),
            (OTHER, invite_words.OTHER_CATEGORY),
        ]
        chosen = await self.app.push_screen_wait(
            dialogs.ChoiceDialog(invite_words.CATEGORY_TITLE, "", choices)
        )
        if chosen != OTHER:
            return chosen
        return await self.app.push_screen_wait(
            LineDialog(invite_words.CATEGORY_TITLE, invite_words.CATEGORY_TEXT)
        )

    # ---- those that there are -------------------------------------------------------------------

    def action_channels(self) -> None:
        """The channels of the space; one chosen, what can be done about it."""
        space = self.space_of(self.subject)
        if space is not None:
            self.act(self._channels(space))

    async def _channels(self, space: Conversation) -> None:
        found = await ask(self._stage.engine.space, space.key)
        choices = [(each.key, self._channel_line(each)) for each in found.channels]
        if decides(space):
            choices.append((NEW, invite_words.A_NEW_CHANNEL))
            choices.append((GROUP, invite_words.LIST_A_GROUP))
        title = invite_words.channels_title(clean_line(space.title))
        says = "" if found.channels else invite_words.NO_CHANNELS
        chosen = await self.app.push_screen_wait(dialogs.ChoiceDialog(title, says, choices))
        if chosen == NEW:
            await self._new_channel(space)
        elif chosen == GROUP:
            await self._list_a_group(found)
        for each in found.channels:
            if each.key == chosen:
                await self._about_channel(space, found, each)

    def _channel_line(self, channel: SpaceChannel) -> str:
        line = channel.conversation
        name = invite_words.NOT_IN_IT if line is None else "# " + clean_line(line.title)
        facts = [clean_line(channel.category)]
        facts += [] if channel.is_shared or line is None else [invite_words.OF_ITS_OWN]
        return "  ".join(filter(None, [name, *facts]))

    async def _about_channel(
        self, space: Conversation, found: Space, channel: SpaceChannel
    ) -> None:
        engine = self._stage.engine
        choices = [] if channel.conversation is None else [(OPEN, invite_words.OPEN)]
        if decides(space):
            if channel.conversation is not None:
                choices.append((MOVE, invite_words.MOVE))
            choices.append((UNLIST, invite_words.UNLIST))
        if not choices:
            return
        chosen: str | None = OPEN
        if len(choices) > 1 or choices[0][0] != OPEN:
            title = self._channel_line(channel)
            chosen = await self.app.push_screen_wait(dialogs.ChoiceDialog(title, "", choices))
        if chosen == OPEN:
            await self.know_contact(channel.key)
            self.open_conversation(channel.key)
        elif chosen == MOVE:
            category = await self._category(found)
            if category is not None:
                await ask(engine.space_place, space.key, channel.key, category=category)
        elif chosen == UNLIST:
            await ask(engine.space_remove, space.key, channel.key)
            self.say(invite_words.UNLISTED)

    async def _list_a_group(self, space: Space) -> None:
        listed = {each.key for each in space.channels}
        groups = [
            (each.key, clean_line(each.title))
            for each in self._chats.every()
            if each.group is not None
            and not each.group.is_space
            and each.group.role is not None
            and each.key not in listed
        ]
        if not groups:
            self.say(invite_words.NO_GROUPS)
            return
        dialog = dialogs.ChoiceDialog(invite_words.LIST_TITLE, invite_words.LIST_TEXT, groups)
        key = await self.app.push_screen_wait(dialog)
        category = None if key is None else await self._category(space)
        if key is not None and category is not None:
            own = space.group.conversation.key
            await ask(self._stage.engine.space_place, own, key, category=category)
