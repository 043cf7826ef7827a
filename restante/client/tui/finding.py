"""Finding what was said: in the open conversation, in all, and by date.

Rule: as in chat_actions.py; whatever is found is shown in its place in the conversation.
Spec: docs/tui.md, section 9.
"""

from __future__ import annotations

from typing import Final

from textual import on

from restante.client.interface import Message
from restante.client.tui import dialogs, search_words
from restante.client.tui.asked import Asked, read_asked
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dates import past_day
from restante.client.tui.dialog import LineDialog
from restante.client.tui.find_bar import FindBar
from restante.client.tui.jumping import Jumping
from restante.client.tui.matches import Matches
from restante.client.tui.times import spell_when

MAX_HERE: Final = 100
"""Matches of one conversation that one goes through."""


class Finding(Jumping):
    """The actions; whoever inherits opens conversations."""

    async def open_at(self, key: str, message_id: str) -> None:
        """Open a conversation at one of its messages."""
        raise NotImplementedError

    # ---- in the open conversation -----------------------------------------------------------

    def action_find(self) -> None:
        """Find in the open conversation; without one, in all."""
        if self.conversation is None:
            self.action_search_all()
        else:
            self.pane.find_bar.open()

    @on(FindBar.Asked)
    def _asked_here(self, event: FindBar.Asked) -> None:
        if self.conversation is not None:
            self.act(self._find_here(self.conversation.key, event.text), group="find")

    async def _find_here(self, key: str, typed: str) -> None:
        asked = self._read(typed)
        bar, messages = self.pane.find_bar, self.pane.messages
        if asked.fault is not None:
            bar.say(asked.fault)
            return
        messages.mark(Matches(asked.words))
        if asked.is_nothing:
            bar.say("")
            return
        asked.wanted["conversation"] = key
        found = await self._search(asked, None, MAX_HERE)
        if bar.is_open and bar.text == typed:
            bar.show(found, is_more=len(found) == MAX_HERE)

    @on(FindBar.Reached)
    def _reached(self, event: FindBar.Reached) -> None:
        self.act(self._show_again(event.message), group="find-go")

    async def _show_again(self, message: Message) -> None:
        now = await ask(self._stage.engine.message, message.id)  # it may stand elsewhere by now
        if self.conversation is not None and self.conversation.key == now.conversation:
            self.pane.messages.go_to(now.position)

    @on(FindBar.Wider)
    def _wider(self) -> None:
        self.action_search_all()

    @on(FindBar.Left)
    def _left_finding(self) -> None:
        self.pane.find_bar.close()
        self.pane.messages.focus()

    def action_next_match(self, step: int = 1) -> None:
        """Go to the next older match of what was looked for last, or back."""
        if self.conversation is not None and self.pane.find_bar.text:
            self.pane.messages.mark(Matches(self._read(self.pane.find_bar.text).words))
            self.pane.find_bar.action_step(step)

    # ---- in all -----------------------------------------------------------------------------

    def action_search_all(self) -> None:
        """Find in all conversations."""
        self.act(self._search_all(), group="search")

    async def _search_all(self) -> None:
        bar = self.pane.find_bar
        typed = bar.text if bar.is_open else ""
        dialog = dialogs.SearchDialog(self._stage, self._chats, self._search, value=typed)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None:
            return
        message, words = chosen
        bar.forget()
        await self.open_at(message.conversation, message.id)
        self.pane.messages.mark(Matches(words))

    # ---- what names one ---------------------------------------------------------------------

    def action_mentions(self) -> None:
        """Show what names the user or answers them, and go to one of it."""
        self.act(self._mentions(), group="mentions")

    async def _mentions(self) -> None:
        engine = self._stage.engine

        async def read(unread: bool, past: str | None, limit: int) -> list[Message]:
            return await ask(engine.mentions, unread=unread, past=past, limit=limit)

        chosen = await self.app.push_screen_wait(
            dialogs.MentionsDialog(self._stage, self._chats, read)
        )
        if chosen is not None:
            self.pane.find_bar.forget()
            await self.open_at(chosen.conversation, chosen.id)

    def _read(self, typed: str) -> Asked:
        now, zone = self._stage.now(), self._stage.zone
        return read_asked(typed, self._chats.every(), now=now, zone=zone)

    async def _search(self, asked: Asked, past: str | None, limit: int) -> list[Message]:
        engine, wanted = self._stage.engine, dict(asked.wanted)
        if "sender" in wanted:
            wanted["sender"] = await ask(engine.resolve, wanted["sender"])
        return await ask(engine.search, asked.words, **wanted, past=past, limit=limit)

    # ---- by date ----------------------------------------------------------------------------

    def action_go_to_date(self) -> None:
        """Go to the first message of a day."""
        if self.conversation is not None:
            self.act(self._go_to_date(self.conversation.key))

    async def _go_to_date(self, key: str) -> None:
        dialog = LineDialog(
            search_words.DATE_TITLE,
            search_words.DATE_TEXT,
            placeholder=search_words.DATE_PLACEHOLDER,
        )
        typed = await self.app.push_screen_wait(dialog)
        if not typed:
            return
        day = past_day(typed, self._stage.now(), self._stage.zone)
        if day is None:
            self.say(search_words.no_day(clean_line(typed)), is_warning=True)
            return
        position = await ask(self._stage.engine.position_at, key, at=spell_when(day))
        messages = self.pane.messages
        if self.conversation is not None and self.conversation.key == key and messages.count:
            messages.focus()
            messages.go_to(min(position, messages.count - 1))
