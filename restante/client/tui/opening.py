"""What is open: read from the engine, marked as read, and what is known of who is in it.

Rule: what was asked for before another conversation was opened is shown nowhere. Spec: docs/tui.md,
section 2.
"""

from __future__ import annotations

from textual import on

from restante.client.interface import ContactState, Conversation, Message, SafetyNumber
from restante.client.tui import words
from restante.client.tui.bridge import ask
from restante.client.tui.chat_list import ChatList
from restante.client.tui.chats import Chats
from restante.client.tui.compose_box import ComposeBox
from restante.client.tui.finding import Finding
from restante.client.tui.history_view import HistoryView, Load
from restante.client.tui.info_pane import InfoPane
from restante.client.tui.message_list import MessageList
from restante.client.tui.stage import Stage
from restante.errors import UserError


class Opening(Finding):
    """The open conversation, its info pane, and the way there."""

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__(stage, chats)
        self._number: SafetyNumber | None = None
        self.info = InfoPane(stage)

    def leave_thread(self) -> None:
        """Close the thread beside the conversation, if one is open."""
        raise NotImplementedError

    @property
    def conversation(self) -> Conversation | None:
        """What is open."""
        return self.pane.conversation

    @property
    def subject(self) -> Conversation | None:
        """What keys act on: under the cursor while the list has the focus, else what is open."""
        return self.list.under_cursor if self.list.has_focus else self.conversation

    @on(ChatList.Chosen)
    def _chosen(self, event: ChatList.Chosen) -> None:
        self.open_conversation(event.key)

    def open_conversation(self, key: str) -> None:
        """Open a conversation and put the cursor in its box."""
        self.act(self._open(key), group="open")

    async def open_at(self, key: str, message_id: str) -> None:
        """Open a conversation at one of its messages, with what stands around it."""
        message = await ask(self._stage.engine.message, message_id)
        if self.conversation is not None and self.conversation.key == key:
            self.pane.messages.go_to(message.position)
        else:
            await self._open(key, at=message.position)
        self.pane.messages.focus()

    async def _place_of(self, message: Message | None) -> int | None:
        """Return where a message stands by now, or stood before it went."""
        if message is None:
            return None
        try:
            return (await ask(self._stage.engine.message, message.id)).position
        except UserError:
            return message.position

    async def _open(self, key: str, *, at: int | None = None) -> None:
        conversation = self._chats.get(key)
        if conversation is None:
            return
        self.add_class("-reading")
        if self.conversation is None or self.conversation.key != key:
            self._typing.stop()
            self._number = self._group = None
            self.leave_thread()
            self.info.show(conversation)
            self.read_who(key)
            await self.pane.open(conversation, self._loader(key), at=at)
            self.say_waiting()
        self.show_chats()
        self.pane.focus_best()
        self.refresh_bindings()

    def _loader(self, key: str) -> Load:
        engine = self._stage.engine

        async def load(start: int, count: int) -> list[Message]:
            return await ask(engine.messages, key, start=start, count=count)

        return load

    def show_info(self) -> None:
        """Show in the info pane what is known of the open conversation."""
        self.info.show(self.conversation, number=self._number, group=self._group)

    def read_who(self, key: str) -> None:
        """Read whom a conversation is with, and show it."""
        self.act(self._read_who(key), group="who")

    async def _read_who(self, key: str) -> None:
        engine, conversation = self._stage.engine, self._chats.get(key)
        if conversation is None or conversation.is_self:
            return  # nobody to compare with
        if conversation.group is not None:
            group = await ask(engine.group, key)
            if self.conversation is not None and self.conversation.key == key:
                self._group = group
        else:
            number = await ask(engine.safety_number, key)
            if self.conversation is not None and self.conversation.key == key:
                self._number = number
        self.show_info()

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
            and (conversation.unread_count or conversation.marked_unread)
            and conversation.contact in {ContactState.ACCEPTED, ContactState.PENDING}
            and self.app.app_focus
        ):
            engine = self._stage.engine
            self.act(ask(engine.mark_read, conversation.key, up_to=message.id), group="read")

    @on(MessageList.QuoteClicked)
    def _quote_clicked(self, event: MessageList.QuoteClicked) -> None:
        self.act(self.jump_to_quoted(event.message))

    @on(MessageList.ChoiceClicked)
    def _choice_clicked(self, event: MessageList.ChoiceClicked) -> None:
        self.act(self.vote_in(event.message, at=event.number))

    @on(MessageList.Below)
    def _below(self, event: MessageList.Below) -> None:
        self.pane.say_below(event.count)

    @on(HistoryView.Unreadable)
    def _unreadable(self) -> None:
        self.say(words.READ_FAILED, is_warning=True)

    def action_latest(self) -> None:
        """Go to the newest message."""
        self.pane.messages.scroll_to_latest()

    @on(ComposeBox.LeftUp)
    def _to_messages(self) -> None:
        edited = self.pane.box.purpose.edits
        if edited is not None and self.pane.box.text == edited.body:
            self._leave_purpose()
        if self.pane.messages.count:
            self.pane.messages.focus()

    @on(MessageList.Left)
    def _to_box(self) -> None:
        self.pane.messages.mark(None)
        self.pane.messages.scroll_to_latest()
        self.pane.focus_best()


def may_have_others(was: Conversation, now: Conversation) -> bool:
    """Whether a group may have other members, or keep itself otherwise, than a moment ago."""
    last = now.last
    tells = last is not None and last.kind in {"notice", "setting"} and last != was.last
    return now.group is not None and (now.group != was.group or now.title != was.title or tells)
