"""What can be done with a conversation: mute, keep at the top, archive, share a place or a contact.

Rule: as in contact_actions.py; what is chosen here is the same on all devices of the account.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from restante.client.interface import Conversation, Message
from restante.client.tui import chat_words, dialogs, words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.entry_parts import duration
from restante.client.tui.space_actions import SpaceActions
from restante.client.tui.times import FOR_EVER, spell_when
from restante.client.tui.wrap import shorten

UNMUTE: Final = 0
ALWAYS: Final = -1
MUTE_S: Final = (3_600, 8 * 3_600, 7 * 86_400)
EXCERPT_CELLS: Final = 56


class ChatActions(SpaceActions):
    """The actions; whoever inherits says which conversation they are about."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "mute", "Mute", show=False, id="chat.mute"),
        Binding("x", "archive", "Archive", show=False, id="chat.archive"),
        Binding("A", "show_archived", "Show archived", show=False, id="chat.show_archived"),
        Binding("P", "pinned", "Pinned messages", show=False, id="chat.pinned"),
    ]

    def show_chats(self) -> None:
        """Draw the list of chats as it is now."""
        raise NotImplementedError

    def jump_to(self, message: Message) -> None:
        """Show a message of the open conversation."""
        raise NotImplementedError

    # ---- mute, pin, archive ---------------------------------------------------------------------

    def action_mute(self) -> None:
        """Say nothing of the chat for a while, or say it again."""
        if self.subject is not None:
            self.act(self._mute(self.subject))

    async def _mute(self, conversation: Conversation) -> None:
        choices = [(seconds, duration(seconds).capitalize()) for seconds in MUTE_S]
        choices.append((ALWAYS, chat_words.FOR_EVER))
        if is_muted := self._chats.is_muted(conversation):
            choices.insert(0, (UNMUTE, chat_words.UNMUTE))
        dialog = dialogs.ChoiceDialog(
            chat_words.MUTE_TITLE, chat_words.MUTE_TEXT, choices, chosen=None if is_muted else 3_600
        )
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is None:
            return
        until = None
        if chosen != UNMUTE:
            moment = self._stage.now().astimezone(UTC) + timedelta(seconds=chosen)
            until = FOR_EVER if chosen == ALWAYS else spell_when(moment)
        await ask(self._stage.engine.set_muted, conversation.key, until=until)
        name = clean_line(conversation.title)
        when = self._stage.until_words(until)
        self.say(chat_words.muted(name, when) if until else chat_words.UNMUTED)

    def action_alerts(self) -> None:
        """Choose what of the chat calls."""
        if self.subject is not None:
            self.act(self._choose_alerts(self.subject))

    async def _choose_alerts(self, conversation: Conversation) -> None:
        choices = list(chat_words.ALERTS.items())
        dialog = dialogs.ChoiceDialog(
            chat_words.ALERTS_TITLE, chat_words.ALERTS_TEXT, choices, chosen=conversation.alerts
        )
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            await ask(self._stage.engine.set_alerts, conversation.key, level=chosen)

    def action_pin_chat(self) -> None:
        """Keep the chat at the top of the list, or no longer."""
        if self.subject is not None:
            self.act(self._pin_chat(self.subject))

    async def _pin_chat(self, conversation: Conversation) -> None:
        pinned = not conversation.pinned
        await ask(self._stage.engine.set_chat_pinned, conversation.key, pinned=pinned)
        self.say(chat_words.PINNED_CHAT if pinned else chat_words.UNPINNED_CHAT)

    def action_archive(self) -> None:
        """Put the chat away, or take it out again."""
        if self.subject is not None:
            self.act(self._archive(self.subject))

    async def _archive(self, conversation: Conversation) -> None:
        archived = not conversation.archived
        await ask(self._stage.engine.set_archived, conversation.key, archived=archived)
        self.say(chat_words.ARCHIVED if archived else chat_words.UNARCHIVED)

    def action_mark_unread(self) -> None:
        """Come back to the chat later; or have all of it read."""
        if self.subject is not None:
            self.act(self._mark_unread(self.subject))

    async def _mark_unread(self, conversation: Conversation) -> None:
        engine, key = self._stage.engine, conversation.key
        if conversation.marked_unread or conversation.unread_count:
            await ask(engine.mark_read, key)
        else:
            await ask(engine.mark_unread, key)
            self.say(chat_words.COME_BACK)

    def action_show_archived(self) -> None:
        """Show the chats that were put away, or the others again."""
        self._chats.toggle_archived()
        self.show_chats()

    def action_next_unread(self) -> None:
        """Open the next chat with something new."""
        here = self.conversation.key if self.conversation is not None else None
        found = self._chats.next_unread(here)
        if found is None:
            self.say(chat_words.NOTHING_NEW)
        else:
            self.open_conversation(found.key)

    # ---- what is shared -------------------------------------------------------------------------

    def action_send_contact(self) -> None:
        """Send somebody's address."""
        if self.conversation is not None:
            self.act(self._send_contact(self.conversation))

    async def _send_contact(self, conversation: Conversation) -> None:
        dialog = dialogs.PickDialog(
            self._chats,
            chat_words.SEND_CARD_TITLE,
            chat_words.SEND_CARD_PLACEHOLDER,
            without=conversation.key,
        )
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            await ask(self._stage.engine.send_contact, conversation.key, contact=chosen)

    def action_send_place(self) -> None:
        """Send a place, or a live one."""
        if self.conversation is not None:
            self.act(self._send_place(self.conversation))

    async def _send_place(self, conversation: Conversation) -> None:
        choices = [
            chat_words.live_for(duration(each)) if each else chat_words.PLACE_STAYS
            for each in dialogs.LIVE_S
        ]
        dialog = dialogs.PlaceDialog(chat_words.PLACE_TITLE, chat_words.PLACE_TEXT, choices)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None and (place := chosen.place) is not None:
            await ask(
                self._stage.engine.send_location,
                conversation.key,
                latitude=place.latitude,
                longitude=place.longitude,
                accuracy_m=place.accuracy_m,
                label=place.label,
                live_s=dialogs.LIVE_S[chosen.choice],
            )
            self._stage.whereabouts.here = (place.latitude, place.longitude)
            self.redraw()

    def action_where_i_am(self) -> None:
        """Say where one is, to see how far places are; it is told nobody, and not kept."""
        self.act(self._where_i_am())

    async def _where_i_am(self) -> None:
        title, sentence = chat_words.HERE_TITLE, chat_words.HERE_TEXT
        chosen = await self.app.push_screen_wait(
            dialogs.PlaceDialog(title, sentence, [chat_words.HERE_CHOICE])
        )
        if chosen is not None and (place := chosen.place) is not None:
            self._stage.whereabouts.here = (place.latitude, place.longitude)
            self.redraw()

    def redraw(self) -> None:
        """Lay everything out anew: whoever inherits does."""
        raise NotImplementedError

    # ---- what is pinned -------------------------------------------------------------------------

    def action_pinned(self) -> None:
        """The pinned messages of the open conversation; one chosen is shown in its place."""
        if self.conversation is not None:
            self.act(self._show_pinned(self.conversation))

    async def _show_pinned(self, conversation: Conversation) -> None:
        messages = await ask(self._stage.engine.pinned, conversation.key)
        if not messages:
            self.say(chat_words.NO_PINS)
            return
        choices = [(message.id, self._excerpt(message)) for message in messages]
        dialog = dialogs.ChoiceDialog(chat_words.PINNED_TITLE, "", choices, chosen=messages[-1].id)
        chosen = await self.app.push_screen_wait(dialog)
        found = next((message for message in messages if message.id == chosen), None)
        if found is not None:
            self.jump_to(found)

    def _excerpt(self, message: Message) -> str:
        name = words.YOU if message.sender.is_me else clean_line(message.sender.name)
        card = message.card.name if message.card is not None else ""
        place = f"{words.PLACE} {message.location.label}" if message.location is not None else ""
        body = clean_line(message.body or place or card)
        return shorten(f"{name}: {body}", EXCERPT_CELLS, ellipsis=self._stage.glyphs.ellipsis)
