"""What can be done with polls: one is asked, answered, closed.

Rule: every call of the engine is a worker; nothing that others see is sent by a slip of the mouse.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from datetime import UTC, timedelta

from restante.client.interface import Conversation, Message
from restante.client.tui import dialogs, poll_words
from restante.client.tui.bridge import ask
from restante.client.tui.dialog import ConfirmDialog
from restante.client.tui.file_actions import FileActions
from restante.client.tui.poll_lines import is_over
from restante.client.tui.times import spell_when


class PollActions(FileActions):
    """The actions; whoever inherits says what is selected."""

    def action_send_poll(self) -> None:
        """Ask something in the open conversation."""
        if self.conversation is not None:
            self.act(self._send_poll(self.conversation))

    async def _send_poll(self, conversation: Conversation) -> None:
        asked = await self.app.push_screen_wait(dialogs.NewPollDialog())
        if asked is None:
            return
        end = self._stage.now().astimezone(UTC) + timedelta(seconds=asked.lasts_s)
        await ask(
            self._stage.engine.send_poll,
            conversation.key,
            question=asked.question,
            options=list(asked.answers),
            multiple=asked.is_multiple,
            closes_at=spell_when(end) if asked.lasts_s else None,
        )

    def can_vote(self, message: Message) -> bool:
        """Whether a message is a poll that isn't over."""
        return message.poll is not None and not is_over(message.poll, self._stage.page(0))

    def action_vote(self) -> None:
        """Answer the selected poll."""
        if message := self.selected:
            self.act(self.vote_in(message))

    async def vote_in(self, message: Message, *, at: int = 1) -> None:
        """Ask what is chosen in a poll, and say it; `at` is highlighted first."""
        poll = message.poll
        if poll is None:
            return
        if not self.can_vote(message):
            self.say(poll_words.IS_OVER)
            return
        dialog = dialogs.VoteDialog(poll, self._stage.glyphs, is_mine=message.sender.is_me, at=at)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen == "close":
            await self._close_poll(message)
        elif isinstance(chosen, list):
            await ask(self._stage.engine.vote, message.id, chosen)
            self.say(poll_words.VOTED if chosen else poll_words.TAKEN_BACK)

    def action_close_poll(self) -> None:
        """End the selected poll, if it is one's own."""
        if message := self.selected:
            self.act(self._close_poll(message))

    async def _close_poll(self, message: Message) -> None:
        dialog = ConfirmDialog(poll_words.CLOSE_TITLE, poll_words.CLOSE_TEXT)
        if await self.app.push_screen_wait(dialog):
            await ask(self._stage.engine.close_poll, message.id)
            self.say(poll_words.CLOSED)
