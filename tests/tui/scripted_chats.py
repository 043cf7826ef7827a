"""The scripted engine's part about conversations as the user keeps them, and what is shared there.

Rule: as the engine does it: each choice is told as a changed conversation.
"""

from __future__ import annotations

from datetime import timedelta

import trio
from msgspec.structs import replace

from restante.client.interface import (
    Card,
    Contact,
    Conversation,
    ConversationChanged,
    HistoryState,
    Message,
    MessageState,
    Place,
    Poll,
    PollOption,
    Scheduled,
    StatusChanged,
    Version,
)
from restante.client.tui.matches import Matches
from restante.errors import UserError
from tests.tui.scripted_core import ScriptedCore
from tests.tui.scripted_parts import rfc3339


class ScriptedChats(ScriptedCore):
    """What the user chose for a conversation, and for all."""

    async def set_draft(self, conversation: str, text: str) -> Conversation:
        return await self._choose(conversation, draft=text)

    async def set_timer(self, conversation: str, *, timer_s: int) -> Conversation:
        return await self._choose(conversation, timer_s=timer_s)

    async def set_muted(self, conversation: str, *, until: str | None) -> Conversation:
        return await self._choose(conversation, muted_until=until)

    async def set_alerts(self, conversation: str, *, level: str) -> Conversation:
        return await self._choose(conversation, alerts=level)

    async def set_chat_pinned(self, conversation: str, *, pinned: bool) -> Conversation:
        return await self._choose(conversation, is_pinned=pinned)

    async def set_archived(self, conversation: str, *, archived: bool) -> Conversation:
        return await self._choose(conversation, is_archived=archived)

    async def mark_unread(self, conversation: str) -> Conversation:
        return await self._choose(conversation, is_marked=True)

    async def history_state(self) -> HistoryState:
        await trio.lowlevel.checkpoint()
        return HistoryState(
            state="incomplete" if self.history == "incomplete" else "whole",
            lost_parts=2,
            lost_entries=0,
            error="2 parts of your history were lost: they expired." if self.history else None,
        )

    async def history_ask(self, *, device: str | None = None) -> HistoryState:
        return await self._settle_history(f"asked {device}")

    async def history_dismiss(self) -> HistoryState:
        return await self._settle_history("dismissed")

    async def _settle_history(self, what: str) -> HistoryState:
        self.history_log.append(what)
        self.history = None
        self._tell(StatusChanged(status=self._status()))
        return await self.history_state()

    async def settings(self, conversation: str | None = None) -> dict[str, str]:
        await trio.lowlevel.checkpoint()
        if conversation is not None:
            return {"files": self.fetched.get(conversation, "usual")}
        return dict(self.chosen)

    async def set_setting(
        self, name: str, value: str, *, conversation: str | None = None
    ) -> dict[str, str]:
        await trio.lowlevel.checkpoint()
        self._refuse()
        if conversation is not None:
            self.fetched[conversation] = value
            return await self.settings(conversation)
        if name not in self.chosen:
            raise UserError("There is no such setting.")
        self.chosen[name] = value
        return dict(self.chosen)

    async def typing(self, conversation: str, *, is_typing: bool) -> None:
        await trio.lowlevel.checkpoint()
        self.typed.append((conversation, is_typing))

    async def edits(self, message_id: str) -> list[Version]:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        message = person.messages[index]
        earlier = self.earlier.get(message_id, [])
        return [
            *(Version(body=body, at=message.sent_at) for body in earlier),
            Version(body=message.body, at=message.edited_at or message.sent_at),
        ]

    async def schedule(
        self,
        conversation: str,
        text: str,
        *,
        at: str,
        quote: str | None = None,
        message_id: str | None = None,
    ) -> Scheduled:
        await trio.lowlevel.checkpoint()
        number = f"{next(self._numbers):032x}"
        kept = Scheduled(id=number, conversation=conversation, at=at, text=text, error=None)
        self.later.append(kept)
        return kept

    async def scheduled(self) -> list[Scheduled]:
        await trio.lowlevel.checkpoint()
        if self.address is None:
            raise UserError("There is no account yet.")
        return sorted(self.later, key=lambda each: each.at)

    async def unschedule(self, message_id: str) -> None:
        await trio.lowlevel.checkpoint()
        self.later = [each for each in self.later if each.id != message_id]

    async def search(
        self,
        words: str = "",
        *,
        conversation: str | None = None,
        sender: str | None = None,
        since: str | None = None,
        before: str | None = None,
        type: str | None = None,  # noqa: A002  # as the engine
        past: str | None = None,
        limit: int = 50,
    ) -> list[Message]:
        await trio.lowlevel.checkpoint()
        matches = Matches(words)
        wanted = {"location", "contact", "text"} if type is None else {type}
        found = []
        for person in self.people.values():
            for position, each in enumerate(person.messages):
                spans = {each.body[slice(*span)].casefold() for span in matches.spans(each.body)}
                author = "self" if each.sender.is_me else person.key
                if (
                    len(spans) >= len(set(words.split()))
                    and conversation in {None, person.key}
                    and sender in {None, author}
                    and (since is None or each.sent_at >= since)
                    and (before is None or each.sent_at < before)
                    and ("http" in each.body if type == "link" else each.kind in wanted)
                ):
                    found.append(replace(each, position=position))
        found.sort(key=lambda each: each.sent_at, reverse=True)
        ids = [each.id for each in found]
        start = ids.index(past) + 1 if past in ids else 0
        return found[start : start + limit]

    async def position_at(self, conversation: str, *, at: str) -> int:
        await trio.lowlevel.checkpoint()
        return sum(each.sent_at < at for each in self.people[conversation].messages)

    async def pinned(self, conversation: str) -> list[Message]:
        await trio.lowlevel.checkpoint()
        messages = self.people[conversation].messages
        return [replace(each, position=at) for at, each in enumerate(messages) if each.pinned]

    async def send_location(
        self,
        conversation: str,
        *,
        latitude: float,
        longitude: float,
        accuracy_m: int | None = None,
        label: str = "",
        live_s: int = 0,
        message_id: str | None = None,
    ) -> Message:
        await trio.lowlevel.checkpoint()
        self._refuse()
        now = self._now()
        place = Place(
            latitude=latitude,
            longitude=longitude,
            accuracy_m=accuracy_m,
            label=label,
            at=rfc3339(now),
            live_until=rfc3339(now + timedelta(seconds=live_s)) if live_s else None,
        )
        message = self.hear(
            conversation, label, is_me=True, kind="location", state=MessageState.RELAYED
        )
        person, index = self._find(message.id)
        return self._put(person, index, location=place)

    async def move_location(
        self,
        message_id: str,
        *,
        latitude: float,
        longitude: float,
        accuracy_m: int | None = None,
        ends: bool = False,
    ) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        before = person.messages[index].location
        if before is None:
            raise UserError("This is no live location, or it is over. Send a new one.")
        now = rfc3339(self._now())
        place = replace(
            before,
            latitude=latitude,
            longitude=longitude,
            accuracy_m=accuracy_m,
            at=now,
            live_until=now if ends else before.live_until,
        )
        return self._put(person, index, location=place, edited=True)

    async def forward(
        self,
        conversation: str,
        *,
        source: str,
        stays: bool = False,
        message_id: str | None = None,
    ) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(source)
        before = person.messages[index]
        assert stays or not before.timer_s
        return self.hear(conversation, before.body, is_me=True, state=MessageState.RELAYED)

    async def send_poll(
        self,
        conversation: str,
        *,
        question: str,
        options: list[str],
        multiple: bool = False,
        closes_at: str | None = None,
        message_id: str | None = None,
    ) -> Message:
        await trio.lowlevel.checkpoint()
        self._refuse()
        poll = Poll(
            question=question,
            options=[PollOption(text=each, count=0, names=[], is_mine=False) for each in options],
            multiple=multiple,
            voters=0,
            closes_at=closes_at,
            closed_at=None,
        )
        message = self.hear(
            conversation, question, is_me=True, kind="poll", state=MessageState.RELAYED
        )
        person, index = self._find(message.id)
        return self._put(person, index, poll=poll)

    async def vote(self, message_id: str, choices: list[int]) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        poll = person.messages[index].poll
        assert poll is not None
        options = [
            replace(
                each,
                count=each.count - each.is_mine + (number in choices),
                is_mine=number in choices,
            )
            for number, each in enumerate(poll.options, 1)
        ]
        had_voted = any(each.is_mine for each in poll.options)
        voters = poll.voters - had_voted + bool(choices)
        return self._put(person, index, poll=replace(poll, options=options, voters=voters))

    async def close_poll(self, message_id: str) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        poll = person.messages[index].poll
        assert poll is not None
        return self._put(person, index, poll=replace(poll, closed_at=rfc3339(self._now())))

    async def send_contact(
        self, conversation: str, *, contact: str, message_id: str | None = None
    ) -> Message:
        await trio.lowlevel.checkpoint()
        named = self.people[contact]
        message = self.hear(
            conversation, named.name, is_me=True, kind="contact", state=MessageState.RELAYED
        )
        card = Card(name=named.name, address=named.address, conversation=named.key)
        person, index = self._find(message.id)
        return self._put(person, index, card=card)

    async def add_card(self, message_id: str, *, petname: str | None = None) -> Contact:
        person, index = self._find(message_id)
        card = person.messages[index].card
        assert card is not None
        return await self.contact_add(card.address, petname=petname)

    async def contact_add(self, code_or_address: str, *, petname: str | None = None) -> Contact:
        raise NotImplementedError

    async def _choose(self, key: str, **changes: object) -> Conversation:
        await trio.lowlevel.checkpoint()
        person = self.people[key]
        for name, value in changes.items():
            setattr(person, name, value)
        line = self._conversation(person)
        self._tell(ConversationChanged(conversation=line))
        return line
