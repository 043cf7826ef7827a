"""The engine as everyone calls it: in process, or behind its socket.

Rule: a method added here is on the socket, with its parameters checked. Spec: docs/rpc.md.
"""

from __future__ import annotations

from typing import Protocol

from restante.client.interface.account import Accounting
from restante.client.interface.account_values import Status
from restante.client.interface.archiving import Archiving
from restante.client.interface.consuming import Consuming
from restante.client.interface.conversation_values import Contact, Conversation, SafetyNumber
from restante.client.interface.events import Event
from restante.client.interface.examining import Examining
from restante.client.interface.filing import Filing
from restante.client.interface.grouping import Grouping
from restante.client.interface.keeping import Keeping
from restante.client.interface.message_values import Message, Scheduled, Thread, Version, Why
from restante.client.interface.polling import Polling
from restante.client.interface.view import ConversationKey


class EventStream(Protocol):
    """A subscription; async iterator and async context manager. Bounded: see Resync."""

    def __aiter__(self) -> EventStream: ...
    async def __anext__(self) -> Event: ...
    async def __aenter__(self) -> EventStream: ...
    async def __aexit__(self, *exc: object) -> None: ...


class Engine(
    Accounting, Archiving, Consuming, Filing, Grouping, Keeping, Examining, Polling, Protocol
):
    """One profile's engine, in this process or behind its socket: the same methods.

    Every method may raise UserError (the sentence and exit code to show). Cancelling a call either
    has no effect or lets it finish; nothing is half done.
    """

    async def status(self) -> Status:
        """Return what the engine is doing."""

    async def conversations(self) -> list[Conversation]:
        """Return all conversations, the one with the newest message first; requests included."""

    async def resolve(self, text: str) -> ConversationKey:
        """Find a conversation by address, petname or key. UserError lists choices if ambiguous."""

    async def messages(
        self, conversation: ConversationKey, *, start: int, count: int
    ) -> list[Message]:
        """Return the messages at positions start .. start+count-1 (at most 512), oldest first."""

    async def search(
        self,
        words: str = "",
        *,
        conversation: ConversationKey | None = None,
        sender: ConversationKey | None = None,
        since: str | None = None,
        before: str | None = None,
        type: str | None = None,  # noqa: A002  # what the command line calls it
        past: str | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """Return the newest messages (at most 512) that have all the words, and are all the rest.

        The last word may be unfinished; accents and case don't matter. `sender`: the conversation
        with whoever wrote it (one's own: with oneself). Times are RFC 3339; `before` itself is
        left out. `type`: a message's kind, or `link`. `past`: older than this message, to go on.
        UserError: nothing to look for, no such type, no time.
        """

    async def mentions(
        self, *, unread: bool, past: str | None = None, limit: int = 50
    ) -> list[Message]:
        """Return what names the user or answers them (at most 512), of all chats, newest first.

        `unread`: what they haven't read, or else what they have. `past`: older than this message,
        to go on. What strangers wrote is in it once they are accepted.
        """

    async def thread(self, message_id: str, *, start: int = 0, count: int = 512) -> Thread:
        """Return the thread that a message is in: what its quotes lead to, and all answers to that.

        Of its messages those from `start` on, at most 512. UserError: there is no such message.
        """

    async def position_at(self, conversation: ConversationKey, *, at: str) -> int:
        """Return the position of the first message of a time (RFC 3339), or of the end."""

    async def send(
        self,
        conversation: ConversationKey,
        text: str,
        *,
        quote: str | None = None,
        message_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """Put a text in the outbox, durably, and return it as queued. Same id twice: one message.

        Under an `idempotency_key` (1 to 256 characters, known for 90 days) the same text is sent
        once, and the second call returns how it stands. UserError: empty, too long (names the
        limit), blocked, key changed, the idempotency key was used for another text.
        """

    async def schedule(
        self,
        conversation: ConversationKey,
        text: str,
        *,
        at: str,
        quote: str | None = None,
        message_id: str | None = None,
    ) -> Scheduled:
        """Keep a text, durably, and send it at a time (RFC 3339) if an engine runs then, or after.

        UserError: empty, too long, no time, in the past, more than a year ahead.
        """

    async def scheduled(self) -> list[Scheduled]:
        """Return the texts that wait for their time, the next one first."""

    async def unschedule(self, message_id: str) -> None:
        """Take back a text that waits for its time. UserError: there is none of this id."""

    async def message(self, message_id: str) -> Message:
        """Return one message as it stands now."""

    async def why(self, message_id: str) -> Why:
        """Tell what became of a message, device by device, and what that means."""

    async def edit(self, message_id: str, text: str) -> Message:
        """Change what a text of one's own says. UserError: not one's own, deleted, empty, long."""

    async def delete(self, message_id: str, *, for_everyone: bool) -> None:
        """Delete a message of one's own for everyone, or any for this account alone."""

    async def react(self, message_id: str, emoji: str) -> Message:
        """Put an emoji on a message, in the place of one's earlier one; empty takes that back."""

    async def pin(self, message_id: str, *, pinned: bool) -> Message:
        """Pin a message for everybody in the conversation, or take that back."""

    async def edits(self, message_id: str) -> list[Version]:
        """Return what a message has said, oldest first; the last is what it says now."""

    async def pinned(self, conversation: ConversationKey) -> list[Message]:
        """Return the pinned messages of a conversation, oldest first."""

    async def send_location(
        self,
        conversation: ConversationKey,
        *,
        latitude: float,
        longitude: float,
        accuracy_m: int | None = None,
        label: str = "",
        live_s: int = 0,
        message_id: str | None = None,
    ) -> Message:
        """Send a place, in degrees WGS 84; with `live_s` newer ones may follow for so long.

        UserError: no such place, or for longer than 8 hours.
        """

    async def forward(
        self,
        conversation: ConversationKey,
        *,
        source: str,
        stays: bool = False,
        message_id: str | None = None,
    ) -> Message:
        """Send what a message says to a conversation as one's own: no author, quote or mention.

        Same id twice: one message. `stays`: also one that disappears where it was said. UserError:
        it says nothing, was deleted, disappears; its file isn't here.
        """

    async def move_location(
        self,
        message_id: str,
        *,
        latitude: float,
        longitude: float,
        accuracy_m: int | None = None,
        ends: bool = False,
    ) -> Message:
        """Say where one is now, in a live location of one's own; with `ends` for the last time."""

    async def send_contact(
        self,
        conversation: ConversationKey,
        *,
        contact: ConversationKey,
        message_id: str | None = None,
    ) -> Message:
        """Send somebody's address, and which account must be found there."""

    async def add_card(self, message_id: str, *, petname: str | None = None) -> Contact:
        """Add whom a contact card names, if the account that it says is found at the address."""

    async def set_timer(self, conversation: ConversationKey, *, timer_s: int) -> Conversation:
        """Let new messages disappear so long after they were read; 0: they stay. For everybody.

        UserError: shorter than 5 seconds, or longer than a year.
        """

    async def set_muted(self, conversation: ConversationKey, *, until: str | None) -> Conversation:
        """Say nothing of a conversation until a time (RFC 3339); None: say it again."""

    async def set_alerts(self, conversation: ConversationKey, *, level: str) -> Conversation:
        """Say which messages of a conversation call, on all devices: all, mentions or none.

        `mentions`: those that name the user or hold one of their keywords (a setting).
        """

    async def set_chat_pinned(self, conversation: ConversationKey, *, pinned: bool) -> Conversation:
        """Keep a conversation at the top of the list, on all devices; or no longer."""

    async def set_archived(self, conversation: ConversationKey, *, archived: bool) -> Conversation:
        """Put a conversation away on all devices, or take it out again."""

    async def set_draft(
        self, conversation: ConversationKey, text: str, *, thread: str | None = None
    ) -> Conversation:
        """Keep what the user has begun to write, up to 16,000 bytes, for all devices.

        `thread`: in the thread that begins with this message.
        """

    async def settings(self, conversation: ConversationKey | None = None) -> dict[str, str]:
        """Return the account's settings, or those of a conversation.

        receipts, typing, presence: "on" or "off". files: "on" (what is small), "off", "pictures"
        (of that what is looked at or heard), "all"; of a conversation also "usual". keywords: words
        with commas between.
        """

    async def set_setting(
        self, name: str, value: str, *, conversation: ConversationKey | None = None
    ) -> dict[str, str]:
        """Change a setting on all devices, or in one conversation; return all that there are then.

        UserError lists what there is.
        """

    async def typing(self, conversation: ConversationKey, *, is_typing: bool) -> None:
        """Let the other side see that the user is typing, if the setting "typing" is on."""

    async def cancel(self, message_id: str) -> Message:
        """Take back a message that is still queued."""

    async def retry(self, message_id: str) -> Message:
        """Queue a failed or expired message again."""

    async def mark_read(self, conversation: ConversationKey, *, up_to: str | None = None) -> None:
        """Everything up to and including this message has been read by the user; None: all."""

    async def mark_unread(self, conversation: ConversationKey) -> Conversation:
        """Mark a conversation as unread, on all devices, until the user reads it again."""

    async def contact_code(self) -> str:
        """Return this account's contact code; publishes its record if that isn't done yet."""

    async def contact_add(self, code_or_address: str, *, petname: str | None = None) -> Contact:
        """Look a code or address up and keep the contact. A code's pin makes it verified."""

    async def contacts(self) -> list[Contact]:
        """Return all contacts, by name."""

    async def contact_accept(self, conversation: ConversationKey) -> Contact:
        """Accept a request: its messages are delivered, a token is sent."""

    async def contact_block(self, conversation: ConversationKey) -> Contact:
        """Block: nothing more is shown, the bucket's token is rotated, they can't tell."""

    async def contact_reset(self, conversation: ConversationKey) -> Contact:
        """Begin new sessions with all their devices: for when what comes can't be opened."""

    async def contact_rename(self, conversation: ConversationKey, petname: str) -> Contact:
        """Give a contact the user's own name; empty takes it back."""

    async def safety_number(
        self, conversation: ConversationKey, *, printed: bool = False
    ) -> SafetyNumber:
        """Return the number to compare with the other person.

        `printed`: it is what `set_verified` without digits is about, until another one is.
        """

    async def set_verified(
        self, conversation: ConversationKey, *, verified: bool, digits: str | None = None
    ) -> Contact:
        """Record that the numbers were compared. Of a changed key: the same ones accept it.

        `digits`: the number that the user was shown, to verify; without, the one last `printed`.
        UserError: theirs is another now, or none was.
        """

    async def compare_safety_number(self, conversation: ConversationKey, digits: str) -> Contact:
        """Compare with the digits that they show: the same verify them. UserError: they differ."""

    async def accept_key(self, conversation: ConversationKey) -> Contact:
        """Go on with a changed key; return the contact whom one writes to from now on."""

    async def synchronise(self, *, timeout_s: float) -> bool:
        """Connect, flush the outbox, take what waits at the relay; False if time ran out."""

    async def flush(self, *, timeout_s: float) -> bool:
        """Let what is due go out, also to one's other devices; False if time ran out."""

    async def retry_now(self) -> None:
        """Don't wait for the backoff: connect now."""

    def subscribe(self) -> EventStream:
        """Watch events from now on."""
