"""The open conversation: header, banners, messages, box. It shows; the screen acts.

Rule: a draft survives whatever happens to its conversation. Knows no engine.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Posted
from textual.widget import AwaitMount

from restante.client.interface import ContactState, Conversation, Trust
from restante.client.tui import group_words, words
from restante.client.tui.banners import MAX_NAME, Banner, say_contact
from restante.client.tui.bars import HeaderLine
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.compose_box import PLAIN, ComposeBox
from restante.client.tui.find_bar import FindBar
from restante.client.tui.history_view import Load
from restante.client.tui.message_list import MessageList
from restante.client.tui.sharp_pictures import CLASS, SharpPictures
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line, clickable
from restante.client.tui.wrap import shorten


class ConversationPane(Vertical):
    """The middle of the screen."""

    @dataclass
    class Drafted(Posted):
        """What is written in a conversation may be another draft than before."""

        key: str

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__(id="conversation", classes="-empty")
        self._stage = stage
        self._chats = chats
        self._open: Conversation | None = None
        self._below_count: int | None = None
        self._mounting: AwaitMount | None = None
        self.header = HeaderLine(stage)
        self.connection_banner = Banner(stage, id="connection-banner")
        self.contact_banner = Banner(stage, id="contact-banner")
        self.find_bar = FindBar(stage)
        self.messages = MessageList(stage)
        self.pictures = SharpPictures(stage, self, self.messages)
        self.below = Line("", id="below")
        self.later = Line("", id="later")
        self.box = ComposeBox()
        self.nothing = Line("", id="nothing")

    def compose(self) -> ComposeResult:
        """What is seen without an open conversation; the rest comes after the first frame."""
        yield self.header
        yield self.connection_banner
        yield self.nothing

    def on_mount(self) -> None:
        """Have the rest soon."""
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        """Have all parts, from top to bottom."""
        rest = [
            self.contact_banner,
            self.find_bar,
            self.messages,
            self.below,
            self.later,
            self.box.completions,
            self.box,
        ]
        if self._mounting is None:
            self._mounting = self.mount_all(rest, before=self.nothing)
        if not all(each.is_mounted for each in rest):
            await self._mounting

    @property
    def conversation(self) -> Conversation | None:
        """What is open."""
        return self._open

    async def open(self, conversation: Conversation, load: Load, *, at: int | None = None) -> None:
        """Show another conversation, with its draft; `at`: from one of its messages."""
        await self._complete()
        self.keep_draft()
        self.find_bar.forget()
        self.messages.mark(None)
        self._open = conversation
        self.box.write_for(PLAIN)
        self.say_typing()
        self.remove_class("-empty")
        self.box.text = self._chats.drafts.get(conversation.key, "")
        self.box.move_cursor(self.box.document.end)
        self.update(conversation)
        if not self.box.disabled and at is None:
            self.box.focus()  # at once: what is typed while messages are read is no command
        await self.read_again(conversation, load, at=at, is_same=False)

    async def read_again(
        self,
        conversation: Conversation,
        load: Load,
        *,
        at: int | None = None,
        top: int | None = None,
        is_same: bool = True,
    ) -> None:
        """Show what the conversation holds now; what is written stays as it is."""
        self.update(conversation)
        await self.messages.open(
            conversation.message_count,
            load,
            unread_at=conversation.first_unread,
            new_count=conversation.unread_count,
            empty_text=words.no_messages(clean_line(conversation.title)),
            at=at,
            top=top,
            keeps_cursor=is_same,
        )

    def close(self) -> None:
        """Show none."""
        self.keep_draft()
        self._open = None
        self.find_bar.forget()
        self.messages.close()
        self.header.show(None)
        self.contact_banner.hush()
        self.remove_class("-asked")
        self.add_class("-empty")

    def say_typing(self) -> None:
        """Say above the box whether the other side is typing; it takes no room of its own."""
        here, dots = self._open, self._stage.glyphs.ellipsis
        names = [] if here is None else self._chats.typing.get(here.key, [])
        if here is not None and here.group is None:
            names = [here.title for _ in names]
        names = [shorten(clean_line(each), MAX_NAME, ellipsis=dots) for each in names]
        self.box.say_typing(group_words.are_typing(names))

    def redraw(self) -> None:
        """Draw all anew: signs, the clock or the density have changed."""
        self.messages.lay_out_anew()
        self.say_below(self._below_count)

    def update(self, conversation: Conversation) -> None:
        """Show what changed about the open conversation."""
        self._open = conversation
        self.header.show(conversation)
        say_contact(self.contact_banner, conversation)
        self.set_class(self.contact_banner.display, "-asked")
        name = clean_line(conversation.title)
        if conversation.contact is ContactState.BLOCKED:
            self._close_box(words.COMPOSE_BLOCKED)
        elif conversation.trust is Trust.CHANGED:
            self._close_box(words.COMPOSE_PAUSED)
        elif conversation.contact is ContactState.REQUEST:
            is_group = conversation.group is not None
            self._close_box(group_words.COMPOSE_REQUEST if is_group else words.COMPOSE_REQUEST)
        elif conversation.group is not None and not conversation.group.may_post:
            has_left = conversation.group.role is None
            self._close_box(group_words.LEFT if has_left else group_words.MAY_NOT_WRITE)
        else:
            name = shorten(name, MAX_NAME, ellipsis=self._stage.glyphs.ellipsis)
            self.box.set_state(words.message_to(name), is_open=True)

    def focus_best(self) -> None:
        """Focus the box, or the messages where nothing may be written."""
        (self.messages if self.box.disabled else self.box).focus()

    def on_message_list_moved(self) -> None:
        """Pictures follow what they lie over."""
        self.pictures.look_again()

    def on_click(self, event: events.Click) -> None:
        """A click on a picture is one on its message."""
        if _is_picture(event):
            self.messages.focus()
            row = event.screen_y - self.messages.region.y
            self.messages.click(row, is_double=event.chain == 2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """A wheel over a picture scrolls what it lies over."""
        if _is_picture(event):
            self.messages.scroll_up(animate=False)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """As up."""
        if _is_picture(event):
            self.messages.scroll_down(animate=False)

    def keep_draft(self) -> None:
        """Remember what is written."""
        if self._open is not None and self.box.purpose.edits is None:
            if self.box.text.strip():
                self._chats.drafts[self._open.key] = self.box.text
            else:
                self._chats.drafts.pop(self._open.key, None)
            self.post_message(self.Drafted(self._open.key))

    def say_nothing_open(self, *, has_chats: bool) -> None:
        """What stands where no conversation is open."""
        title = words.NO_CHAT_OPEN if has_chats else words.NO_CHATS
        keys = words.NO_CHAT_OPEN_KEYS[0 if has_chats else 2 :]
        width = max(len(label) for _, _, label in keys)
        parts: list[tuple[str, str]] = [(title + "\n", "")]
        for action, usual, label in keys:
            key = self._stage.key_of(action, usual)
            parts += [(f"\n{key}  ", "bold $warning"), (label.ljust(width), "$faint")]
        self.nothing.update(Content.assemble(*parts))

    def say_below(self, count: int | None) -> None:
        """The hint that there is more below, or none."""
        self._below_count = count
        self.below.display = count is not None
        if count is not None:
            text = words.new_below(count) if count else words.BELOW
            line = f"{self._stage.glyphs.down} {text}"
            self.below.update(clickable(line, "screen.latest", "bold" if count else ""))
            self.below.set_class(bool(count), "-new")

    def say_later(self, sentence: str) -> None:
        """Say what goes out of this chat by itself, or nothing."""
        self.later.display = bool(sentence)
        self.later.update(clickable(sentence, "screen.scheduled", "$faint"))

    def _close_box(self, reason: str) -> None:
        had_focus = self.box.has_focus
        self.box.set_state(reason, is_open=False)
        if had_focus:
            self.messages.focus()


def _is_picture(event: events.MouseEvent) -> bool:
    touched = event.widget
    return touched is not None and any(
        each.has_class(CLASS) for each in touched.ancestors_with_self
    )
