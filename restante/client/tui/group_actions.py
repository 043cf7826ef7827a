"""What is done with groups: begun, kept, people let in and taken out, left.

Rule: as in contact_actions.py; what one's role doesn't allow is not offered. Spec: docs/tui.md,
section 5.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from restante.client.interface import Conversation, Group, Member, RoleName
from restante.client.tui import dialogs, group_words, words
from restante.client.tui.bars import trust_glyph
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.contact_actions import ContactActions
from restante.client.tui.dialog import ConfirmDialog, LineDialog
from restante.client.tui.members import LEAVE, ORDER, REMOVE, WRITE, choices_about
from restante.client.tui.typed_path import whole
from restante.client.tui.wrap import cells, pad, shorten

MAX_NAME: Final = 40
"""Cells of a member's name in the list."""


class GroupActions(ContactActions):
    """The actions; whoever inherits says which conversation they are about."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("M", "members", "Members", show=False, id="group.members"),
    ]

    # ---- a new one --------------------------------------------------------------------------

    def action_new_group(self) -> None:
        """Begin a group."""
        self.act(self._new_group())

    async def _new_group(self) -> None:
        dialog = LineDialog(
            group_words.NEW_TITLE, group_words.NEW_TEXT, placeholder=group_words.NEW_PLACEHOLDER
        )
        name = await self.app.push_screen_wait(dialog)
        if name is None:
            return
        if not name:
            self.say(group_words.NO_NAME, is_warning=True)
            return
        shown = clean_line(name)
        picked = await self._pick(group_words.pick_title(shown), may_be_nobody=True)
        if picked is not None:
            group = await ask(self._stage.engine.group_new, name, picked)
            await self.know_contact(group.conversation.key)
            self.open_conversation(group.conversation.key)
            self.say(group_words.begun(shown))

    async def _pick(
        self, title: str, *, without: frozenset[str] = frozenset(), may_be_nobody: bool = False
    ) -> list[str] | None:
        dialog = dialogs.PeopleDialog(
            self._chats,
            self._stage.glyphs,
            title,
            without=without,
            may_be_nobody=may_be_nobody,
        )
        return await self.app.push_screen_wait(dialog)

    # ---- who is in it -----------------------------------------------------------------------

    def action_add_members(self) -> None:
        """Let people in."""
        if self.subject is not None:
            self.act(self._add_members(self.subject))

    async def _add_members(self, conversation: Conversation) -> None:
        engine, key = self._stage.engine, conversation.key
        group = await ask(engine.group, key)
        title = group_words.add_title(clean_line(conversation.title))
        there = frozenset(each.key for each in group.members)
        picked = await self._pick(title, without=there)
        if picked:
            await ask(engine.group_add, key, picked)
            people = [self._chats.get(each) for each in picked]
            names = ", ".join(clean_line(each.title) for each in people if each is not None)
            self.say(group_words.added(names))

    def action_members(self) -> None:
        """Who is in it; one chosen, what can be done about them."""
        if self.subject is not None:
            self.act(self._members(self.subject))

    async def _members(self, conversation: Conversation) -> None:
        group = await ask(self._stage.engine.group, conversation.key)
        names = [words.YOU if each.is_me else clean_line(each.name) for each in group.members]
        room = min(max(map(cells, names), default=0), MAX_NAME)
        choices = [
            (each.key, self._member_line(each, name, room))
            for each, name in zip(group.members, names, strict=True)
        ]
        title = f"{clean_line(conversation.title)}: {group_words.members(len(choices))}"
        chosen = await self.app.push_screen_wait(dialogs.ChoiceDialog(title, "", choices))
        if chosen is not None:
            await self._about(group, chosen)

    def _member_line(self, member: Member, name: str, room: int) -> str:
        glyphs = self._stage.glyphs
        sign = " " if member.is_me else trust_glyph(member.trust, glyphs)
        name = shorten(name, room, ellipsis=glyphs.ellipsis)
        return f"{pad(name, room)} {sign}  {group_words.ROLES[member.role]}".rstrip()

    def action_about_member(self, key: str) -> None:
        """What can be done about a member of the open group."""
        if self.conversation is not None:
            self.act(self._about_member(self.conversation, key))

    async def _about_member(self, conversation: Conversation, key: str) -> None:
        await self._about(await ask(self._stage.engine.group, conversation.key), key)

    async def _about(self, group: Group, key: str) -> None:
        member = next((each for each in group.members if each.key == key), None)
        line = group.conversation.group
        if member is None or line is None:
            return
        name = clean_line(member.name)
        title = group_words.of_name(name, is_me=member.is_me, role=member.role)
        address = "" if member.is_me or member.name == member.address else member.address
        choices = choices_about(line.role, member)
        dialog = dialogs.ChoiceDialog(title, clean_line(address), choices)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen == WRITE:
            await self._write_to(member)
        elif chosen == LEAVE:
            await self._leave_group(group.conversation)
        elif chosen == REMOVE:
            await self._remove(group.conversation, member)
        elif chosen is not None:
            role: RoleName = ORDER[ORDER.index(chosen)]
            await ask(self._stage.engine.group_role, group.conversation.key, member.key, role)

    async def _write_to(self, member: Member) -> None:
        key = member.key
        if not member.is_contact:
            key = (await ask(self._stage.engine.contact_add, member.address)).key
        await self.know_contact(key)
        self.open_conversation(key)

    async def _remove(self, conversation: Conversation, member: Member) -> None:
        name = clean_line(member.name)
        dialog = ConfirmDialog(group_words.REMOVE_TITLE, group_words.remove(name))
        if await self.app.push_screen_wait(dialog):
            await ask(self._stage.engine.group_remove, conversation.key, [member.key])
            self.say(group_words.removed(name))

    # ---- how it is kept ---------------------------------------------------------------------

    async def _rename(self, conversation: Conversation) -> None:
        if conversation.group is None:
            await super()._rename(conversation)
            return
        dialog = LineDialog(
            group_words.RENAME_TITLE, group_words.RENAME_TEXT, value=clean_line(conversation.title)
        )
        name = await self.app.push_screen_wait(dialog)
        if name and name != conversation.title:
            await ask(self._stage.engine.group_set, conversation.key, name=name)

    def action_describe(self) -> None:
        """Say what the group is for."""
        if self.subject is not None:
            self.act(self._describe(self.subject))

    async def _describe(self, conversation: Conversation) -> None:
        said = "" if conversation.group is None else clean_line(conversation.group.description)
        dialog = LineDialog(group_words.DESCRIBE_TITLE, group_words.DESCRIBE_TEXT, value=said)
        text = await self.app.push_screen_wait(dialog)
        if text is not None and text != said:
            await ask(self._stage.engine.group_set, conversation.key, description=text)

    def action_picture(self) -> None:
        """Say what the group looks like."""
        if self.subject is not None:
            self.act(self._picture(self.subject))

    async def _picture(self, conversation: Conversation) -> None:
        dialog = LineDialog(
            group_words.PICTURE_TITLE,
            group_words.PICTURE_TEXT,
            placeholder=group_words.PICTURE_PLACEHOLDER,
        )
        typed = await self.app.push_screen_wait(dialog)
        if typed is not None:
            path = whole(typed) if typed else ""
            await ask(self._stage.engine.group_set, conversation.key, picture=path)

    def action_posting(self) -> None:
        """Choose who may write."""
        if self.subject is not None:
            self.act(self._posting(self.subject))

    async def _posting(self, conversation: Conversation) -> None:
        now = (await ask(self._stage.engine.group, conversation.key)).may_post
        chosen = await self._ranks(group_words.POSTING_TITLE, group_words.POSTING_TEXT, now)
        if chosen is not None and chosen != now:
            await ask(self._stage.engine.group_set, conversation.key, may_post=chosen)

    def action_calling(self) -> None:
        """Choose whose `@all` is for everybody."""
        if self.subject is not None:
            self.act(self._calling(self.subject))

    async def _calling(self, conversation: Conversation) -> None:
        now = (await ask(self._stage.engine.group, conversation.key)).may_mention_all
        chosen = await self._ranks(group_words.CALLING_TITLE, group_words.CALLING_TEXT, now)
        if chosen is not None and chosen != now:
            await ask(self._stage.engine.group_set, conversation.key, may_mention_all=chosen)

    async def _ranks(self, title: str, about: str, now: RoleName) -> str | None:
        """Ask from which role on something is allowed."""
        choices = [(each, group_words.POSTING[each]) for each in ORDER]
        return await self.app.push_screen_wait(
            dialogs.ChoiceDialog(title, about, choices, chosen=now)
        )

    # ---- leaving it, accepting it -----------------------------------------------------------

    async def _block(self, conversation: Conversation) -> None:
        if conversation.group is None:
            await super()._block(conversation)
        else:
            await self._leave_group(conversation)

    def action_leave_group(self) -> None:
        """Leave the group, after asking."""
        if self.subject is not None:
            self.act(self._leave_group(self.subject))

    async def _leave_group(self, conversation: Conversation) -> None:
        name = clean_line(conversation.title)
        if await self.app.push_screen_wait(
            ConfirmDialog(group_words.LEAVE_TITLE, group_words.leave(name))
        ):
            await ask(self._stage.engine.group_leave, conversation.key)
            self.say(group_words.LEFT_NOW)

    async def _accept_contact(self, conversation: Conversation) -> None:
        if conversation.group is None:
            await super()._accept_contact(conversation)
            return
        await ask(self._stage.engine.group_accept, conversation.key)
        self.say(group_words.joined(clean_line(conversation.title)))
        self.open_conversation(conversation.key)
