"""Sending later, and taking back what has not gone out: what was written comes back to the box.

Rule: nothing typed is lost: what is taken back stands where it was written. Spec: docs/tui.md,
section 10.
"""

from __future__ import annotations

from textual import on

from restante.client.interface import Message, Scheduled
from restante.client.tui import dialogs, file_words, later_words
from restante.client.tui.bridge import ask
from restante.client.tui.compose_box import ComposeBox, Purpose
from restante.client.tui.pasting import Pasting
from restante.client.tui.times import spell_when
from restante.errors import UserError


class SendingLater(Pasting):
    """The actions; `waiting` is what there is to send later, the next one first."""

    waiting: tuple[Scheduled, ...] = ()

    async def read_waiting(self) -> None:
        """Read what waits, and say above the box what of it is this chat's."""
        try:
            self.waiting = tuple(await ask(self._stage.engine.scheduled))
        except UserError:  # no account yet, or none any more: others say so
            self.waiting = ()
        self.say_waiting()

    def say_waiting(self) -> None:
        """Say above the box what waits in the open conversation."""
        key = self.conversation.key if self.conversation is not None else None
        here = [each for each in self.waiting if each.conversation == key]
        when = dialogs.spoken(self._stage, here[0].at) if here else ""
        self.pane.say_later(later_words.waiting(len(here), when) if here else "")

    # ---- later ------------------------------------------------------------------------------

    @on(ComposeBox.Later)
    def action_send_later(self) -> None:
        """Send what is written at a time; with nothing written, show what waits."""
        box = self.pane.box
        if box.purpose.edits is not None:
            self.say(later_words.NOT_WHILE_EDITING, is_warning=True)
        elif self.conversation is not None and box.text.strip() and not box.disabled:
            self.act(self._send_later(self.conversation.key), group="later")
        else:
            self.action_scheduled()

    async def _send_later(self, key: str) -> None:
        moment = await self.app.push_screen_wait(dialogs.LaterDialog(self._stage))
        box = self.pane.box
        if moment is None or self.conversation is None or self.conversation.key != key:
            return
        answered = box.purpose.answers
        kept = await ask(
            self._stage.engine.schedule,
            key,
            box.text,
            at=spell_when(moment),
            quote=None if answered is None else answered.id,
        )
        box.text = ""
        self._leave_purpose()
        self.pane.keep_draft()
        self.say(later_words.kept(dialogs.spoken(self._stage, kept.at)))
        await self.read_waiting()

    def action_scheduled(self) -> None:
        """Show what waits for its time."""
        self.act(self._scheduled(), group="later")

    async def _scheduled(self) -> None:
        await self.read_waiting()
        if not self.waiting:
            self.say(later_words.NOTHING)
            return
        dialog = dialogs.ScheduledDialog(self._stage, self._chats, self.waiting)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None:
            return
        scheduled = chosen.scheduled
        if chosen.act == "take back":
            await ask(self._stage.engine.unschedule, scheduled.id)
            self._give_back(scheduled.conversation, scheduled.text)
            self.say(later_words.TAKEN_BACK)
            await self.read_waiting()
        self.open_conversation(scheduled.conversation)

    # ---- taking back ------------------------------------------------------------------------

    def action_take_back(self) -> None:
        """Take back a message that has not gone out."""
        if message := self.selected:
            self.act(self._take_back(message))

    async def _take_back(self, message: Message) -> None:
        engine = self._stage.engine
        quoted = await self._quoted(message)
        await ask(engine.cancel, message.id)
        await ask(engine.delete, message.id, for_everyone=False)
        if message.kind == "text":
            if quoted is not None and not self.pane.box.text.strip():
                self.write(Purpose(answers=quoted))
            self._give_back(message.conversation, message.body)
            self.pane.focus_best()
            self.say(later_words.TAKEN_BACK)
        elif message.file is not None:
            self.say(file_words.TAKEN_BACK)

    async def _quoted(self, message: Message) -> Message | None:
        if message.quote is None:
            return None
        try:
            return await ask(self._stage.engine.message, message.quote.message)
        except UserError:
            return None
