"""Commands about messages, as lines: answered, changed, taken back, sent later, saved.

Rule: as in chat_commands.py; a path is the user's own, read as a shell would read `~`.
Spec: docs/plain.md, section 3.
"""

from __future__ import annotations

from typing import Final

from restante.client.hearing import heard
from restante.client.interface import FileState, Message, MessageState
from restante.client.plain import plain_words
from restante.client.plain.asking import Asking
from restante.client.plain.lines import SPOKEN, indented, shortened
from restante.client.tui import chat_words, file_words, forward_words, later_words, words
from restante.client.tui.clean import clean, clean_line
from restante.client.tui.dates import moment_to_come
from restante.client.tui.markup import links_of
from restante.client.tui.places import TypedPlace, read_place
from restante.client.tui.times import local, spell_when, until_words
from restante.client.tui.typed_path import whole
from restante.errors import UserError

_FAILED: Final = frozenset({MessageState.FAILED, MessageState.EXPIRED})
_UNSENT: Final = frozenset({MessageState.QUEUED, MessageState.AWAITING_ACCEPTANCE})


class MessageCommands(Asking):
    """Each is called with what stood after its name."""

    # ---- what was said --------------------------------------------------------------------------

    async def do_reply(self, rest: str) -> None:
        """Answer a message."""
        message, text = await self.message(rest, _is_said, how=plain_words.REPLY_HOW)
        await self.talk.send(text, quote=message.id)

    async def do_edit(self, rest: str) -> None:
        """Change what a text of yours says."""
        message, text = await self.message(rest, _is_my_text, how=plain_words.EDIT_HOW)
        async with self.talk.turn:
            self.talk.sent(await self.engine.edit(message.id, text))
        await self.say(plain_words.SENT_EDIT)

    async def do_react(self, rest: str) -> None:
        """Put an emoji on a message."""
        message, emoji = await self.message(rest, _is_said, how=plain_words.REACT_HOW)
        mine = next((each.emoji for each in message.reactions if each.is_mine), "")
        await self.engine.react(message.id, "" if emoji == mine else emoji)

    async def do_pin(self, rest: str) -> None:
        """Pin a message, or take that back."""
        message, _ = await self.message(rest, _is_said)
        await self.engine.pin(message.id, pinned=not message.pinned)
        await self.say(plain_words.UNPINNED if message.pinned else plain_words.PINNED)

    async def do_forward(self, rest: str) -> None:
        """Say a message again in other chats."""
        message, who = await self.message(rest, _can_forward, how=plain_words.FORWARD_HOW)
        names = [each.strip() for each in who.split(",") if each.strip()]
        keys = [await self.engine.resolve(each) for each in names]
        if message.timer_s and not await self.confirm(forward_words.DISAPPEARS):
            return
        for key in keys:
            await self.engine.forward(key, source=message.id, stays=bool(message.timer_s))
        await self.say(forward_words.forwarded(len(keys)))

    async def do_delete(self, rest: str) -> None:
        """Delete a message."""
        message, _ = await self.message(rest, lambda each: each.kind != "deleted")
        if message.sender.is_me and _is_said(message):
            answer = (await self.ask(plain_words.DELETE_ASK)).casefold()
            is_wanted, for_everyone = answer in _FOR, answer == plain_words.EVERYONE
        else:
            is_wanted, for_everyone = await self.confirm(words.DELETE_FOR_ME_TEXT), False
        if is_wanted:
            await self.engine.delete(message.id, for_everyone=for_everyone)
            await self.say(words.DELETED)
        else:
            await self.say(plain_words.NOT_DELETED)

    async def do_versions(self, rest: str) -> None:
        """What an edited message said before."""
        message, _ = await self.message(rest, lambda each: each.edited and each.location is None)
        for version in await self.engine.edits(message.id):
            when = until_words(version.at, self.talk.zone, now=self.talk.now())
            await self.say(indented(f"{when}: {clean(version.body)}"))

    async def do_why_message(self, rest: str) -> None:
        """What became of a message."""
        message, _ = await self.message(rest, lambda each: each.sender.is_me or bool(rest))
        told = await self.engine.why(message.id)
        for line in told.lines:
            parts = [f"{local(line.at, self.talk.zone):%H:%M:%S}", line.event]
            parts += [words.device(line.device[:8])] if line.device else []
            parts += [clean_line(line.detail)] if line.detail else []
            await self.say(" ".join(parts))
        await self.say(clean_line(heard(told.says)))

    async def do_open(self, rest: str) -> None:
        """Where a message leads: its links, whom it names, what it answers."""
        message, _ = await self.message(rest, _leads_somewhere)
        if (card := message.card) is not None:
            key = card.conversation or (await self.engine.add_card(message.id)).key
            await self.talk.open_chat(key)
        elif links := links_of(message):
            for link in links:
                await self.say(f"{clean_line(link.url)} {clean_line(link.says)}")
        elif message.quote is not None:
            quoted = await self.engine.message(message.quote.message)
            await self.talk.read_from(quoted.position, 1)

    # ---- what didn't go -------------------------------------------------------------------------

    async def do_retry_message(self, rest: str) -> None:
        """Send what failed again."""
        message, _ = await self.message(rest, _has_failed)
        await self.engine.retry(message.id)

    async def do_discard_message(self, rest: str) -> None:
        """Drop what failed."""
        message, _ = await self.message(rest, _has_failed)
        await self.engine.delete(message.id, for_everyone=False)
        await self.say(words.DISCARDED)

    async def do_take_back(self, rest: str) -> None:
        """Take back what has not gone out."""
        message, _ = await self.message(
            rest, lambda each: each.sender.is_me and each.state in _UNSENT
        )
        await self.engine.cancel(message.id)
        await self.engine.delete(message.id, for_everyone=False)
        await self.say(indented(f"{plain_words.TAKEN_BACK} {clean(message.body)}"))

    async def do_send_later(self, rest: str) -> None:
        """Send a text at a time."""
        chat = self.chat()
        if not rest:
            raise UserError(plain_words.LATER_HOW)
        moment = moment_to_come(rest, self.talk.now(), self.talk.zone)
        if moment is None:
            raise UserError(later_words.NO_MOMENT)
        when = self._when(spell_when(moment))
        text = await self.ask(f"{later_words.goes_at(when)} {plain_words.LATER_WHAT}")
        if not text:
            await self.say(plain_words.LATER_LEFT)
            return
        await self.engine.schedule(chat.key, text, at=spell_when(moment))
        await self.say(later_words.goes_at(when))

    async def do_scheduled(self, rest: str) -> None:
        """What waits for its time."""
        waiting = await self.engine.scheduled()
        if not waiting:
            await self.say(plain_words.LATER_LEFT)
            return
        for number, each in enumerate(waiting, 1):
            chat = self.talk.chats.get(each.conversation)
            name = clean_line(chat.title) if chat is not None else ""
            said = [self._when(each.at), name, shortened(each.text)]
            await self.say(f"{number} {', '.join(filter(None, said))}")
        answer = await self.ask(plain_words.TAKE_BACK_WHICH)
        if answer.isdecimal() and 0 < int(answer) <= len(waiting):
            chosen = waiting[int(answer) - 1]
            await self.engine.unschedule(chosen.id)
            await self.say(indented(f"{plain_words.TAKEN_BACK} {clean(chosen.text)}"))

    def _when(self, rfc3339: str) -> str:
        return until_words(rfc3339, self.talk.zone, now=self.talk.now())

    # ---- files, places, contacts ----------------------------------------------------------------

    async def do_send_file(self, rest: str) -> None:
        """Send a file."""
        chat = self.chat()
        if not rest:
            raise UserError(plain_words.FILE_HOW)
        async with self.talk.turn:
            self.talk.sent(await self.engine.send_file(chat.key, path=whole(rest)))
        await self.say(file_words.SENDING)

    async def do_save_file(self, rest: str) -> None:
        """Save a file, or fetch it first, or fetch it no more."""
        message, directory = await self.message(rest, lambda each: each.file is not None)
        file = message.file
        if file is None:
            return
        if file.state in {FileState.HERE, FileState.SENDING}:
            path = await self.engine.file_save(
                message.id, directory=whole(directory or "."), unpacks=file.role == "folder"
            )
            await self.say(file_words.saved(path))
        elif file.state is FileState.FETCHING:
            await self.engine.file_stop(message.id)
            await self.say(plain_words.FETCH_STOPPED)
        else:
            self.talk.sent(await self.engine.file_fetch(message.id))
            await self.say(plain_words.FETCHING)

    async def do_send_contact(self, rest: str) -> None:
        """Send somebody's address."""
        chat = self.chat()
        if not rest:
            raise UserError(plain_words.CARD_HOW)
        whom = await self.engine.resolve(rest)
        async with self.talk.turn:
            self.talk.sent(await self.engine.send_contact(chat.key, contact=whom))

    async def do_send_place(self, rest: str) -> None:
        """Send a place."""
        chat, place = self.chat(), _place(rest)
        async with self.talk.turn:
            self.talk.sent(
                await self.engine.send_location(
                    chat.key,
                    latitude=place.latitude,
                    longitude=place.longitude,
                    accuracy_m=place.accuracy_m,
                    label=place.label,
                )
            )

    async def do_move_place(self, rest: str) -> None:
        """Move a live place of yours, or share it no longer."""
        message, where = await self.message(rest, self._is_live, how=plain_words.MOVE_HOW)
        before, ends = message.location, where == plain_words.STOP
        if before is None:
            return
        at = before if ends else _place(where)
        await self.engine.move_location(
            message.id,
            latitude=at.latitude,
            longitude=at.longitude,
            accuracy_m=at.accuracy_m,
            ends=ends,
        )
        if ends:
            await self.say(chat_words.STOPPED_LIVE)

    def _is_live(self, message: Message) -> bool:
        place = message.location
        return (
            message.sender.is_me
            and place is not None
            and place.live_until is not None
            and local(place.live_until, self.talk.zone) > self.talk.now()
        )


_FOR: Final = frozenset({plain_words.EVERYONE, plain_words.ME})


def _is_said(message: Message) -> bool:
    return message.kind in SPOKEN


def _is_my_text(message: Message) -> bool:
    return message.sender.is_me and message.kind == "text"


def _can_forward(message: Message) -> bool:
    return message.kind in forward_words.FORWARDED


def _has_failed(message: Message) -> bool:
    return message.sender.is_me and message.state in _FAILED


def _leads_somewhere(message: Message) -> bool:
    return bool(message.card is not None or message.quote is not None or links_of(message))


def _place(text: str) -> TypedPlace:
    place = read_place(text)
    if place is None:
        raise UserError(plain_words.PLACE_HOW)
    return place
