"""The main screen: chats, conversation, info pane, and what the engine's events do to them.

Rule: widgets show and ask; this screen calls the engine, and no handler waits for it.
Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from restante.client.interface import (
    ContactState,
    Conversation,
    ConversationChanged,
    Event,
    Message,
    MessageAdded,
    MessageChanged,
    Resync,
    SafetyNumber,
    StatusChanged,
    TransferProgress,
    Trust,
    TypingChanged,
)
from restante.client.tui import words
from restante.client.tui.bars import ConnectionLine, FindLine, KeyHints
from restante.client.tui.bridge import ask
from restante.client.tui.chat_list import ChatList
from restante.client.tui.chats import Chats
from restante.client.tui.compose_box import PLAIN, ComposeBox, Purpose
from restante.client.tui.connection_watch import ConnectionWatch
from restante.client.tui.conversation_pane import ConversationPane
from restante.client.tui.history_view import HistoryView
from restante.client.tui.info_pane import InfoPane
from restante.client.tui.message_actions import MessageActions
from restante.client.tui.message_list import MessageList
from restante.client.tui.stage import Stage
from restante.client.tui.typing_watch import TypingWatch

BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]
"""From how many columns on: one pane, two, three."""


KEEP_DRAFT_AFTER_S = 1.0
"""So long after the last key a draft is kept on the disk, and goes to the other devices."""


class ChatScreen(MessageActions):
    """Everything about talking."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc", id="app.back"),
        Binding("a", "accept", "Accept", id="contact.accept"),
        Binding("b", "block", "Block", show=False, id="contact.block"),
        Binding("v", "verify", "Verify", id="contact.verify"),
        Binding("n", "rename", "Rename", show=False, id="contact.rename"),
        Binding("question_mark", "why", "Why", key_display="?", show=False, id="contact.why"),
    ]

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__(stage, chats)
        self._number: SafetyNumber | None = None
        self._draft_timer: Timer | None = None
        self.pane = ConversationPane(stage, chats)
        self.list = ChatList(stage, chats)
        self.info = InfoPane(stage.glyphs)
        self.connection = ConnectionLine(stage.glyphs, id="connection")
        self.connection_below = ConnectionLine(stage.glyphs, id="connection-below")
        self._watch = ConnectionWatch(
            self,
            chats=chats,
            line=self.connection,
            short_line=self.connection_below,
            banner=self.pane.connection_banner,
            patience_s=stage.patience_s,
        )

        self._typing = TypingWatch(
            self,
            tell=self._tell_typing,
            show=lambda is_typing: self.pane.say_typing(is_typing=is_typing),
            now_s=lambda: stage.now().timestamp(),
        )

    def compose(self) -> ComposeResult:
        """Three panes over a line of keys."""
        with Horizontal(id="panes"):
            with Vertical(id="chats"):
                yield FindLine(self._stage.glyphs)
                yield self.list
                yield self.connection
            yield self.pane
            yield self.info
        with Horizontal(id="bottom"):
            yield KeyHints(self._stage.glyphs)
            yield self.connection_below

    def on_mount(self) -> None:
        """Follow the terminal's focus."""
        self.watch(self.app, "app_focus", self._terminal_focused, init=False)

    @property
    def conversation(self) -> Conversation | None:
        """What is open."""
        return self.pane.conversation

    # ---- reading everything ---------------------------------------------------------------------

    async def reload(self) -> None:
        """Read everything from the engine: at the start, and after events were missed."""
        engine = self._stage.engine
        self._watch.take(await ask(engine.status))
        self._chats.replace(await ask(engine.conversations))
        self._refresh_chats()
        if self.conversation is not None and (now := self._chats.get(self.conversation.key)):
            await self.pane.open(now, self._loader(now.key))

    def take(self, events: Iterable[Event]) -> None:
        """Show what the engine said, all at once."""
        needs_reload = False
        for event in events:
            if isinstance(event, StatusChanged):
                self._watch.take(event.status)
            elif isinstance(event, ConversationChanged):
                self._take_conversation(event.conversation)
            elif isinstance(event, MessageAdded):
                self._take_message(event.message, is_new=True)
            elif isinstance(event, MessageChanged):
                self._take_message(event.message, is_new=False)
            elif isinstance(event, TypingChanged):
                if self.conversation is not None and self.conversation.key == event.conversation:
                    self._typing.theirs(is_typing=event.is_typing)
            elif isinstance(event, TransferProgress):
                self._watch.take_progress(event)
            elif isinstance(event, Resync):
                needs_reload = True
        self._refresh_chats()
        if needs_reload:
            self.act(self.reload())

    def _take_conversation(self, conversation: Conversation) -> None:
        self._chats.update(conversation)
        if self.conversation is None or self.conversation.key != conversation.key:
            return
        was = self.conversation
        self.pane.update(conversation)
        self.info.show(conversation, self._number)
        if was.trust is not conversation.trust:
            self._read_number(conversation.key)
        if conversation.message_count < self.pane.messages.count:
            self.act(self.reload())  # messages went away: nothing here knows which
        self.refresh_bindings()

    def _take_message(self, message: Message, *, is_new: bool) -> None:
        if self.conversation is None or self.conversation.key != message.conversation:
            return
        if is_new:
            self.pane.messages.add(message)
        else:
            self.pane.messages.change(message)

    def _refresh_chats(self) -> None:
        self.list.show(open_key=self.conversation.key if self.conversation else None)
        self.pane.say_nothing_open(has_chats=bool(len(self._chats)))
        self._watch.show()

    # ---- the connection ------------------------------------------------------------------------

    def forget_reminder(self) -> None:
        """Don't speak of the recovery kit again, this time."""
        self._watch.forget_reminder()

    def action_retry(self) -> None:
        """Connect now rather than later."""
        self.act(ask(self._stage.engine.retry_now))

    # ---- the open conversation ------------------------------------------------------------------

    @on(ChatList.Chosen)
    def _chosen(self, event: ChatList.Chosen) -> None:
        self.open_conversation(event.key)

    def open_conversation(self, key: str) -> None:
        """Open a conversation and put the cursor in its box."""
        self.act(self._open(key), group="open")

    async def _open(self, key: str) -> None:
        conversation = self._chats.get(key)
        if conversation is None:
            return
        self.add_class("-reading")
        if self.conversation is None or self.conversation.key != key:
            self._typing.stop()
            self._number = None
            self.info.show(conversation, None)
            self._read_number(key)
            await self.pane.open(conversation, self._loader(key))
        self._refresh_chats()
        self.pane.focus_best()
        self.refresh_bindings()

    def _loader(self, key: str):  # type: ignore[no-untyped-def]
        engine = self._stage.engine

        async def load(start: int, count: int) -> list[Message]:
            return await ask(engine.messages, key, start=start, count=count)

        return load

    def _read_number(self, key: str) -> None:
        self.act(self._show_number(key), group="number")

    async def _show_number(self, key: str) -> None:
        if self.conversation is not None and self.conversation.is_self:
            return  # nobody to compare with
        number = await ask(self._stage.engine.safety_number, key)
        if self.conversation is not None and self.conversation.key == key:
            self._number = number
            self.info.show(self.conversation, number)

    @on(MessageList.Seen)
    def _seen(self, event: MessageList.Seen) -> None:
        self._mark_read(event.message)

    def _terminal_focused(self, has_focus: bool) -> None:  # a watcher
        # What came while the terminal was in the background is read now.
        message = self.pane.messages.last_seen
        if has_focus and message is not None:
            self._mark_read(message)

    def _mark_read(self, message: Message) -> None:
        conversation = self.conversation
        if (
            conversation is not None
            and conversation.key == message.conversation
            and conversation.unread_count
            and conversation.contact in {ContactState.ACCEPTED, ContactState.PENDING}
            and self.app.app_focus
        ):
            engine = self._stage.engine
            self.act(ask(engine.mark_read, conversation.key, up_to=message.id), group="read")

    @on(MessageList.Below)
    def _below(self, event: MessageList.Below) -> None:
        self.pane.say_below(event.count)

    @on(HistoryView.Unreadable)
    def _unreadable(self) -> None:
        self.say(words.READ_FAILED, is_warning=True)

    def action_latest(self) -> None:
        """Go to the newest message."""
        self.pane.messages.scroll_to_latest()

    # ---- writing --------------------------------------------------------------------------------

    @on(ComposeBox.Sent)
    def _sent(self, event: ComposeBox.Sent) -> None:
        if self.conversation is not None:
            self.pane.box.text = ""
            self._leave_purpose()
            if event.purpose.edits is None:
                self.pane.messages.scroll_to_latest()
            sending = self._send(self.conversation.key, event.text, event.purpose)
            self.act(sending, group="send")

    @on(ComposeBox.Changed)
    def _typed(self) -> None:
        if self.conversation is not None and self.pane.box.has_focus:
            self._typing.ours(self.conversation.key, self.pane.box.text)
            if self._draft_timer is not None:
                self._draft_timer.stop()
            self._draft_timer = self.set_timer(KEEP_DRAFT_AFTER_S, self.pane.keep_draft)

    @on(ConversationPane.Drafted)
    def _drafted(self, event: ConversationPane.Drafted) -> None:
        draft = self._chats.unkept_draft(event.key)
        if draft is not None:
            self.act(self._keep_draft(event.key, draft), group="draft")

    async def _keep_draft(self, key: str, draft: str) -> None:
        await ask(self._stage.engine.set_draft, key, draft)

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

    @property
    def selected(self) -> Message | None:
        """The message under the cursor, while the messages have the focus."""
        messages = self.pane.messages
        return messages.selected if messages.has_focus else None

    def write(self, purpose: Purpose, *, text: str | None = None) -> None:
        """Let the user write an answer or an edit."""
        if self.pane.box.disabled:
            return
        self.pane.keep_draft()
        self.pane.box.write_for(purpose)
        if text is not None:
            self.pane.box.text = text
            self.pane.box.move_cursor(self.pane.box.document.end)
        self.pane.box.focus()

    def _leave_purpose(self) -> None:
        """Write a message of its own again: an edit's text goes, and the draft comes back."""
        was, key = self.pane.box.purpose, self.conversation.key if self.conversation else ""
        self.pane.box.write_for(PLAIN)
        if was.edits is not None:
            self.pane.box.text = self._chats.drafts.get(key, "")
            self.pane.box.move_cursor(self.pane.box.document.end)

    @on(ComposeBox.LeftUp)
    def _to_messages(self) -> None:
        if self.pane.messages.count:
            self.pane.messages.focus()

    @on(MessageList.Left)
    def _to_box(self) -> None:
        self.pane.messages.scroll_to_latest()
        self.pane.focus_best()

    # ---- keys -----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the keys that do something now."""
        conversation = self.conversation if self.is_mounted else None
        is_asking = conversation is not None and conversation.contact is ContactState.REQUEST
        has_changed = conversation is not None and conversation.trust is Trust.CHANGED
        is_blocked = conversation is not None and conversation.contact is ContactState.BLOCKED
        selected = self.selected if self.is_mounted else None
        offers = self.offers_for(selected, may_write=not self.pane.box.disabled) | {
            "accept": is_asking or has_changed or is_blocked,
            "block": conversation is not None and not is_blocked,
            "why": has_changed,
            "verify": conversation is not None,
            "rename": conversation is not None,
            "timer": conversation is not None and conversation.contact is ContactState.ACCEPTED,
            "back": conversation is not None,
        }
        return offers.get(action, True)

    def action_back(self) -> None:
        """Leave an answer or edit; else go to the chats, or close the conversation if narrow."""
        if not self.pane.box.purpose.is_plain:
            self._leave_purpose()
            return
        if self.has_class("-narrow"):
            self.remove_class("-reading")
            self.pane.close()
            self._refresh_chats()
        self.list.focus()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """The keys depend on where one is."""
        self.refresh_bindings()
