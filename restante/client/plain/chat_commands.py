"""Commands about chats and contacts, as lines.

Rule: they do what the screen's do, ask where that asks, and nothing that weakens security happens
on one line. Spec: docs/plain.md, section 3.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Final

from restante.client.commands.changes import seconds
from restante.client.interface import ContactState, Conversation, Message, Trust
from restante.client.plain import plain_words
from restante.client.plain.asking import Asking
from restante.client.plain.lines import day_of, in_list, indented, line_of
from restante.client.plain.talk import PAGE
from restante.client.tui import (
    chat_words,
    contact_words,
    search_words,
    thread_words,
    verify_words,
)
from restante.client.tui.asked import read_asked
from restante.client.tui.clean import clean_line
from restante.client.tui.dates import past_day
from restante.client.tui.entry_parts import duration
from restante.client.tui.times import FOR_EVER, spell_when, until_words
from restante.errors import UserError

FOUND: Final = 20


class ChatCommands(Asking):
    """Each is called with what stood after its name."""

    # ---- which chat -----------------------------------------------------------------------------

    async def do_chats(self, rest: str) -> None:
        """Your chats, by number."""
        await self._list([each for each in self.talk.chats.every() if not each.archived])

    async def do_show_archived(self, rest: str) -> None:
        """What was put away."""
        await self._list(self.talk.chats.archived(), none=plain_words.NO_ARCHIVED)

    async def _list(self, chats: list[Conversation], *, none: str = plain_words.NO_CHATS) -> None:
        self.talk.listed = [each.key for each in chats]
        if not chats:
            await self.say(none)
        for number, each in enumerate(chats, 1):
            said = in_list(each, is_muted=self.talk.is_muted(each))
            await self.say(plain_words.chat_line(number, clean_line(each.title), said))

    async def do_go_to(self, rest: str) -> None:
        """Open a chat, by its name, its address or its number."""
        if not rest:
            raise UserError(plain_words.GO_TO_WHOM)
        await self.talk.open_chat(await self._who(rest))

    async def _who(self, text: str) -> str:
        if not text.isdecimal():
            return await self.engine.resolve(text)
        number = int(text)
        if not 0 < number <= len(self.talk.listed):
            raise UserError(plain_words.no_such_chat(text))
        return self.talk.listed[number - 1]

    async def do_next_unread(self, rest: str) -> None:
        """Open the next chat with something new."""
        found = self.talk.chats.next_unread(self.talk.key)
        if found is None:
            await self.say(chat_words.NOTHING_NEW)
        else:
            await self.talk.open_chat(found.key)

    async def do_new_chat(self, rest: str) -> None:
        """Begin a chat with a code or an address."""
        if not rest:
            raise UserError(plain_words.NEW_WHOM)
        contact = await self.engine.contact_add(rest)
        await self.talk.open_chat(contact.key)

    # ---- what was said --------------------------------------------------------------------------

    async def do_history(self, rest: str) -> None:
        """What was said before."""
        self.chat()
        await self.talk.read_earlier(_count(rest))

    async def do_more(self, rest: str) -> None:
        """What came after that."""
        self.chat()
        await self.talk.read_later(_count(rest))

    async def do_latest(self, rest: str) -> None:
        """The end of the conversation."""
        count = self.chat().message_count
        if not count:
            await self.say(plain_words.NOTHING_HERE)
        else:
            await self.talk.read_from(max(0, count - PAGE))

    async def do_go_to_date(self, rest: str) -> None:
        """The first messages of a day."""
        chat = self.chat()
        if not rest:
            raise UserError(plain_words.DATE_HOW)
        day = past_day(rest, self.talk.now(), self.talk.zone)
        if day is None:
            raise UserError(search_words.no_day(clean_line(rest)))
        position = await self.engine.position_at(chat.key, at=spell_when(day))
        await self.talk.read_from(min(position, max(0, chat.message_count - 1)))

    async def do_find(self, rest: str) -> None:
        """Find words in the open chat."""
        if not rest:
            raise UserError(plain_words.FIND_HOW)
        found = await self._search(rest, self.chat().key)
        self.talk.numbers.update({each.position + 1: each.id for each in found})
        for each in reversed(found):
            await self.say(self._dated(each, is_numbered=True))

    async def do_search_all(self, rest: str) -> None:
        """Find words in all chats."""
        if not rest:
            raise UserError(plain_words.SEARCH_HOW)
        for each in reversed(await self._search(rest, None)):
            chat = self.talk.chats.get(each.conversation)
            where = clean_line(chat.title) if chat is not None else ""
            await self.say(f"{where}: {self._dated(each, is_numbered=False)}")

    async def do_mentions(self, rest: str) -> None:
        """What names one or answers one; what is unread is said last."""
        unread = await self.engine.mentions(unread=True, limit=FOUND)
        read = await self.engine.mentions(unread=False, limit=max(0, FOUND - len(unread)) or 1)
        found = [*unread, *read][:FOUND]
        for each in reversed(found):
            chat = self.talk.chats.get(each.conversation)
            where = clean_line(chat.title) if chat is not None else ""
            await self.say(f"{where}: {self._dated(each, is_numbered=False)}")
        said = thread_words.mentions_found(len(unread))
        await self.say(said if found else thread_words.NO_MENTIONS)

    async def do_thread(self, rest: str) -> None:
        """What a message's quotes lead to, and the answers to that."""
        message, _ = await self.message(rest, lambda each: bool(each.answers or each.quote))
        thread = await self.engine.thread(message.id, count=0)
        first = max(0, thread.count - FOUND)
        thread = await self.engine.thread(message.id, start=first)
        if not thread.is_whole:
            await self.say(thread_words.NOT_HERE)
        self.talk.numbers.update({each.position + 1: each.id for each in thread.messages})
        for each in thread.messages:
            await self.say(self._dated(each, is_numbered=True))

    async def _search(self, typed: str, here: str | None) -> list[Message]:
        talk = self.talk
        asked = read_asked(typed, talk.chats.every(), now=talk.now(), zone=talk.zone)
        if asked.fault is not None:
            raise UserError(asked.fault)
        wanted = dict(asked.wanted)
        if here is not None:
            wanted["conversation"] = here
        if "sender" in wanted:
            wanted["sender"] = await self.engine.resolve(wanted["sender"])
        found = await self.engine.search(asked.words, **wanted, limit=FOUND)
        await self.say(
            search_words.found(len(found), is_more=len(found) == FOUND)
            if found
            else plain_words.NO_MATCH
        )
        return found

    def _dated(self, message: Message, *, is_numbered: bool) -> str:
        page = self.talk.page
        return f"{day_of(message, page)}, {line_of(message, page, is_numbered=is_numbered)}"

    async def do_pinned(self, rest: str) -> None:
        """What is pinned here."""
        found = await self.engine.pinned(self.chat().key)
        if not found:
            await self.say(chat_words.NO_PINS)
        self.talk.numbers.update({each.position + 1: each.id for each in found})
        for each in found:
            await self.say(self._dated(each, is_numbered=True))

    # ---- how it is kept -------------------------------------------------------------------------

    async def do_mute(self, rest: str) -> None:
        """Say nothing of the chat for a while, or say it again."""
        chat, until = self.chat(), FOR_EVER
        if rest == "off":
            await self.engine.set_muted(chat.key, until=None)
            await self.say(chat_words.UNMUTED)
            return
        if rest:
            moment = self.talk.now().astimezone(UTC) + timedelta(seconds=seconds(rest))
            until = spell_when(moment)
        await self.engine.set_muted(chat.key, until=until)
        when = until_words(until, self.talk.zone, now=self.talk.now())
        name = clean_line(chat.title)
        await self.say(chat_words.muted(name, when) if rest else plain_words.MUTED_FOR_EVER)

    async def do_alerts(self, rest: str) -> None:
        """What of the chat calls."""
        chat = self.chat()
        if rest not in chat_words.ALERTS:
            raise UserError(plain_words.one_of(list(chat_words.ALERTS)))
        await self.engine.set_alerts(chat.key, level=rest)
        await self.say(f"{chat_words.ALERTS[rest]}.")

    async def do_pin_chat(self, rest: str) -> None:
        """Keep the chat first in the list, or no longer."""
        chat = self.chat()
        await self.engine.set_chat_pinned(chat.key, pinned=not chat.pinned)
        await self.say(chat_words.UNPINNED_CHAT if chat.pinned else chat_words.PINNED_CHAT)

    async def do_archive(self, rest: str) -> None:
        """Put the chat away, or take it out again."""
        chat = self.chat()
        await self.engine.set_archived(chat.key, archived=not chat.archived)
        await self.say(chat_words.UNARCHIVED if chat.archived else plain_words.ARCHIVED)

    async def do_mark_unread(self, rest: str) -> None:
        """Come back to the chat later."""
        await self.engine.mark_unread(self.chat().key)
        await self.say(chat_words.COME_BACK)

    async def do_timer(self, rest: str) -> None:
        """How long messages of this chat stay."""
        chat = self.chat()
        if not rest:
            await self.say(plain_words.stays(duration(chat.timer_s)))
            raise UserError(plain_words.TIMER_HOW)
        await self.engine.set_timer(chat.key, timer_s=seconds(rest))

    async def do_rename(self, rest: str) -> None:
        """Give the contact a name of your own."""
        if not rest:
            raise UserError(plain_words.RENAME_HOW)
        chat = self.chat()
        if chat.group is not None:
            await self.engine.group_set(chat.key, name=rest)
            return
        contact = await self.engine.contact_rename(chat.key, rest)
        await self.say(contact_words.now_called(clean_line(contact.petname or contact.address)))

    # ---- who it is ------------------------------------------------------------------------------

    async def do_verify(self, rest: str) -> None:
        """Compare the safety number."""
        chat = self.chat()
        if chat.group is not None:
            raise UserError(plain_words.elsewhere("/members"))
        number = await self.engine.safety_number(chat.key)
        name = clean_line(chat.title)
        await self.say(verify_words.safety_text(name))
        for row in _rows(number.digits):
            await self.say(row)
        if number.trust is Trust.VERIFIED:
            if await self.ask(plain_words.VERIFY_BACK) == plain_words.BACK:
                await self.engine.set_verified(chat.key, verified=False)
            return
        answer = (await self.ask(plain_words.VERIFY_HOW)).casefold()
        if answer == plain_words.SAME:
            # What was read, not what is so by now: the key may have changed meanwhile.
            digits = number.payload or number.digits
            await self.engine.set_verified(chat.key, verified=True, digits=digits)
        elif answer == plain_words.DIFFER:
            await self.say(indented(verify_words.safety_differs(name)))
        elif answer:
            await self.engine.compare_safety_number(chat.key, answer)
        else:
            await self.say(plain_words.UNDECIDED)

    async def do_accept(self, rest: str) -> None:
        """Accept a request, somebody who was blocked, or a new key."""
        chat = self.chat()
        name = clean_line(chat.title)
        if chat.trust is Trust.CHANGED:
            if await self.ask(contact_words.accept_key(name)) != contact_words.ACCEPT_KEY_WORD:
                await self.say(plain_words.UNDECIDED)
                return
            contact = await self.engine.accept_key(chat.key)
        elif chat.contact is ContactState.REQUEST and chat.group is not None:
            await self.engine.group_accept(chat.key)
            return
        elif chat.contact in {ContactState.REQUEST, ContactState.BLOCKED}:
            contact = await self.engine.contact_accept(chat.key)
        else:
            raise UserError(plain_words.ACCEPT_NOTHING)
        if contact.key != chat.key:
            await self.talk.open_chat(contact.key)

    async def do_block(self, rest: str) -> None:
        """Block the contact."""
        chat = self.chat()
        if chat.group is not None:
            raise UserError(plain_words.elsewhere("/leave"))
        name = clean_line(chat.title)
        if await self.confirm(contact_words.block(name)):
            await self.engine.contact_block(chat.key)
            await self.say(contact_words.was_blocked(name))

    async def do_begin_anew(self, rest: str) -> None:
        """Begin new sessions."""
        chat = self.chat()
        name = clean_line(chat.title)
        if await self.confirm(contact_words.anew(name)):
            await self.engine.contact_reset(chat.key)
            await self.say(contact_words.has_begun_anew(name))

    async def do_why(self, rest: str) -> None:
        """What a changed key means."""
        await self.say(indented(contact_words.KEY_CHANGED_WHY))

    async def do_my_code(self, rest: str) -> None:
        """Your own code."""
        await self.say(contact_words.MY_CODE_TEXT)
        await self.say(await self.engine.contact_code())


def _count(rest: str) -> int:
    return max(1, min(int(rest), 512)) if rest.isdecimal() else PAGE


def _rows(digits: str) -> list[str]:
    groups = digits.split()
    return [" ".join(groups[at : at + 4]) for at in range(0, len(groups), 4)]
