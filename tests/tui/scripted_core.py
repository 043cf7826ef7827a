"""What the scripted engine knows, and how it shows and tells it. Its parts build on this."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Literal

import trio
from msgspec.structs import replace

from restante.client.interface import (
    ConnectionPhase,
    Contact,
    ContactState,
    Conversation,
    ConversationChanged,
    Event,
    Message,
    MessageAdded,
    MessageChanged,
    MessageState,
    Quoted,
    Scheduled,
    Sender,
    Status,
    Trust,
)
from restante.errors import UserError
from tests.tui.scripted_parts import NOW, Person, Stream, rfc3339

Kind = Literal["text", "gap", "undecryptable", "unknown", "notice", "location", "contact"]


class ScriptedCore:
    """People, what was said, and who watches."""

    def __init__(
        self,
        *,
        address: str | None = "alice@relay.example",
        now: Callable[[], datetime] = lambda: NOW,
    ) -> None:
        self.typed: list[tuple[str, bool]] = []
        self.begun_anew: list[str] = []
        self.recovery: Literal["unconfirmed", "confirmed"] | None = None
        self.address = address
        self.people: dict[str, Person] = {}
        self.streams: list[Stream] = []
        self.phase = ConnectionPhase.CONNECTED
        self.error: str | None = None
        self.relays_at_once = True
        self.refuses: UserError | None = None
        """Raised by the next call that goes to the relay."""
        self.known: dict[str, str] = {}
        """Codes and addresses that can be looked up, and who is found there."""
        self.heard_from: list[tuple[float, float]] = []
        """How fast, and from which second on, voice notes were decoded."""
        self.reads: list[tuple[int, int]] = []
        """Every window of messages that was asked for."""
        self.marked_read: list[str] = []
        self.retries = 0
        self.later: list[Scheduled] = []
        self.history: Literal["coming", "incomplete"] | None = None
        self.history_log: list[str] = []
        self.chosen = {"receipts": "on", "typing": "off", "presence": "off", "files": "on"}
        self.fetched: dict[str, str] = {}
        self.chosen["keywords"] = ""
        self.earlier: dict[str, list[str]] = {}
        """What an edited message said before, oldest first."""
        self._now = now
        self._numbers: Iterator[int] = iter(range(1, 1 << 40))

    def person(
        self,
        address: str,
        petname: str | None = None,
        *,
        trust: Trust = Trust.UNVERIFIED,
        state: ContactState = ContactState.ACCEPTED,
    ) -> str:
        """Let somebody be known, and return their conversation's key."""
        person = Person(address, petname=petname, trust=trust, state=state)
        self.people[person.key] = person
        self._tell(ConversationChanged(conversation=self._conversation(person)))
        return person.key

    def hear(
        self,
        key: str,
        body: str,
        *,
        ago: timedelta = timedelta(),
        at: int | None = None,
        kind: Kind = "text",
        is_me: bool = False,
        state: MessageState | None = None,
        is_read: bool = False,
        quote: Quoted | None = None,
        error: str | None = None,
    ) -> Message:
        """Let a message arrive (or, with `is_me`, have been sent), at the end or a position."""
        person = self.people[key]
        count = len(person.messages)
        position = count if at is None else at
        message = Message(
            id=f"{next(self._numbers):032x}",
            conversation=key,
            position=position,
            sender=self._me() if is_me else self._them(person),
            sent_at=rfc3339(self._now() - ago),
            received_at=None if is_me else rfc3339(self._now() - ago),
            body=body,
            kind=kind,
            state=state or MessageState.DELIVERED,
            quote=quote,
            error=error,
        )
        if not isinstance(person.messages, list):
            raise TypeError("a generated history takes no messages")
        person.messages.insert(position, message)
        if not is_me and not is_read and kind == "text":
            person.unread.append(message.id)
        self._tell(MessageAdded(message=message))
        self._tell(ConversationChanged(conversation=self._conversation(person)))
        return message

    def _tell(self, event: Event) -> None:
        for stream in self.streams:
            try:
                stream.sender.send_nowait(event)
            except trio.WouldBlock:
                stream.is_behind = True

    def _refuse(self) -> None:
        refusal, self.refuses = self.refuses, None
        if refusal is not None:
            raise refusal

    async def _settle(self, key: str, **changes: object) -> Contact:
        await trio.lowlevel.checkpoint()
        person = self.people[key]
        for name, value in changes.items():
            setattr(person, name, value)
        self._tell(ConversationChanged(conversation=self._conversation(person)))
        return self._contact(person)

    def _put(self, person: Person, index: int, **changes: object) -> Message:
        if not isinstance(person.messages, list):
            raise TypeError("a generated history doesn't change")
        message: Message = replace(person.messages[index], position=index, **changes)
        person.messages[index] = message
        self._tell(MessageChanged(message=message))
        self._tell(ConversationChanged(conversation=self._conversation(person)))
        return message

    def _flush(self) -> None:
        for person in self.people.values():
            for index, message in enumerate(person.messages[-8:]):
                if message.state is MessageState.QUEUED and message.sender.is_me:
                    at = max(0, len(person.messages) - 8) + index
                    self._put(person, at, state=MessageState.RELAYED)

    def _find(self, message_id: str) -> tuple[Person, int]:
        for person in self.people.values():
            for index, message in enumerate(person.messages):
                if message.id == message_id:
                    return person, index
        raise UserError("There is no such message.")

    def _status(self) -> Status:
        waiting = sum(
            message.state is MessageState.QUEUED
            for person in self.people.values()
            for message in person.messages[-64:]
        )
        return Status(
            profile="default",
            address=self.address,
            device="00" * 16 if self.address else None,
            phase=self.phase if self.address else ConnectionPhase.STOPPED,
            since=rfc3339(self._now()),
            retry_in_s=None,
            outbox_count=waiting,
            error=self.error,
            pid=1,
            recovery=self.recovery,
            history=self.history,
        )

    def _me(self) -> Sender:
        address = self.address or ""
        return Sender(address=address, device="00" * 16, verified=True, name=address, is_me=True)

    def _them(self, person: Person) -> Sender:
        return Sender(
            address=person.address,
            device="11" * 16,
            verified=person.trust is Trust.VERIFIED,
            name=person.name,
            is_me=False,
        )

    def _conversation(self, person: Person) -> Conversation:
        count = len(person.messages)
        first_unread, unread_mentions = None, 0
        if person.unread:
            wanted = set(person.unread)
            tail = max(0, count - 512)
            recent = person.messages[tail:]
            unread_mentions = sum(bool(m.mentions_me) and m.id in wanted for m in recent)
            first_unread = next((tail + n for n, m in enumerate(recent) if m.id in wanted), None)
        return Conversation(
            key=person.key,
            title=person.name,
            address=person.address,
            trust=person.trust,
            contact=person.state,
            message_count=count,
            unread_count=len(person.unread),
            unread_mentions=unread_mentions,
            first_unread=first_unread,
            last=replace(person.messages[-1], position=count - 1) if count else None,
            timer_s=person.timer_s,
            is_online=person.is_online,
            draft=person.draft,
            muted_until=person.muted_until,
            alerts=person.alerts,
            pinned=person.is_pinned,
            archived=person.is_archived,
            marked_unread=person.is_marked,
            is_self=person.state is ContactState.SELF,
            group=person.group,
        )

    def tell(self, event: Event) -> None:
        """Let anything be said."""
        self._tell(event)

    def show_online(self, key: str) -> None:
        """Let somebody be there."""
        self.people[key].is_online = True
        self._tell(ConversationChanged(conversation=self._conversation(self.people[key])))

    def _contact(self, person: Person) -> Contact:
        return Contact(
            key=person.key,
            address=person.address,
            petname=person.petname,
            trust=person.trust,
            state=person.state,
        )
