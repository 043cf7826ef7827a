"""Coming into groups: invites made and followed, people who ask let in or told no.

Rule: as in group_actions.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from restante.client.interface import Conversation, GroupAsked
from restante.client.tui import dialogs, invite_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import LineDialog
from restante.client.tui.group_actions import GroupActions


class InviteActions(GroupActions):
    """The actions; whoever inherits says which conversation they are about."""

    def action_invite(self) -> None:
        """Make an invite."""
        self._show_invites(is_making=True)

    def action_invites(self) -> None:
        """All invites, and what can be done about them."""
        self._show_invites(is_making=False)

    def _show_invites(self, *, is_making: bool) -> None:
        if self.subject is not None:
            name = clean_line(self.subject.title)
            dialog = dialogs.InvitesDialog(self._stage, self.subject.key, name, is_making=is_making)
            self.app.push_screen(dialog)

    def action_join_group(self) -> None:
        """Follow an invite."""
        self.act(self._join_group())

    async def _join_group(self) -> None:
        dialog = LineDialog(
            invite_words.JOIN_TITLE,
            invite_words.JOIN_TEXT,
            placeholder=invite_words.JOIN_PLACEHOLDER,
        )
        link = await self.app.push_screen_wait(dialog)
        if not link:
            return
        await self.follow_up(
            await ask(self._stage.engine.group_join, link, timeout_s=dialogs.JOIN_WAIT_S)
        )

    async def follow_up(self, came: GroupAsked) -> None:
        """Open the group that an invite led to, or say who was asked."""
        if came.group is None:
            self.say(invite_words.joined_later(", ".join(map(clean_line, came.asked))))
            return
        await self.know_contact(came.group)
        self.open_conversation(came.group)

    def action_asking(self) -> None:
        """Who asks to come in: each is let in, or told no."""
        if self.subject is not None:
            self.act(self._asking(self.subject))

    async def _asking(self, conversation: Conversation) -> None:
        engine, key = self._stage.engine, conversation.key
        asking = (await ask(engine.group, key)).asking
        if not asking:
            self.say(invite_words.NOBODY_ASKS)
            return
        people = [(each.key, clean_line(each.name or each.address)) for each in asking]
        title = invite_words.asking_title(clean_line(conversation.title))
        dialog = dialogs.ChoiceDialog(title, invite_words.ASKING_TEXT, people)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None:
            return
        name = dict(people)[chosen]
        answers = [(True, invite_words.LET_IN), (False, invite_words.REFUSE)]
        is_in = await self.app.push_screen_wait(dialogs.ChoiceDialog(name, "", answers))
        if is_in is None:
            return
        if is_in:
            await ask(engine.group_admit, key, [chosen])
            self.say(invite_words.let_in(name))
        else:
            await ask(engine.group_refuse, key, [chosen])
            self.say(invite_words.refused(name))
            self.read_who(key)

    def read_who(self, key: str) -> None:
        """Read anew who is in a conversation, and who asks."""
        raise NotImplementedError
