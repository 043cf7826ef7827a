"""The scripted engine's part about threads and mentions.

Rule: as the engine does it: an answer changes the message that its thread begins with.
"""

from __future__ import annotations

from typing import Any

import trio
from msgspec.structs import replace

from restante.client.interface import Conversation, MentionReason, Message, Quoted, Thread
from restante.errors import UserError
from tests.tui.scripted_chats import ScriptedChats
from tests.tui.scripted_parts import Person


class ScriptedThreads(ScriptedChats):
    """What leads to a message by its quotes, and what names the user."""

    thread_drafts: dict[str, str]

    def hear(self, key: str, body: str, **more: Any) -> Message:
        message = super().hear(key, body, **more)
        if message.quote is not None:
            person, _ = self._find(message.id)
            first = self._first(person, message.id)
            found = next((at for at, m in enumerate(person.messages) if m.id == first), None)
            if found is not None:
                self._put(person, found, answers=len(self._answers(person, first)))
        return message

    def answered(self, to: Message, body: str, **more: Any) -> Message:
        """Let an answer arrive."""
        quote = Quoted(message=to.id, excerpt=to.body)
        return self.hear(to.conversation, body, quote=quote, **more)

    def mention(self, message: Message, *reasons: MentionReason) -> Message:
        """Let a message that came name the user, or answer them."""
        person, index = self._find(message.id)
        return self._put(person, index, mentions_me=list(reasons))

    async def mentions(
        self, *, unread: bool, past: str | None = None, limit: int = 50
    ) -> list[Message]:
        await trio.lowlevel.checkpoint()
        found = [
            replace(message, position=at)
            for person in self.people.values()
            for at, message in enumerate(person.messages)
            if message.mentions_me and (message.id in person.unread) is unread
        ]
        found.sort(key=lambda each: (each.sent_at, each.id), reverse=True)
        if past is not None:
            ids = [each.id for each in found]
            found = found[ids.index(past) + 1 :] if past in ids else []
        return found[:limit]

    async def thread(self, message_id: str, *, start: int = 0, count: int = 512) -> Thread:
        await trio.lowlevel.checkpoint()
        person = next(
            (
                each
                for each in self.people.values()
                for m in each.messages
                if message_id in {m.id, m.quote.message if m.quote else ""}
            ),
            None,
        )
        if person is None:
            raise UserError("There is no message with this id.")
        first = self._first(person, message_id)
        begins = [m for m in person.messages if m.id == first]
        found = [*begins, *self._answers(person, first)]
        return Thread(
            conversation=person.key,
            first=first,
            is_whole=bool(begins),
            count=len(found),
            messages=found[start : start + count],
            draft=self.thread_drafts.get(first, ""),
        )

    async def set_draft(
        self, conversation: str, text: str, *, thread: str | None = None
    ) -> Conversation:
        if thread is None:
            return await super().set_draft(conversation, text)
        self.thread_drafts[thread] = text
        return await self._choose(conversation)

    def _first(self, person: Person, message_id: str) -> str:
        by_id = {each.id: each for each in person.messages}
        while (here := by_id.get(message_id)) is not None and here.quote is not None:
            message_id = here.quote.message
        return message_id

    def _answers(self, person: Person, first: str) -> list[Message]:
        return [
            each
            for each in person.messages
            if each.id != first and self._first(person, each.id) == first
        ]
