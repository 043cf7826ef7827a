"""What can be done with the selected message: answer, edit, react, delete, pin, copy, send again.

Rule: every call of the engine is a worker; a refusal becomes a sentence, and a text that was being
written survives it. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

import os
import sys
from typing import ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content

from restante.client.hearing import heard
from restante.client.interface import Message, MessageState
from restante.client.tui import chat_words, contact_words, dialogs, link_words, words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean, clean_line
from restante.client.tui.compose_box import Purpose
from restante.client.tui.dialog import TextDialog
from restante.client.tui.entry_parts import HAS_HEADING
from restante.client.tui.file_actions import HEARING
from restante.client.tui.forward_actions import ForwardActions
from restante.client.tui.links import Link, can_open
from restante.client.tui.markup import links_of
from restante.client.tui.message_list import MessageList
from restante.client.tui.times import local

FAILED: Final = frozenset({MessageState.FAILED, MessageState.EXPIRED})
UNSENT: Final = frozenset({MessageState.QUEUED, MessageState.AWAITING_ACCEPTANCE})


class MessageActions(ForwardActions):
    """The actions; whoever inherits has the box and says what is selected."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "take_back", "Take back", id="messages.take_back"),
        Binding("r", "retry_message", "Retry", id="messages.retry"),
        Binding("r", "reply", "Reply", id="messages.reply"),
        Binding("e", "edit", "Edit", id="messages.edit"),
        Binding("plus", "react", "React", key_display="+", id="messages.react"),
        Binding("d", "discard_message", "Discard", id="messages.discard"),
        Binding("d", "delete", "Delete", id="messages.delete"),
        Binding("p", "pin", "Pin", show=False, id="messages.pin"),
        Binding("f", "forward", "Forward", show=False, id="messages.forward"),
        Binding("y", "copy", "Copy", id="messages.copy"),
        Binding("t", "thread", "Thread", id="messages.thread"),
        Binding("w", "why_message", "What became of it", show=False, id="messages.why"),
        Binding("h", "versions", "Earlier versions", show=False, id="messages.versions"),
        Binding("l", "move_place", "Move", id="messages.move_place"),
        Binding("enter,o", "open", "Go where it leads", show=False, id="messages.open"),
    ]

    @property
    def selected(self) -> Message | None:
        """The message that keys act on, while the messages have the focus."""
        raise NotImplementedError

    def write(self, purpose: Purpose, *, text: str | None = None) -> None:
        """Let the user write for a purpose; `text` replaces what is in the box."""
        raise NotImplementedError

    def offers_for(self, message: Message | None, *, may_write: bool) -> dict[str, bool]:
        """Return which actions do something with a message, and are allowed."""
        is_mine = message is not None and message.sender.is_me
        has_failed = message is not None and is_mine and message.state in FAILED
        is_said = message is not None and message.kind in HAS_HEADING
        can_answer = may_write and is_said and not has_failed
        return {
            "retry_message": has_failed,
            "discard_message": has_failed,
            "take_back": is_mine and message is not None and message.state in UNSENT,
            "reply": can_answer,
            "thread": is_said and not has_failed,
            "react": can_answer,
            "pin": can_answer,
            "edit": can_answer and is_mine and message is not None and message.kind == "text",
            "delete": message is not None and not has_failed,
            "copy": is_said,
            "forward": message is not None and self.can_forward(message),
            "save_file": message is not None and message.file is not None,
            **dict.fromkeys(HEARING, self.player.message is not None),
            "why_message": message is not None,
            "open": message is not None and self._leads_somewhere(message),
            "vote": message is not None and self.can_vote(message),
            "close_poll": is_mine and message is not None and self.can_vote(message),
            "versions": message is not None and message.edited and message.location is None,
            "move_place": is_mine and message is not None and self._is_live(message),
        }

    def action_reply(self) -> None:
        """Answer it."""
        if message := self.selected:
            self.write(Purpose(answers=message))

    def action_edit(self) -> None:
        """Change what it says."""
        if message := self.selected:
            self.write(Purpose(edits=message), text=message.body)

    def action_react(self) -> None:
        """Put an emoji on it, or take one's own back."""
        if message := self.selected:
            self.act(self._react(message))

    async def _react(self, message: Message) -> None:
        mine = next((each.emoji for each in message.reactions if each.is_mine), "")
        emoji = await self.app.push_screen_wait(dialogs.ReactDialog(mine))
        if emoji is not None:
            await ask(self._stage.engine.react, message.id, emoji)

    def action_delete(self) -> None:
        """Delete it here, or for everyone."""
        if message := self.selected:
            self.act(self._delete(message))

    async def _delete(self, message: Message) -> None:
        for_everyone = message.sender.is_me and message.kind in HAS_HEADING
        choice = await self.app.push_screen_wait(dialogs.DeleteDialog(for_everyone=for_everyone))
        if choice is not None:
            await ask(self._stage.engine.delete, message.id, for_everyone=choice)
            self.say(words.DELETED)

    def action_pin(self) -> None:
        """Pin it for both, or take that back."""
        if message := self.selected:
            self.act(self._pin(message))

    async def _pin(self, message: Message) -> None:
        await ask(self._stage.engine.pin, message.id, pinned=not message.pinned)

    def action_copy(self) -> None:
        """Put its text on the clipboard."""
        if message := self.selected:
            self.app.copy_to_clipboard(message.body)
            self.say(words.COPIED)

    def action_why_message(self) -> None:
        """Say what became of it, device by device."""
        if message := self.selected:
            self.act(self._why(message))

    async def _why(self, message: Message) -> None:
        told = await ask(self._stage.engine.why, message.id)
        zone = self._stage.zone
        lines = [
            "  ".join(
                filter(
                    None,
                    (
                        f"{local(line.at, zone):%d.%m. %H:%M:%S}",
                        line.event,
                        words.device(line.device[:8]) if line.device else "",
                        clean_line(line.detail or ""),
                    ),
                )
            )
            for line in told.lines
        ]
        text = "\n".join([*lines, *([""] if lines else []), clean_line(heard(told.says))])
        self.app.push_screen(TextDialog(words.WHY_TITLE, text))

    def action_versions(self) -> None:
        """Show what it said before."""
        if message := self.selected:
            self.act(self._versions(message))

    async def _versions(self, message: Message) -> None:
        said = await ask(self._stage.engine.edits, message.id)
        parts: list[tuple[str, str]] = []
        for version in said:
            when = self._stage.until_words(version.at)
            parts += [(("\n\n" if parts else "") + when + "\n", "$faint")]
            parts.append((clean(version.body), ""))
        self.app.push_screen(TextDialog(chat_words.VERSIONS_TITLE, Content.assemble(*parts)))

    def _is_live(self, message: Message) -> bool:
        place = message.location
        if place is None or place.live_until is None:
            return False
        return local(place.live_until, self._stage.zone) > self._stage.now()

    def action_move_place(self) -> None:
        """Say where one is now, or share it no longer."""
        if message := self.selected:
            self.act(self._move_place(message))

    async def _move_place(self, message: Message) -> None:
        dialog = dialogs.PlaceDialog(
            chat_words.MOVE_TITLE,
            chat_words.MOVE_TEXT,
            (chat_words.MOVE, chat_words.STOP_LIVE),
            may_be_empty=frozenset({1}),
        )
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None or (before := message.location) is None:
            return
        at = chosen.place or before
        await ask(
            self._stage.engine.move_location,
            message.id,
            latitude=at.latitude,
            longitude=at.longitude,
            accuracy_m=at.accuracy_m,
            ends=chosen.choice == 1,
        )
        if chosen.choice == 1:
            self.say(chat_words.STOPPED_LIVE)

    def action_open(self) -> None:
        """Go where it leads: a link, a picture, a sound, what it answers, whom it names."""
        if message := self.selected:
            self._open_message(message)

    @on(MessageList.OpenClicked)
    def _open_clicked(self, event: MessageList.OpenClicked) -> None:
        self._open_message(event.message)

    def _open_message(self, message: Message) -> None:
        if message.card is not None:
            self.act(self._open_card(message))
        elif message.poll is not None:
            self.act(self.vote_in(message))
        elif message.file is not None and message.file.role == "voice":
            self.act(self._hear(message))
        elif message.file is not None and message.file.role == "image":
            self.act(self._open_picture(message))
        elif links := links_of(message):
            self.act(self._open_link(message, links))
        elif message.quote is not None:
            self.act(self.jump_to_quoted(message))

    def _leads_somewhere(self, message: Message) -> bool:
        is_shown = message.file is not None and message.file.role in {"image", "voice"}
        leads = message.card is not None or message.quote is not None or bool(links_of(message))
        return leads or is_shown or self.can_vote(message)

    async def _open_link(self, message: Message, links: list[Link]) -> None:
        dialog = dialogs.LinksDialog(links, answers=message.quote is not None)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None:
            return
        if chosen == dialogs.ANSWERED:
            await self.jump_to_quoted(message)
        elif can_open(os.environ, sys.platform):
            self.app.open_url(chosen)
            self.say(link_words.OPENED)
        else:
            self.app.copy_to_clipboard(chosen)
            self.say(link_words.COPIED)

    async def jump_to_quoted(self, message: Message) -> None:
        """Show the message that this one answers."""
        if message.quote is not None:
            quoted = await ask(self._stage.engine.message, message.quote.message)
            if quoted.conversation == message.conversation:
                self.jump_to(quoted)

    async def _open_card(self, message: Message) -> None:
        if message.card is None:
            return
        key = message.card.conversation
        if key is None:
            contact = await ask(self._stage.engine.add_card, message.id)
            key = contact.key
            self.say(contact_words.accepted(clean_line(contact.petname or contact.address)))
        await self.know_contact(key)
        self.open_conversation(key)

    def action_retry_message(self) -> None:
        """Send what failed again."""
        if message := self.selected:
            self.act(self._change(message, is_retry=True))

    def action_discard_message(self) -> None:
        """Drop what failed."""
        if message := self.selected:
            self.act(self._change(message, is_retry=False))

    async def _change(self, message: Message, *, is_retry: bool) -> None:
        engine = self._stage.engine
        if is_retry:
            await ask(engine.retry, message.id)
        else:
            await ask(engine.delete, message.id, for_everyone=False)
            self.say(words.DISCARDED)
        self.refresh_bindings()
