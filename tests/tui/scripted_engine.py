"""An engine in memory: the same methods, views and errors, and no relay behind it.

What people do is written as a script (`person`, `hear`, `advance`, `go`); what the user does comes
through the Engine protocol. Rule: it behaves as its protocol promises, so that whatever works with
it works with an engine that has a relay. Spec: restante/client/interface/.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import trio
from msgspec.structs import replace

from restante.client.interface import (
    ConnectionPhase,
    Conversation,
    ConversationChanged,
    Message,
    MessageState,
    Quoted,
    Reacted,
    Received,
    Resync,
    Status,
    StatusChanged,
    TraceLine,
    Trust,
    Why,
)
from restante.errors import ExitCode, UserError
from tests.tui.scripted_chats import ScriptedChats
from tests.tui.scripted_contacts import ScriptedContacts
from tests.tui.scripted_core import ScriptedCore
from tests.tui.scripted_devices import ScriptedDevices
from tests.tui.scripted_files import ScriptedFiles
from tests.tui.scripted_groups import ScriptedGroups
from tests.tui.scripted_keeping import ScriptedKeeping
from tests.tui.scripted_parts import NOW, Stream, rfc3339
from tests.tui.scripted_threads import ScriptedThreads


class ScriptedEngine(
    ScriptedContacts,
    ScriptedGroups,
    ScriptedThreads,
    ScriptedChats,
    ScriptedDevices,
    ScriptedFiles,
    ScriptedKeeping,
):
    """One profile, in memory."""

    def __init__(
        self,
        *,
        address: str | None = "alice@relay.example",
        now: Callable[[], datetime] = lambda: NOW,
    ) -> None:
        ScriptedCore.__init__(self, address=address, now=now)
        ScriptedDevices.__init__(self)
        self.thread_drafts = {}

    # ---- the script -------------------------------------------------------------------------

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
        self.require_key()
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
        if text == "self":
            return "self"
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
        return replace(person.messages[index], position=index)

    async def cancel(self, message_id: str) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        if person.messages[index].state not in {"queued", "awaiting acceptance"}:
            raise UserError("It is too late to take this message back: it is on its way.")
        return self._put(person, index, state=MessageState.FAILED, error="You took it back.")

    async def retry(self, message_id: str) -> Message:
        await trio.lowlevel.checkpoint()
        person, index = self._find(message_id)
        return self._put(person, index, state=MessageState.QUEUED, error=None)

    async def edit(self, message_id: str, text: str) -> Message:
        await trio.lowlevel.checkpoint()
        self._refuse()
        person, index = self._find(message_id)
        before = person.messages[index].body
        self.earlier.setdefault(message_id, []).append(before)
        edited_at = rfc3339(self._now())
        return self._put(person, index, body=text, edited=True, edited_at=edited_at)

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

    async def why(self, message_id: str) -> Why:
        message = await self.message(message_id)
        line = TraceLine(
            at=message.sent_at, event="relayed", device="ab" * 16, detail="kept a while"
        )
        return Why(message=message, lines=[line], says="There is nothing to do.")

    async def mark_read(self, conversation: str, *, up_to: str | None = None) -> None:
        await trio.lowlevel.checkpoint()
        person = self.people[conversation]
        person.is_marked = False
        up_to = up_to or person.messages[-1].id
        self.marked_read.append(up_to)
        with suppress(ValueError):
            place = [message.id for message in person.messages].index(up_to)
            seen = {message.id for message in person.messages[: place + 1]}
            person.unread = [unread for unread in person.unread if unread not in seen]
        self._tell(ConversationChanged(conversation=self._conversation(person)))

    async def consume(self, consumer: str, *, limit: int = 256) -> list[Received]:
        raise NotImplementedError("the interface never consumes")

    async def acknowledge(self, consumer: str, *, cursor: int) -> None:
        raise NotImplementedError("the interface never consumes")

    async def synchronise(self, *, timeout_s: float) -> bool:
        await trio.lowlevel.checkpoint()
        return self.phase is ConnectionPhase.CONNECTED

    async def flush(self, *, timeout_s: float) -> bool:
        return await self.synchronise(timeout_s=timeout_s)

    async def retry_now(self) -> None:
        await trio.lowlevel.checkpoint()
        self.retries += 1

    def subscribe(self) -> Stream:
        return Stream(self.streams)

    # ---- inside -----------------------------------------------------------------------------
