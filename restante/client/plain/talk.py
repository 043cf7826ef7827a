"""One sitting at the lines: the open chat, what was read out of it, and what is told by itself.

Rule: what is told by itself is one sentence, and never a text of a chat that isn't open. What was
read out in the open chat counts as read, as what is seen on the screen does. Spec: docs/plain.md,
section 2.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Final

import trio
from msgspec.structs import replace

from restante.client.hearing import heard
from restante.client.interface import (
    ConnectionPhase,
    ContactState,
    Conversation,
    ConversationChanged,
    Engine,
    Event,
    FileState,
    Locked,
    Message,
    MessageAdded,
    MessageChanged,
    MessageState,
    Resync,
    Status,
    StatusChanged,
    Trust,
)
from restante.client.plain import plain_words
from restante.client.plain.lines import body, day_of, indented, line_of, said_of, shortened
from restante.client.plain.streams import Voice
from restante.client.tui import contact_words, words
from restante.client.tui.alerts import Alerts
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.entry_parts import duration
from restante.client.tui.glyphs import ASCII
from restante.client.tui.page import Page
from restante.errors import RestanteError, UserError

PAGE: Final = 20
PATIENCE_S: Final = 2.0
CALM_S: Final = 5.0
"""What is new elsewhere is told no oftener."""

MAX_REMEMBERED: Final = 512
"""Messages whose changes are told: the latest that were read out."""

_SAID_STATES: Final = frozenset({MessageState.DELIVERED, MessageState.READ})
_FAILED: Final = frozenset({MessageState.FAILED, MessageState.EXPIRED})


class Talk:
    """What the commands and the events share."""

    def __init__(
        self,
        engine: Engine,
        voice: Voice,
        nursery: trio.Nursery,
        *,
        now: Callable[[], datetime],
        zone: tzinfo | None,
        patience_s: float = PATIENCE_S,
        calm_s: float = CALM_S,
    ) -> None:
        self.engine = engine
        self.now, self.zone = now, zone
        self.chats = Chats(now)
        self.key: str | None = None
        """Of the open chat."""
        self.listed: list[str] = []
        """The chats that were listed last, by number from 1."""
        self.numbers: dict[int, str] = {}
        """Ids of the messages that were read out with a number."""
        self.turn = trio.Lock()
        """Held while something is sent, so that its own echo isn't told."""
        self._voice, self._nursery = voice, nursery
        self._patience_s, self._calm_s = patience_s, calm_s
        self._alerts = Alerts()
        self._is_calm = False
        self._first = self._next = 0
        """Which positions of the open chat were read out."""
        self._day = ""
        self._told: OrderedDict[str, Message] = OrderedDict()
        self._status: Status | None = None
        self._is_away_said = False

    async def say(self, text: str) -> None:
        """Say something."""
        if text:
            await self._voice.say(text)

    @property
    def page(self) -> Page:
        """What a text is laid out for: nothing is, but it has a clock."""
        return Page(width=80, glyphs=ASCII, zone=self.zone, now=self.now())

    @property
    def open(self) -> Conversation | None:
        """The open chat."""
        return self.chats.get(self.key)

    def is_muted(self, conversation: Conversation) -> bool:
        """Whether a chat is to be quiet now."""
        return self.chats.is_muted(conversation)

    # ---- reading --------------------------------------------------------------------------------

    async def reload(self) -> None:
        """Read what there is: at the start, and after something was missed."""
        self._take_status(await self.engine.status())
        self.chats.replace(await self.engine.conversations())
        self._alerts.listen_for((await self.engine.settings()).get("keywords", ""))
        self._alerts.look(self.chats.every(), self._calls, is_away=False)

    async def know(self, key: str) -> None:
        """Have a chat among the others, even before its event comes."""
        if self.chats.get(key) is None:
            self.chats.replace(await self.engine.conversations())

    async def open_chat(self, key: str) -> None:
        """Open a chat and read out what is new in it."""
        await self.know(key)
        conversation = self.chats.get(key)
        if conversation is None:
            return
        self.key, self._day = key, ""
        self.numbers.clear()
        title = clean_line(conversation.title)
        said = said_of(conversation, is_muted=self.is_muted(conversation))
        await self.say(plain_words.opened(title, said))
        if conversation.contact is ContactState.REQUEST:
            await self.say(plain_words.answer_request(title))
        if conversation.trust is Trust.CHANGED:
            await self.say(plain_words.key_changed(title))
        end = conversation.message_count
        unread = conversation.first_unread if conversation.unread_count else None
        start = end if unread is None else max(unread, end - PAGE)
        self._first = self._next = start
        if start:
            await self.say(plain_words.earlier(start))
        if start < end:
            await self.say(plain_words.new_messages(end - start))
            await self.read_out(start, end - start)
        if conversation.draft:
            await self.say(indented(f"{words.DRAFT} {clean_line(conversation.draft)}"))

    async def read_out(self, start: int, count: int, *, is_numbered: bool = False) -> int:
        """Read out messages of the open chat; return how many there were."""
        if self.key is None:
            return 0
        found = await self.engine.messages(self.key, start=start, count=count)
        for message in found:
            await self._read(message, is_numbered=is_numbered)
        if found:
            self._first = min(self._first, start)
            self._next = max(self._next, start + len(found))
            conversation = self.open
            if conversation is not None and (
                conversation.unread_count or conversation.marked_unread
            ):
                await self._mark_read(found[-1])
        return len(found)

    async def read_earlier(self, count: int) -> None:
        """Read out what stands before what was read out."""
        end = self._first
        if not end:
            await self.say(plain_words.NO_EARLIER)
            return
        self._day = ""
        await self.read_out(max(0, end - count), min(count, end), is_numbered=True)

    async def read_from(self, position: int, count: int = PAGE) -> None:
        """Read out what stands from a position on."""
        self._day = ""
        self._first = self._next = position
        if not await self.read_out(position, count, is_numbered=True):
            await self.say(plain_words.NO_LATER)

    async def read_later(self, count: int) -> None:
        """Read out what stands after what was read out."""
        if not await self.read_out(self._next, count, is_numbered=True):
            await self.say(plain_words.NO_LATER)

    async def _read(self, message: Message, *, is_numbered: bool = False) -> None:
        day = day_of(message, self.page)
        if day != self._day:
            self._day = day
            await self.say(day + ".")
        if is_numbered:
            self.numbers[message.position + 1] = message.id
        self._remember(message)
        await self.say(line_of(message, self.page, is_numbered=is_numbered))

    def _remember(self, message: Message) -> None:
        self._told[message.id] = message
        self._told.move_to_end(message.id)
        if len(self._told) > MAX_REMEMBERED:
            self._told.popitem(last=False)

    async def _mark_read(self, message: Message) -> None:
        conversation = self.open
        if conversation is not None and conversation.contact in {
            ContactState.ACCEPTED,
            ContactState.PENDING,
        }:
            await self.engine.mark_read(conversation.key, up_to=message.id)

    # ---- sending --------------------------------------------------------------------------------

    async def send(self, text: str, *, quote: str | None = None) -> None:
        """Send a text to the open chat."""
        if self.key is None:
            raise UserError(plain_words.NONE_OPEN)
        async with self.turn:
            self.sent(await self.engine.send(self.key, text, quote=quote))

    def sent(self, message: Message) -> None:
        """Take note of what was sent from here: it isn't read out, only how far it comes."""
        self._remember(message)

    # ---- what the engine says -------------------------------------------------------------------

    async def take(self, event: Event) -> None:
        """Tell what an event is worth telling of."""
        match event:
            case StatusChanged():
                self._take_status(event.status)
                await self._say_connection()
            case ConversationChanged():
                await self._take_conversation(event.conversation)
            case MessageAdded():
                await self._take_new(event.message)
            case MessageChanged():
                await self._take_changed(event.message)
            case Locked():
                self.key, self.listed = None, []
                self.numbers.clear()
                self._told.clear()
                self.chats = Chats(self.now)
                await self.say(plain_words.LOCKED)
            case Resync():
                await self._read_anew()
            case _:
                pass

    async def _read_anew(self) -> None:
        was_empty = not len(self.chats)
        try:
            await self.reload()
        except RestanteError:
            return  # locked again, or gone: that is told by itself
        if was_empty:
            await self.say(plain_words.UNLOCKED)
        elif (conversation := self.open) is not None and self._next < conversation.message_count:
            await self.read_out(self._next, min(PAGE, conversation.message_count - self._next))

    def _take_status(self, status: Status) -> None:
        self._status = status

    async def _say_connection(self) -> None:
        status = self._status
        if status is None or status.phase is ConnectionPhase.CONNECTED:
            if self._is_away_said:
                self._is_away_said = False
                await self.say(plain_words.CONNECTED)
        elif not self._is_away_said:
            self._nursery.start_soon(self._say_away_soon, status.since)

    async def _say_away_soon(self, since: str) -> None:
        await trio.sleep(self._patience_s)
        status = self._status
        if (
            status is not None
            and status.phase in {ConnectionPhase.OFFLINE, ConnectionPhase.STOPPED}
            and not self._is_away_said
        ):
            self._is_away_said = True
            await self.say(words.offline(status.outbox_count, heard(status.error or "") or None))

    async def _take_conversation(self, conversation: Conversation) -> None:
        was = self.chats.get(conversation.key)
        self.chats.update(conversation)
        if conversation.key == self.key and was is not None:
            title = clean_line(conversation.title)
            if was.trust is not conversation.trust:
                if conversation.trust is Trust.CHANGED:
                    await self.say(plain_words.key_changed(title))
                elif conversation.trust is Trust.VERIFIED:
                    await self.say(contact_words.marked_verified(title))
                else:
                    await self.say(contact_words.marked_unverified(title))
            if was.contact is not conversation.contact:
                state = contact_words.CONTACT_STATE[conversation.contact]
                await self.say(f"{title}: {state}." if state else contact_words.accepted(title))
            if was.timer_s != conversation.timer_s:
                await self.say(plain_words.stays(duration(conversation.timer_s)))
        self._alerts.look(self.chats.every(), self._calls, is_away=True)
        await self._say_news()

    def _calls(self, conversation: Conversation) -> bool:
        return conversation.key != self.key and self.chats.may_call(conversation)

    async def _say_news(self) -> None:
        if self._is_calm or not self._alerts.has_news:
            return
        self._is_calm = True
        self._nursery.start_soon(self._be_calm)
        await self.say(self._alerts.take("sender") + ".")

    async def _be_calm(self) -> None:
        await trio.sleep(self._calm_s)
        self._is_calm = False
        await self._say_news()

    async def _take_new(self, message: Message) -> None:
        self._alerts.hear(message)
        if message.conversation != self.key:
            return
        async with self.turn:
            is_known = message.id in self._told
        self._first += message.position < self._first
        self._next = self._next + 1 if message.position <= self._next else self._next
        if not is_known:
            await self._read(message)
            if not message.sender.is_me:
                await self._mark_read(message)

    async def _take_changed(self, message: Message) -> None:
        before = self._told.get(message.id)
        if before is None or message.conversation != self.key:
            return
        self._remember(message)
        if before.state is not message.state and message.sender.is_me:
            await self._say_state(message)
        name = words.YOU if message.sender.is_me else clean_line(message.sender.name)
        if message.kind == "deleted":
            if before.kind != "deleted":
                await self.say(plain_words.was_deleted(name))
        elif message.edited and message.body != before.body and message.location is None:
            await self.say(indented(plain_words.changed(name, body(message, self.page))))
        if message.reactions != before.reactions:
            await self.say(line_of(replace(message, quote=None), self.page))
        was_here = before.file is not None and before.file.state is FileState.HERE
        if message.file is not None and message.file.state is FileState.HERE and not was_here:
            await self.say(body(message, self.page))

    async def _say_state(self, message: Message) -> None:
        is_last = all(
            each.position <= message.position for each in self._told.values() if each.sender.is_me
        )
        excerpt = "" if is_last else shortened(message.body)
        if message.state in _FAILED:
            await self.say(plain_words.not_sent(clean_line(heard(message.error or ""))))
        elif message.state in _SAID_STATES:
            await self.say(plain_words.state(words.STATE[message.state], excerpt))

    def news(self) -> str:
        """Return how much is unread, in how many chats."""
        unread = [
            each.unread_count
            for each in self.chats.every()
            if each.unread_count and self.chats.may_call(each)
        ]
        return plain_words.unread_chats(sum(unread), len(unread))
