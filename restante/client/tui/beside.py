"""Threads beside the conversation: opened, followed, answered, left.

Rule: as in opening.py; a thread is of the open conversation, and goes when another one is opened.
Spec: docs/tui.md, section 14.
"""

from __future__ import annotations

from msgspec import structs
from textual import on
from textual.timer import Timer

from restante.client.interface import Message, Thread
from restante.client.tui.bridge import ask
from restante.client.tui.compose_box import Purpose
from restante.client.tui.history_view import Load
from restante.client.tui.message_list import MessageList
from restante.client.tui.opening import Opening
from restante.client.tui.thread_pane import ThreadPane
from restante.client.tui.writing import KEEP_DRAFT_AFTER_S
from restante.errors import UserError

THREADED = "-threaded"
"""The screen's class while a thread is open."""

ADDED_AT_ONCE = 64


class Beside(Opening):
    """The thread that is open beside the conversation, if one is."""

    _thread_timer: Timer | None = None

    def action_thread(self) -> None:
        """Open the thread that the selected message is in, or begin one with it."""
        if message := self.selected:
            self.act(self._open_thread(message), group="thread")

    def action_close_thread(self) -> None:
        """Close the thread; what is written there is kept."""
        had_attention = self.thread.has_attention
        self._keep_thread_draft()
        self.thread.close()
        self.remove_class(THREADED)
        if had_attention or not self.has_class("-wide"):
            self.pane.focus_best()
        self.refresh_bindings()

    async def open_at(self, key: str, message_id: str) -> None:
        """Open a conversation at one of its messages, in sight."""
        self.uncover()
        await super().open_at(key, message_id)

    def action_find(self) -> None:
        """Find in the open conversation, in sight."""
        self.uncover()
        super().action_find()

    def action_go_to_date(self) -> None:
        """Go to the first message of a day, in sight."""
        self.uncover()
        super().action_go_to_date()

    def uncover(self) -> None:
        """Close the thread where it stands in the conversation's place."""
        if not self.has_class("-wide"):
            self.leave_thread()

    async def keep_draft_now(self) -> None:
        """Have the engine keep what is in the boxes, before it can't any more."""
        await super().keep_draft_now()
        thread = self.thread.thread
        if thread is not None and (text := self._unkept(thread)) is not None:
            await self._keep_in_thread(thread, text)

    def leave_thread(self) -> None:
        """Close the thread, if one is open: another conversation comes."""
        if self.thread.thread is not None:
            self.action_close_thread()

    async def _open_thread(self, message: Message) -> None:
        thread = await ask(self._stage.engine.thread, message.id, count=0)
        if self.conversation is None or self.conversation.key != thread.conversation:
            return
        self._keep_thread_draft()
        self.add_class(THREADED)
        drafts, kept = self._chats.thread_drafts, self._chats.kept_thread_drafts
        draft = drafts.get(thread.first, "")
        if draft == kept.get(thread.first, ""):  # no newer than what the engine has
            draft = kept[thread.first] = drafts[thread.first] = thread.draft
        self.say_thread_open()
        await self.thread.open(thread, self._thread_loader(thread.first), draft=draft)
        (self.thread.messages if self.thread.box.disabled else self.thread.box).focus()
        self.refresh_bindings()

    def say_thread_open(self) -> None:
        """Say in the thread's box whether one may write, as in the conversation's."""
        box = self.pane.box
        self.thread.set_open(may_write=not box.disabled, why_not=str(box.placeholder))

    def _thread_loader(self, first: str) -> Load:
        engine = self._stage.engine

        async def load(start: int, count: int) -> list[Message]:
            thread = await ask(engine.thread, first, start=start, count=count)
            return [_placed(each, start + at, first) for at, each in enumerate(thread.messages)]

        return load

    def thread_hears(self, message: Message, *, is_new: bool) -> None:
        """Take a message of the open conversation that came or changed."""
        thread = self.thread.thread
        if thread is None:
            return
        if message.id == thread.first or (is_new and message.quote is not None):
            self.act(self._follow(thread), group="thread-follow")
        elif not is_new:
            self.thread.messages.change_same(message)

    async def _follow(self, thread: Thread) -> None:
        """Show what came to the open thread; all of it anew if that is not at its end."""
        count = self.thread.messages.count
        load = self._thread_loader(thread.first)
        now = await ask(
            self._stage.engine.thread,
            thread.first,
            start=max(0, count - 1),
            count=ADDED_AT_ONCE + 1,
        )
        open_now = self.thread.thread
        if open_now is None or open_now.first != thread.first:
            return
        last = self.thread.messages.message_at(count - 1)
        goes_on = bool(now.messages) and last is not None and now.messages[0].id == last.id
        if goes_on and count <= now.count <= count + ADDED_AT_ONCE and now.first == thread.first:
            added = [
                _placed(each, count + at, now.first) for at, each in enumerate(now.messages[1:])
            ]
            self.thread.grow(now, added)
            if (first := await self._first_of(now)) is not None:
                self.thread.messages.change_same(first)
        else:
            await self.thread.read_again(now, load)

    async def _first_of(self, thread: Thread) -> Message | None:
        found = await self._thread_loader(thread.first)(0, 1) if thread.count else []
        return found[0] if found else None

    async def reload_thread(self) -> None:
        """Read the open thread again, after events were missed."""
        thread = self.thread.thread
        if thread is not None:
            try:
                now = await ask(self._stage.engine.thread, thread.first, count=0)
            except UserError:
                self.action_close_thread()
                return
            await self.thread.read_again(now, self._thread_loader(now.first))

    @on(ThreadPane.Answered)
    def _answered(self, event: ThreadPane.Answered) -> None:
        thread = self.thread.thread
        if thread is not None:
            self.act(self._answer(thread, event.text, event.purpose), group="send")

    async def _answer(self, thread: Thread, text: str, purpose: Purpose) -> None:
        engine, box = self._stage.engine, self.thread.box
        try:
            if purpose.edits is not None:
                await ask(engine.edit, purpose.edits.id, text)
            else:
                answered = await self.answered_by(purpose, thread)
                await ask(engine.send, thread.conversation, text, quote=answered)
        except BaseException:
            open_now = self.thread.thread
            if open_now is not None and open_now.first == thread.first:
                box.text = "\n".join(filter(None, [text, box.text]))
            else:
                self._chats.thread_drafts[thread.first] = text
            raise

    @on(ThreadPane.Written)
    def _written(self, event: ThreadPane.Written) -> None:
        self._chats.thread_drafts[event.thread] = event.text
        if self._thread_timer is not None:
            self._thread_timer.stop()
        self._thread_timer = self.set_timer(KEEP_DRAFT_AFTER_S, self._keep_thread_draft)

    def _keep_thread_draft(self) -> None:
        thread = self.thread.thread
        if thread is not None and (text := self._unkept(thread)) is not None:
            self.act(self._keep_in_thread(thread, text), group="draft")

    def _unkept(self, thread: Thread) -> str | None:
        """Return a draft that the engine doesn't keep yet, once."""
        text, kept = self._chats.thread_drafts.get(thread.first), self._chats.kept_thread_drafts
        if text is None or text == kept.get(thread.first, ""):
            return None
        kept[thread.first] = text
        return text

    async def _keep_in_thread(self, thread: Thread, text: str) -> None:
        engine = self._stage.engine
        await ask(engine.set_draft, thread.conversation, text, thread=thread.first)

    @on(MessageList.ThreadClicked)
    def _thread_clicked(self, event: MessageList.ThreadClicked) -> None:
        self.act(self._open_thread(event.message), group="thread")


def _placed(message: Message, position: int, first: str) -> Message:
    """Return a message as its thread shows it: with its place there, and without what is said
    above it anyway, that it answers the first message, or how often that was answered."""
    answers_first = message.quote is not None and message.quote.message == first
    quote = None if answers_first else message.quote
    return structs.replace(message, position=position, answers=0, quote=quote)
