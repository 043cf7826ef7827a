"""The main screen: chats, conversation, info pane, and what the engine's events do to them.

Rule: widgets show and ask; this screen calls the engine, and no handler waits for it.
Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message as Posted

from restante.client.interface import (
    Conversation,
    ConversationChanged,
    Event,
    FileProgress,
    Message,
    MessageAdded,
    MessageChanged,
    Resync,
    StatusChanged,
    TransferProgress,
    TypingChanged,
)
from restante.client.tui.banners import Banner
from restante.client.tui.bars import ArchiveLine, ConnectionLine, FindLine, KeyHints, SignLine
from restante.client.tui.beside import Beside
from restante.client.tui.bridge import ask
from restante.client.tui.chats import Chats
from restante.client.tui.connection_watch import ConnectionWatch
from restante.client.tui.offers import chat_offers
from restante.client.tui.opening import may_have_others
from restante.client.tui.stage import Stage
from restante.client.tui.voice_player import VoiceLine, VoicePlayer

BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]
"""From how many columns on: one pane, two, three."""


OFFERED_BY = ("contact", "trust", "group")
"""What of a conversation decides which keys do something."""


class ChatScreen(Beside):
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
        Binding(
            "at", "mentions", "What names you", key_display="@", show=False, id="chat.mentions"
        ),
        Binding("question_mark", "why", "Why", key_display="?", show=False, id="contact.why"),
    ]

    class Drawn(Posted):
        """The chats are shown as they are now."""

    _was_here = False

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__(stage, chats)
        self.foot = ArchiveLine(stage)
        self.voice = VoiceLine(stage)
        self.connection = ConnectionLine(stage, id="connection")
        self.connection_below = ConnectionLine(stage, id="connection-below")
        self._watch = ConnectionWatch(
            self,
            chats=chats,
            line=self.connection,
            short_line=self.connection_below,
            banner=self.pane.connection_banner,
            patience_s=stage.patience_s,
            files=stage.under_way,
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
            yield self.thread
            yield self.info
        yield self.voice
        with Horizontal(id="bottom"):
            yield KeyHints(self._stage)
            yield self.connection_below

    def on_mount(self) -> None:
        """Follow the terminal's focus."""
        self.watch(self.app, "app_focus", self._terminal_focused, init=False)
        self.set_interval(60, self._grow_older)

    def on_screen_suspend(self) -> None:
        """Another screen lies over this one; pictures would shine through."""
        self.pane.pictures.hide()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Here again; the first time everything has just been styled."""
        event.refresh_styles = event.refresh_styles and self._was_here
        self._was_here = True
        self.pane.pictures.look_again()

    def _grow_older(self) -> None:
        """Times that are told as ages, and mutes that end, follow the clock."""
        self._refresh_chats()
        self.pane.messages.grow_older()

    def show_chats(self) -> None:
        """Draw the list of chats as it is now."""
        self._refresh_chats()

    def redraw(self) -> None:
        """Draw all anew: signs, the clock or the density have changed."""
        self.pane.redraw()
        self.thread.redraw()
        self.show_info()
        self._refresh_chats()
        for line in self.query(SignLine):
            line.draw()
        for banner in self.query(Banner):
            banner.draw()

    def jump_to(self, message: Message) -> None:
        """Show a message of the open conversation."""
        self.uncover()
        self.pane.messages.focus()
        self.pane.messages.go_to(message.position)

    # ---- reading everything ---------------------------------------------------------------------

    async def reload(self) -> None:
        """Read everything from the engine: at the start, and after events were missed."""
        engine = self._stage.engine
        self._watch.forget_files()
        self._watch.take(await ask(engine.status))
        self._chats.replace(await ask(engine.conversations))
        self._refresh_chats()
        self.refresh_bindings()
        if self.conversation is not None and (now := self._chats.get(self.conversation.key)):
            held = self.pane.messages.held
            await self.pane.read_again(now, self._loader(now.key), top=await self._place_of(held))
            await self.reload_thread()
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
                self._watch.take_message(event.message)
            elif isinstance(event, TypingChanged):
                self._typing.theirs(event.conversation, is_typing=event.is_typing, name=event.name)
            elif isinstance(event, TransferProgress):
                self._watch.take_progress(event)
            elif isinstance(event, FileProgress):
                self._watch.take_file_progress(event)
                self.pane.messages.draw_again(event.message)
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
        self.say_thread_open()
        self.show_info()
        if was.trust is not conversation.trust or may_have_others(was, conversation):
            self.read_who(conversation.key)
        seen = self.pane.messages.last_seen
        if seen is not None and conversation.unread_count > was.unread_count:
            self._mark_read(seen)  # what came may be in sight already
        if conversation.message_count < self.pane.messages.count:
            self.act(self.reload())  # messages went away: nothing here knows which
        if any(getattr(was, name) != getattr(conversation, name) for name in OFFERED_BY):
            self.refresh_bindings()

    def _take_message(self, message: Message, *, is_new: bool) -> None:
        if self.conversation is None or self.conversation.key != message.conversation:
            return
        if is_new:
            self.pane.messages.add(message)
        else:
            self.pane.messages.change(message)
        self.thread_hears(message, is_new=is_new)

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

    # ---- keys -----------------------------------------------------------------------------------

    @property
    def player(self) -> VoicePlayer:
        """What plays voice notes."""
        return self.voice.player

    @property
    def selected(self) -> Message | None:
        """The message under the cursor, while the messages have the focus."""
        for messages in (self.pane.messages, self.thread.messages):
            if messages.has_focus:
                return messages.selected
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the keys that do something now."""
        is_here, may_write = self.is_mounted, not self.pane.box.disabled
        selected = self.selected if is_here else None
        offers = self.offers_for(selected, may_write=may_write) | chat_offers(
            self.subject if is_here else None,
            self.conversation if is_here else None,
            space=self.space_of(self.subject) if is_here else None,
            may_write=may_write,
            has_waiting=bool(self.waiting),
        )
        return offers.get(action, True)

    def action_back(self) -> None:
        """Leave an answer or edit; else go to the chats, or close the conversation if narrow."""
        self.pane.messages.mark(None)
        if self.thread.has_attention:
            if self.thread.box.purpose.is_plain:
                self.action_close_thread()
            else:
                self.thread.leave_purpose()
            return
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
