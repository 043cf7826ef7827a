"""What is written in the box: drafts, sending, and what a text is for.

Rule: nothing typed is lost: what was not sent goes back where it was written. Spec: docs/tui.md,
section 2.
"""

from __future__ import annotations

from typing import Any

from textual import on
from textual.timer import Timer
from textual.widgets import OptionList

from restante.client.interface import Conversation, Group, Message, Thread
from restante.client.tui.bridge import ask
from restante.client.tui.chats import Chats
from restante.client.tui.completion import (
    Begun,
    Offer,
    command_offers,
    emoji_offers,
    member_offers,
    name_offers,
)
from restante.client.tui.compose_box import PLAIN, ComposeBox, Purpose
from restante.client.tui.conversation_pane import ConversationPane
from restante.client.tui.message_actions import MessageActions
from restante.client.tui.palette import offered
from restante.client.tui.stage import Stage
from restante.client.tui.thread_pane import ThreadPane
from restante.client.tui.typing_watch import TypingWatch

KEEP_DRAFT_AFTER_S = 1.0
"""So long after the last key a draft is kept on the disk, and goes to the other devices."""


class Writing(MessageActions):
    """The box of the open conversation."""

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__(stage, chats)
        self._draft_timer: Timer | None = None
        self._group: Group | None = None
        """The open group, once it was read."""
        self.pane = ConversationPane(stage, chats)
        self.thread = ThreadPane(stage)
        self._typing = TypingWatch(
            self,
            tell=self._tell_typing,
            show=self._show_typing,
            now_s=lambda: stage.now().timestamp(),
        )

    @property
    def box(self) -> ComposeBox:
        """Where the user writes: in the open thread if the cursor is there."""
        return self.thread.box if self.thread.has_attention else self.pane.box

    @property
    def thread_at_hand(self) -> Thread | None:
        """The open thread, if the cursor is there."""
        return self.thread.thread if self.thread.has_attention else None

    def box_of(self, thread: Thread | None) -> ComposeBox:
        """Return where one writes in a thread, or in none."""
        return self.pane.box if thread is None else self.thread.box

    async def answered_by(self, purpose: Purpose, thread: Thread | None) -> str | None:
        """Return what a message answers that is written for a purpose, in a thread or in none."""
        if purpose.answers is not None:
            return purpose.answers.id
        if thread is None or thread.is_whole:
            return None if thread is None else thread.first
        found = (await ask(self._stage.engine.thread, thread.first, count=1)).messages
        return found[0].id if found else thread.first

    async def send_one(
        self, conversation: Conversation, thread: Thread | None, **what: Any
    ) -> Message:
        """Send a file, as an answer if its box says so, which is answered then.

        `what`: as `Engine.send_file`.
        """
        box = self.box_of(thread)
        purpose = box.purpose
        quote = await self.answered_by(purpose, thread)
        sent = await ask(self._stage.engine.send_file, conversation.key, quote=quote, **what)
        if box.purpose is purpose and purpose.answers is not None:
            box.write_for(PLAIN)
        return sent

    @on(ComposeBox.Sent)
    def _sent(self, event: ComposeBox.Sent) -> None:
        if self.conversation is not None:
            if event.purpose.edits is None:
                self.pane.messages.scroll_to_latest()
            else:
                self._draft_comes_back(self.conversation.key)
            sending = self._send(self.conversation.key, event.text, event.purpose)
            self.act(sending, group="send")

    @on(ComposeBox.Changed)
    @on(ComposeBox.SelectionChanged)
    def _offer(self) -> None:
        box = self.box
        begun = box.begun() if box.has_focus else None
        box.completions.offer(begun, self._offers_for(begun) if begun else [])

    def _offers_for(self, begun: Begun) -> list[Offer]:
        if begun.sign == ":":
            return emoji_offers(begun.query)
        if begun.sign == "/":
            is_plain = self.box is self.pane.box and self.box.purpose.is_plain
            return command_offers(begun.query, offered(self.app, self)) if is_plain else []
        here = self.conversation
        if here is not None and here.group is not None:
            return self._member_offers(begun.query)
        return [] if here is None else name_offers(begun.query, [here])

    def _member_offers(self, query: str) -> list[Offer]:
        if self._group is None:
            return []
        line = self._group.conversation.group
        ranks = ("reader", "member", "admin", "owner")
        may_name_all = line is not None and line.role is not None
        if line is not None and line.role is not None:
            may_name_all = ranks.index(line.role) >= ranks.index(self._group.may_mention_all)
        return member_offers(query, self._group.members, may_name_all=may_name_all)

    @on(OptionList.OptionSelected, ".completions")
    def _offer_clicked(self) -> None:
        self.box.take(self.box.completions.chosen)
        self.box.focus()

    @on(ComposeBox.Commanded)
    async def _commanded(self, event: ComposeBox.Commanded) -> None:
        await self.run_action(event.action)

    @on(ComposeBox.EmptyUp)
    def _edit_last(self) -> None:
        message = self.pane.messages.last_of_mine()
        if message is None or self.pane.box.disabled:
            self.pane.box.post_message(ComposeBox.LeftUp())
        else:
            self.write(Purpose(edits=message), text=message.body)

    @on(ComposeBox.Outside)
    def action_editor(self) -> None:
        """Write in an editor of one's own."""
        if not self.box.disabled:
            self.act(self._write_outside(), group="editor")

    async def _write_outside(self) -> None:
        from restante.client.tui.editor import edit_outside  # noqa: PLC0415  (few ever need it)

        box = self.box
        text = await edit_outside(self.app, box.text)
        box.text = text
        box.move_cursor(box.document.end)
        box.focus()

    @on(ComposeBox.Changed)
    def _typed(self) -> None:
        if self.conversation is not None and self.box.has_focus:
            self._typing.ours(self.conversation.key, self.box.text)
        if self.conversation is not None and self.pane.box.has_focus:
            if self._draft_timer is not None:
                self._draft_timer.stop()
            self._draft_timer = self.set_timer(KEEP_DRAFT_AFTER_S, self.pane.keep_draft)

    @on(ConversationPane.Drafted)
    def _drafted(self, event: ConversationPane.Drafted) -> None:
        draft = self._chats.unkept_draft(event.key)
        if draft is not None:
            self.act(self._keep_draft(event.key, draft), group="draft")

    async def keep_draft_now(self) -> None:
        """Have the engine keep what is in the box, before it can't any more."""
        self.pane.keep_draft()
        key = None if self.conversation is None else self.conversation.key
        draft = None if key is None else self._chats.unkept_draft(key)
        if key is not None and draft is not None:
            await self._keep_draft(key, draft)

    async def _keep_draft(self, key: str, draft: str) -> None:
        await ask(self._stage.engine.set_draft, key, draft)

    def _show_typing(self, key: str, names: list[str]) -> None:
        if names:
            self._chats.typing[key] = names
        else:
            self._chats.typing.pop(key, None)
        self.pane.say_typing()
        self.show_chats()

    def _tell_typing(self, key: str, is_typing: bool) -> None:
        self.act(ask(self._stage.engine.typing, key, is_typing=is_typing), group="typing")

    async def _send(self, key: str, text: str, purpose: Purpose) -> None:
        engine, answered = self._stage.engine, purpose.answers
        try:
            if purpose.edits is not None:
                await ask(engine.edit, purpose.edits.id, text)
            else:
                await ask(engine.send, key, text, quote=None if answered is None else answered.id)
        except BaseException:
            self._give_back(key, text)
            raise
        if self.conversation is not None and self.conversation.key == key:
            self.pane.messages.forget_new()

    def _give_back(self, key: str, text: str) -> None:
        """What was not sent goes back where it was written, before what was written since."""
        if self.conversation is not None and self.conversation.key == key:
            self.pane.box.text = "\n".join(filter(None, [text, self.pane.box.text]))
            self.pane.box.move_cursor(self.pane.box.document.end)
        else:
            since = self._chats.drafts.get(key, "")
            self._chats.drafts[key] = "\n".join(filter(None, [text, since]))

    def write(self, purpose: Purpose, *, text: str | None = None) -> None:
        """Let the user write an answer or an edit."""
        box = self.box
        if box.disabled:
            return
        self.pane.keep_draft()
        box.write_for(purpose)
        if text is not None:
            box.text = text
            box.move_cursor(box.document.end)
        box.focus()

    def _leave_purpose(self) -> None:
        """Write a message of its own again: an edit's text goes, and the draft comes back."""
        was, key = self.pane.box.purpose, self.conversation.key if self.conversation else ""
        self.pane.box.write_for(PLAIN)
        if was.edits is not None:
            self.pane.box.text = ""
            self._draft_comes_back(key)

    def _draft_comes_back(self, key: str) -> None:
        """Put a draft that waited for an edit before what was written since."""
        box = self.pane.box
        box.text = "\n".join(filter(None, [self._chats.drafts.get(key, ""), box.text]))
        box.move_cursor(box.document.end)
