"""A message is said again in other chats.

Rule: every call of the engine is a worker; one that disappears is asked about first.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from restante.client.interface import Message
from restante.client.tui import dialogs, forward_words
from restante.client.tui.bridge import ask
from restante.client.tui.dialog import ConfirmDialog
from restante.client.tui.file_actions import HERE
from restante.client.tui.poll_actions import PollActions


class ForwardActions(PollActions):
    """The actions; whoever inherits says what is selected."""

    def can_forward(self, message: Message) -> bool:
        """Whether a message says something that can be said again."""
        return message.kind in forward_words.FORWARDED

    def action_forward(self) -> None:
        """Say the selected message again elsewhere."""
        if message := self.selected:
            self.act(self._forward(message))

    async def _forward(self, message: Message) -> None:
        if message.file is not None and message.file.state not in HERE:
            self.say(forward_words.NOT_HERE)
            return
        if message.timer_s:
            dialog = ConfirmDialog(forward_words.TITLE, forward_words.DISAPPEARS)
            if not await self.app.push_screen_wait(dialog):
                return
        picking = dialogs.ChatsDialog(self._chats, self._stage.glyphs, forward_words.TITLE)
        chosen = await self.app.push_screen_wait(picking)
        for key in chosen or ():
            await ask(
                self._stage.engine.forward, key, source=message.id, stays=bool(message.timer_s)
            )
        if chosen:
            self.say(forward_words.forwarded(len(chosen)))
