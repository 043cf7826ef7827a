"""An engine in memory: the same methods, views and errors, and no relay behind it.

What people do is written as a script (`person`, `hear`, `advance`, `go`); what the user does comes
through the Engine protocol. Rule: it behaves as its protocol promises, so that whatever works with
it works with an engine that has a relay. Spec: restante/client/interface/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
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
    Reacted,
    Received,
    RecoveryKit,
    Resync,
    SafetyNumber,
    Sender,
    Status,
    StatusChanged,
    TraceLine,
    Trust,
    Why,
)
from restante.errors import ExitCode, UserError
from tests.tui.scripted_devices import ScriptedDevices
from tests.tui.scripted_parts import NOW, Person, Stream, rfc3339

MY_CODE = "restante:c" + "k3Jx8vQpLm2ZtR7aWcYd5nBf" + "0HsGuE1q" + "alice@relay.example"

Kind = Literal["text", "gap", "undecryptable", "unknown", "notice"]


class ScriptedEngine(ScriptedDevices):
    """One profile, in memory. `tick` is what the clock moves by with every message."""

    def __init__(
        self,
        *,
        address: str | None = "alice@relay.example",
        now: Callable[[], datetime] = lambda: NOW,
    ) -> None:
        super().__init__()
        self.typed: list[tuple[str, bool]] = []
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
        self.reads: list[tuple[int, int]] = []
        """Every window of messages that was asked for."""
        self.marked_read: list[str] = []
        self.retries = 0
        self._now = now
        self._numbers: Iterator[int] = iter(range(1, 1 << 40))

    # ---- the script -------------------------------------------------------------------------

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

    def advance(self, message_id: str, state: MessageState, *, error: str | None = None) -> Message:
        """Let a message come further."""
        person, index = self._find(message_id)
        return self._put(person, index, state=state, error=error)

    def change_trust(self, key: str, trust: Trust) -> None:
        """Let a contact's key change, or be verified elsewhere."""
        self.people[key].trust = trust
        self._tell(ConversationChanged(conversation=self._conversation(self.people[key])))

    def go(self, phase: ConnectionPhase, *, error: str | None = None) -> None:
        """Let the connection come or go; what waits is relayed when it comes."""
        self.phase, self.error = phase, error
        if phase is ConnectionPhase.CONNECTED:
            self._flush()
        self._tell(StatusChanged(status=self._status()))

    # ---- the engine -------------------------------------------------------------------------

    async def status(self) -> Status:
        await trio.lowlevel.checkpoint()
        return self._status()

    async def register(self, *, address: str, invite: str | None) -> Status:
        await trio.lowlevel.checkpoint()
        self._refuse()
        if address.startswith("taken@"):
            raise UserError("That name is taken at this relay. Choose another.")
        self.address = address
        self.go(ConnectionPhase.CONNECTED)
        return self._status()

    async def conversations(self) -> list[Conversation]:
        await trio.lowlevel.checkpoint()
        lines = [self._conversation(person) for person in self.people.values()]
        return sorted(lines, key=lambda c: c.last.sent_at if c.last else "", reverse=True)

    async def resolve(self, text: str) -> str:
        await trio.lowlevel.checkpoint()
        for person in self.people.values():
            if text in {person.key, person.address, person.petname}:
                return person.key
        raise UserError(f"No conversation is called {text!r}.")

    async def messages(self, conversation: str, *, start: int, count: int) -> list[Message]:
        await trio.lowlevel.checkpoint()
        if count > 512:
            raise ValueError("at most 512 messages in a window")
        self.reads.append((start, count))
        window = self.people[conversation].messages[start : start + count]
        return [replace(message, position=start + n) for n, message in enumerate(window)]

    async def send(
        self,
        conversation: str,
        text: str,
        *,
        quote: str | None = None,
        message_id: str | None = None,
    ) -> Message:
        await trio.lowlevel.checkpoint()
        person = self.people[conversation]
        if not text.strip():
            raise UserError("The message is empty.")
        if len(text.encode()) > 60_000:
            raise UserError("The message is longer than 60,000 bytes. Split it.")
        if person.trust is Trust.CHANGED:
            raise UserError("Their key has changed.", exit_code=ExitCode.UNTRUSTED)
        quoted = None
        if quote is not None:
            quoted = Quoted(message=quote, excerpt=(await self.message(quote)).body)
        message = self.hear(conversation, text, is_me=True, state=MessageState.QUEUED, quote=quoted)
        self._tell(StatusChanged(status=self._status()))
        if self.phase is ConnectionPhase.CONNECTED and self.relays_at_once:
            self._flush()
        return message

    async def message(self, message_id: str) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        return person.messages[index]

    async def cancel(self, message_id: str) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        return self._put(person, index, kind="notice", body="Message discarded.")

    async def retry(self, message_id: str) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        return self._put(person, index, state=MessageState.QUEUED, error=None)

    async def edit(self, message_id: str, text: str) -> Message:
        await trio.lowlevel.checkpoint()
        self._refuse()
        person, index = self._find(message_id)
        return self._put(person, index, body=text, edited=True)

    async def delete(self, message_id: str, *, for_everyone: bool) -> None:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        if for_everyone:
            self._put(person, index, kind="deleted", body="")
        else:
            person.messages.pop(index)
            self._tell(Resync())

    async def react(self, message_id: str, emoji: str) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        mine = [Reacted(emoji=emoji, count=1, names=[], is_mine=True)] if emoji else []
        return self._put(person, index, reactions=mine)

    async def pin(self, message_id: str, *, pinned: bool) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        return self._put(person, index, pinned=pinned)

    async def recovery_kit(self) -> RecoveryKit:
        await trio.lowlevel.checkpoint()
        if self.recovery != "unconfirmed":
            raise UserError("The kit was confirmed; the words are on your paper.")
        kit = [f"word{number}" for number in range(1, 25)]
        return RecoveryKit(address=self.address or "", words=kit)

    async def recovery_challenge(self) -> list[int]:
        await trio.lowlevel.checkpoint()
        return [3, 11, 20]

    async def recovery_confirm(self, words: list[str]) -> Status:
        await trio.lowlevel.checkpoint()
        if words != ["word3", "word11", "word20"]:
            raise UserError("Those are not the words. Look at your paper again.")
        self.recovery = "confirmed"
        self._tell(StatusChanged(status=self._status()))
        return self._status()

    async def set_draft(self, conversation: str, text: str) -> Conversation:
        await trio.lowlevel.checkpoint()
        self.people[conversation].draft = text
        line = self._conversation(self.people[conversation])
        self._tell(ConversationChanged(conversation=line))
        return line

    async def why(self, message_id: str) -> Why:
        message = await self.message(message_id)
        line = TraceLine(
            at=message.sent_at, event="relayed", device="ab" * 16, detail="kept a while"
        )
        return Why(message=message, lines=[line], says="There is nothing to do.")

    async def set_timer(self, conversation: str, *, timer_s: int) -> Conversation:
        await trio.lowlevel.checkpoint()
        self.people[conversation].timer_s = timer_s
        line = self._conversation(self.people[conversation])
        self._tell(ConversationChanged(conversation=line))
        return line

    async def typing(self, conversation: str, *, is_typing: bool) -> None:
        await trio.lowlevel.checkpoint()
        self.typed.append((conversation, is_typing))

    async def add_card(self, message_id: str, *, petname: str | None = None) -> Contact:
        person, index = self._find(message_id)
        card = person.messages[index].card
        assert card is not None
        return await self.contact_add(card.address, petname=petname)

    async def mark_read(self, conversation: str, *, up_to: str) -> None:
        await trio.lowlevel.checkpoint()
        person = self.people[conversation]
        self.marked_read.append(up_to)
        with suppress(ValueError):
            place = [message.id for message in person.messages].index(up_to)
            seen = {message.id for message in person.messages[: place + 1]}
            person.unread = [unread for unread in person.unread if unread not in seen]
        self._tell(ConversationChanged(conversation=self._conversation(person)))

    async def contact_code(self) -> str:
        await trio.lowlevel.checkpoint()
        return MY_CODE

    async def contact_add(self, code_or_address: str, *, petname: str | None = None) -> Contact:
        await trio.lowlevel.checkpoint()
        self._refuse()
        address = self.known.get(code_or_address.strip())
        if address is None:
            raise UserError("Nobody is known there. Check the address, or ask for a code.")
        is_code = code_or_address.startswith("restante:")
        trust = Trust.VERIFIED if is_code else Trust.UNVERIFIED
        key = self.person(address, petname, trust=trust)
        return self._contact(self.people[key])

    async def contacts(self) -> list[Contact]:
        await trio.lowlevel.checkpoint()
        return [self._contact(person) for person in self.people.values()]

    async def contact_accept(self, conversation: str) -> Contact:
        person = self.people[conversation]
        trust = Trust.UNVERIFIED if person.trust is Trust.CHANGED else person.trust
        return await self._settle(conversation, state=ContactState.ACCEPTED, trust=trust)

    async def accept_key(self, conversation: str) -> Contact:
        return await self.contact_accept(conversation)

    async def compare_safety_number(self, conversation: str, digits: str) -> Contact:
        number = await self.safety_number(conversation)
        if digits != number.payload:
            raise UserError("That is not the number.", exit_code=ExitCode.UNTRUSTED)
        return await self.set_verified(conversation, verified=True)

    async def contact_block(self, conversation: str) -> Contact:
        return await self._settle(conversation, state=ContactState.BLOCKED)

    async def contact_rename(self, conversation: str, petname: str) -> Contact:
        return await self._settle(conversation, petname=petname or None)

    async def safety_number(self, conversation: str) -> SafetyNumber:
        await trio.lowlevel.checkpoint()
        person = self.people[conversation]
        digits = " ".join(f"{12345 + 4703 * group:05}" for group in range(12))
        return SafetyNumber(
            digits=digits,
            trust=person.trust,
            peer=person.name,
            payload=digits.replace(" ", ""),
        )

    async def set_verified(self, conversation: str, *, verified: bool) -> Contact:
        trust = Trust.VERIFIED if verified else Trust.UNVERIFIED
        return await self._settle(conversation, trust=trust)

    async def consume(self, consumer: str, *, limit: int = 256) -> list[Received]:
        raise NotImplementedError("the interface never consumes")

    async def acknowledge(self, consumer: str, *, cursor: int) -> None:
        raise NotImplementedError("the interface never consumes")

    async def synchronise(self, *, timeout_s: float) -> bool:
        await trio.lowlevel.checkpoint()
        return self.phase is ConnectionPhase.CONNECTED

    async def retry_now(self) -> None:
        await trio.lowlevel.checkpoint()
        self.retries += 1

    def subscribe(self) -> Stream:
        return Stream(self.streams)

    # ---- inside -----------------------------------------------------------------------------

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
        first_unread = None
        if person.unread:
            wanted = set(person.unread)
            tail = max(0, count - 512)
            first_unread = next(
                (tail + n for n, m in enumerate(person.messages[tail:]) if m.id in wanted), None
            )
        return Conversation(
            key=person.key,
            title=person.name,
            address=person.address,
            trust=person.trust,
            contact=person.state,
            message_count=count,
            unread_count=len(person.unread),
            first_unread=first_unread,
            last=replace(person.messages[-1], position=count - 1) if count else None,
            timer_s=person.timer_s,
            is_online=person.is_online,
            draft=person.draft,
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
