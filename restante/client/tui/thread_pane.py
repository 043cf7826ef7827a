"""A thread beside the conversation: what it began with, the answers, and a box of its own.

Rule: what is said here happens in the conversation too; what is looked at here marks nothing as
read. It shows; the screen acts. Knows no engine. Spec: docs/tui.md, section 14.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Posted
from textual.widget import AwaitMount

from restante.client.interface import Message, Thread
from restante.client.tui import thread_words
from restante.client.tui.bars import SignLine
from restante.client.tui.compose_box import PLAIN, ComposeBox, Purpose
from restante.client.tui.history_view import Load
from restante.client.tui.message_list import MessageList
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import clickable, hint
from restante.client.tui.wrap import cells, shorten


class ThreadLine(SignLine):
    """What the pane is, how many answers there are, and the way out."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, id="thread-header")
        self._thread: Thread | None = None

    def show(self, thread: Thread | None) -> None:
        """Show a thread, or nothing."""
        self._thread = thread
        self.draw()

    def draw(self) -> None:
        """Draw it as things stand."""
        if self._thread is None:
            self.update(Content(""))
            return
        key = hint(self._stage.key_of("back", "Esc"), thread_words.CLOSE)
        count = self._thread.count - self._thread.is_whole
        said = f"{thread_words.THREAD} {self._stage.glyphs.dot} {thread_words.answers(count)}"
        if not self._thread.is_whole:
            said = thread_words.NOT_HERE
        room = self.content_size.width - cells(key) - 2
        said = shorten(said, max(1, room), ellipsis=self._stage.glyphs.ellipsis)
        gap = " " * max(1, self.content_size.width - cells(said) - cells(key))
        close = clickable(key, "screen.close_thread", "$faint")
        self.update(Content.assemble((said, "bold $primary"), gap, close))


class ThreadPane(Vertical):
    """The pane; empty and out of sight until `open`."""

    @dataclass
    class Answered(Posted):
        """The user wants this text sent: an answer in this thread, or an edit."""

        text: str
        purpose: Purpose

    @dataclass
    class Written(Posted):
        """What is in the box is another draft than before."""

        thread: str
        text: str

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="thread")
        self._stage = stage
        self._thread: Thread | None = None
        self._mounting: AwaitMount | None = None
        self.header = ThreadLine(stage)
        self.messages = MessageList(stage, id="thread-messages")
        self.box = ComposeBox(id="thread-compose")

    @property
    def thread(self) -> Thread | None:
        """What is open; of its messages only the first ones are kept here."""
        return self._thread

    @property
    def has_attention(self) -> bool:
        """Whether the cursor is in it."""
        return self._thread is not None and (self.messages.has_focus or self.box.has_focus)

    async def open(self, thread: Thread, load: Load, *, draft: str) -> None:
        """Show another thread, from its end."""
        self._thread = thread
        await self._complete()
        self.messages.mark(None)
        self.box.write_for(PLAIN)
        self.box.text = draft
        self.box.move_cursor(self.box.document.end)
        await self._show(thread, load, is_same=False)

    async def _complete(self) -> None:
        """Have all parts, from top to bottom; before the first thread nobody sees them."""
        parts = [self.header, self.messages, self.box.completions, self.box]
        if self._mounting is None:
            self._mounting = self.mount_all(parts)
        if not all(each.is_mounted for each in parts):
            await self._mounting

    async def read_again(self, thread: Thread, load: Load) -> None:
        """Show what the thread holds now; what is written stays."""
        self._thread = thread
        await self._show(thread, load, is_same=True)

    async def _show(self, thread: Thread, load: Load, *, is_same: bool) -> None:
        self.header.show(thread)
        held = self.messages.held
        await self.messages.open(
            thread.count,
            load,
            unread_at=None,
            new_count=0,
            empty_text="",
            top=held.position if is_same and held is not None else None,
            keeps_cursor=is_same,
        )

    def grow(self, thread: Thread, added: list[Message]) -> None:
        """Show what came at the end."""
        self._thread = thread
        self.header.show(thread)
        for each in added:
            self.messages.add(each)

    def close(self) -> None:
        """Show none."""
        self._thread = None
        self.header.show(None)
        self.messages.close()
        self.box.write_for(PLAIN)
        self.box.text = ""

    def set_open(self, *, may_write: bool, why_not: str) -> None:
        """Say whether one may answer."""
        self.box.set_state(thread_words.COMPOSE if may_write else why_not, is_open=may_write)

    def redraw(self) -> None:
        """Draw all anew: signs, the clock or the density have changed."""
        if self._mounting is not None:
            self.messages.lay_out_anew()

    def leave_purpose(self) -> None:
        """Write an answer to the thread again: an edit's text goes."""
        was = self.box.purpose
        self.box.write_for(PLAIN)
        if was.edits is not None:
            self.box.text = ""

    # ---- what its parts say ---------------------------------------------------------------------

    @on(ComposeBox.Sent)
    def _sent(self, event: ComposeBox.Sent) -> None:
        event.stop()
        if event.purpose.edits is None:
            self.messages.scroll_to_latest()
        self.post_message(self.Answered(event.text, event.purpose))

    @on(ComposeBox.Changed)
    def _changed(self) -> None:
        if self._thread is not None and self.box.purpose.edits is None:
            self.post_message(self.Written(self._thread.first, self.box.text))

    @on(ComposeBox.EmptyUp)
    @on(ComposeBox.LeftUp)
    def _to_messages(self, event: Posted) -> None:
        event.stop()
        if self.messages.count:
            self.messages.focus()

    @on(ComposeBox.Later)
    def _later(self, event: ComposeBox.Later) -> None:
        event.stop()
        self.notify(thread_words.NOT_LATER, severity="warning", markup=False, timeout=4)

    @on(MessageList.Left)
    def _to_box(self, event: MessageList.Left) -> None:
        event.stop()
        self.messages.scroll_to_latest()
        (self.messages if self.box.disabled else self.box).focus()

    @on(MessageList.QuoteClicked)
    def _quote_clicked(self, event: MessageList.QuoteClicked) -> None:
        quote = event.message.quote
        if quote is not None and self.messages.go_to_message(quote.message):
            event.stop()

    @on(MessageList.Seen)
    @on(MessageList.Below)
    def _unsaid(self, event: Posted) -> None:
        event.stop()  # reading is the conversation's affair
