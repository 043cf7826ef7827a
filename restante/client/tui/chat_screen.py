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
from textual.message import Message as Posted

from restante.client.interface import (
    ContactState,
    Conversation,
    ConversationChanged,
    Event,
    FileProgress,
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
from restante.client.tui.banners import Banner
from restante.client.tui.bars import ArchiveLine, ConnectionLine, FindLine, KeyHints, SignLine
from restante.client.tui.bridge import ask
from restante.client.tui.chat_list import ChatList
from restante.client.tui.chats import Chats
from restante.client.tui.compose_box import ComposeBox
from restante.client.tui.connection_watch import ConnectionWatch
from restante.client.tui.finding import Finding
from restante.client.tui.history_view import HistoryView
from restante.client.tui.info_pane import InfoPane
from restante.client.tui.message_list import MessageList
from restante.client.tui.stage import Stage
from restante.errors import UserError

BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]
"""From how many columns on: one pane, two, three."""


class ChatScreen(Finding):
    """Everything about talking."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc", id="app.back"),
        Binding("a", "accept", "Accept", id="contact.accept"),
        Binding("b", "block", "Block", show=False, id="contact.block"),
        Binding("v", "verify", "Verify", id="contact.verify"),
        Binding("n", "rename", "Rename", show=False, id="contact.rename"),
        Binding("slash", "app.find", "Find", show=False, id="chat.find"),
        Binding("colon", "app.command_palette", "Palette", show=False, id="chat.palette"),
        Binding("question_mark", "why", "Why", key_display="?", show=False, id="contact.why"),
    ]

    class Drawn(Posted):
        """The chats are shown as they are now."""

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__(stage, chats)
        self._number: SafetyNumber | None = None
        self.foot = ArchiveLine(stage)
        self.info = InfoPane(stage)
        self.connection = ConnectionLine(stage, id="connection")
        self.connection_below = ConnectionLine(stage, id="connection-below")
        self._watch = ConnectionWatch(
            self,
            chats=chats,
            line=self.connection,
            short_line=self.connection_below,
            banner=self.pane.connection_banner,
            patience_s=stage.patience_s,
        )

    def compose(self) -> ComposeResult:
        """Three panes over a line of keys."""
        with Horizontal(id="panes"):
            with Vertical(id="chats"):
                yield FindLine(self._stage)
                yield self.list
                yield self.foot
                yield self.connection
            yield self.pane
            yield self.info
        with Horizontal(id="bottom"):
            yield KeyHints(self._stage)
            yield self.connection_below

    def on_mount(self) -> None:
        """Follow the terminal's focus."""
        self.watch(self.app, "app_focus", self._terminal_focused, init=False)
        self.set_interval(60, self._grow_older)

    def _grow_older(self) -> None:
        """Times that are told as ages, and mutes that end, follow the clock."""
        self._refresh_chats()
        self.pane.messages.grow_older()

    @property
    def conversation(self) -> Conversation | None:
        """What is open."""
        return self.pane.conversation

    @property
    def subject(self) -> Conversation | None:
        """What keys act on: under the cursor while the list has the focus, else what is open."""
        return self.list.under_cursor if self.list.has_focus else self.conversation

    def show_chats(self) -> None:
        """Draw the list of chats as it is now."""
        self._refresh_chats()

    def redraw(self) -> None:
        """Draw all anew: signs, the clock or the density have changed."""
        self.pane.redraw()
        self.info.show(self.conversation, self._number)
        self._refresh_chats()
        for line in self.query(SignLine):
            line.draw()
        for banner in self.query(Banner):
            banner.draw()

    def jump_to(self, message: Message) -> None:
        """Show a message of the open conversation."""
        self.pane.messages.focus()
        self.pane.messages.go_to(message.position)

    # ---- reading everything ---------------------------------------------------------------------

    async def reload(self) -> None:
        """Read everything from the engine: at the start, and after events were missed."""
        engine = self._stage.engine
        self._watch.take(await ask(engine.status))
        self._chats.replace(await ask(engine.conversations))
        self._refresh_chats()
        self.refresh_bindings()
        if self.conversation is not None and (now := self._chats.get(self.conversation.key)):
            held = self.pane.messages.held
            await self.pane.read_again(now, self._loader(now.key), top=await self._place_of(held))
        await self.read_waiting()

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
            elif isinstance(event, FileProgress):
                self._watch.take_file_progress(event)
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
        if was.trust is not conversation.trust or conversation.group is not None:
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
        self.foot.show(self._chats)
        self.pane.say_nothing_open(has_chats=bool(len(self._chats)))
        self._watch.show()
        self.post_message(self.Drawn())

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
            self._number = None
            self.info.show(conversation, None)
            self._read_number(key)
            await self.pane.open(conversation, self._loader(key), at=at)
            self.say_waiting()
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
        if self.conversation is not None and self.conversation.group is not None:
            await self._show_members(key)
            return
        number = await ask(self._stage.engine.safety_number, key)
        if self.conversation is not None and self.conversation.key == key:
            self._number = number
            self.info.show(self.conversation, number)

    async def _show_members(self, key: str) -> None:
        group = await ask(self._stage.engine.group, key)
        if self.conversation is not None and self.conversation.key == key:
            self.info.show_group(group)

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

    # ---- keys -----------------------------------------------------------------------------------

    @property
    def selected(self) -> Message | None:
        """The message under the cursor, while the messages have the focus."""
        messages = self.pane.messages
        return messages.selected if messages.has_focus else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the keys that do something now."""
        conversation = self.subject if self.is_mounted else None
        is_open = self.is_mounted and self.conversation is not None
        is_asking = conversation is not None and conversation.contact is ContactState.REQUEST
        has_changed = conversation is not None and conversation.trust is Trust.CHANGED
        is_blocked = conversation is not None and conversation.contact is ContactState.BLOCKED
        selected = self.selected if self.is_mounted else None
        offers = self.offers_for(selected, may_write=not self.pane.box.disabled) | {
            "accept": is_asking or has_changed or is_blocked,
            "block": conversation is not None and not is_blocked,
            "why": has_changed,
            "verify": conversation is not None and conversation.group is None,
            "rename": conversation is not None and conversation.group is None,
            "timer": conversation is not None and conversation.contact is ContactState.ACCEPTED,
            "mute": conversation is not None,
            "archive": conversation is not None,
            "pin_chat": conversation is not None,
            "mark_unread": conversation is not None
            and conversation.contact in {ContactState.ACCEPTED, ContactState.PENDING},
            "pinned": is_open,
            "send_contact": is_open and not self.pane.box.disabled,
            "send_file": is_open and not self.pane.box.disabled,
            "send_place": is_open and not self.pane.box.disabled,
            "editor": is_open and not self.pane.box.disabled,
            "back": is_open,
            "go_to_date": is_open,
            "send_later": is_open and not self.pane.box.disabled,
            "scheduled": bool(self.waiting),
        }
        return offers.get(action, True)

    def action_back(self) -> None:
        """Leave an answer or edit; else go to the chats, or close the conversation if narrow."""
        self.pane.messages.mark(None)
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
