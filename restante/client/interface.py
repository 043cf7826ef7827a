"""What everyone sees of the engine: the TUI in process, commands and scripts over its socket.

Values are frozen and made of plain types, so that the same schema is the JSON of the command line
and of JSON-RPC. Rule: fields are only ever added. Knows no key, no SQL, no socket, no Textual.
Spec: docs/engine.md and docs/cli-json.schema.json.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Protocol

from msgspec import Struct

ConversationKey = str
"""Names a conversation inside one profile: stable, opaque, safe in a shell word."""


class MessageState(StrEnum):
    """How far a message of ours has come; for one of theirs, `delivered` or `read`."""

    QUEUED = "queued"
    AWAITING_ACCEPTANCE = "awaiting acceptance"
    RELAYED = "relayed"
    DELIVERED = "delivered"
    READ = "read"
    EXPIRED = "expired"
    FAILED = "failed"


class Trust(StrEnum):
    """What is known of a contact's root key."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    CHANGED = "changed"


class ContactState(StrEnum):
    """Where a contact stands with us."""

    ACCEPTED = "accepted"
    REQUEST = "request"
    """They wrote first and wait for accept or block."""
    PENDING = "pending"
    """We wrote first; they have not answered yet."""
    BLOCKED = "blocked"
    SELF = "self"
    """Oneself: the conversation is "Note to self"."""
    LEFT = "left"
    """They have deleted their account."""


class ConnectionPhase(StrEnum):
    """The engine's way to its relay."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    STOPPED = "stopped"


class LinkState(StrEnum):
    """How far the linking of a device has come."""

    WAITING = "waiting"
    """The new device shows its code; nobody has followed it yet."""
    COMPARE = "compare"
    """The new device shows six digits, which are to be typed on the old one."""
    LINKED = "linked"
    FAILED = "failed"
    """`error` says why. The code is worth nothing any more."""


class View(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of all that is shown."""


class Sender(View, frozen=True):
    """Who a message is from. `name` is the petname, else the address."""

    address: str
    device: str
    verified: bool
    name: str
    is_me: bool


class Quoted(View, frozen=True):
    """What a message answers."""

    message: str
    excerpt: str


class Reacted(View, frozen=True):
    """One emoji that people have put on a message. `names` are the others', as far as known."""

    emoji: str
    count: int
    names: list[str]
    is_mine: bool


class Mentioned(View, frozen=True):
    """A stretch of a message's body that names somebody, in code points, the `@` included."""

    start: int
    length: int
    name: str
    """Empty for somebody whom this profile doesn't know."""
    is_me: bool


class Place(View, frozen=True):
    """A place on earth, WGS 84, as it was known at `at`."""

    latitude: float
    longitude: float
    accuracy_m: int | None
    label: str
    at: str
    live_until: str | None
    """Newer places follow until then; None for a place that stays."""


class Card(View, frozen=True):
    """Somebody's address, sent by somebody else: add it with `add_card`."""

    name: str
    address: str
    conversation: ConversationKey | None
    """The conversation with them, if they are a contact already."""


class Version(View, frozen=True):
    """What a message said from a moment on."""

    body: str
    at: str


class Message(View, frozen=True):
    """One entry of a conversation. Texts are already sanitised for terminals."""

    id: str
    """Hex of the message id."""
    conversation: ConversationKey
    position: int
    """0 for the oldest of the conversation; changes when something is inserted before it."""
    sender: Sender
    sent_at: str
    """RFC 3339 UTC."""
    received_at: str | None
    body: str
    kind: Literal[
        "text",
        "location",
        "contact",
        "setting",
        "deleted",
        "gap",
        "undecryptable",
        "unknown",
        "notice",
    ]
    """`deleted`: by its author, for everyone; nothing of it is left but its place."""
    state: MessageState
    quote: Quoted | None = None
    error: str | None = None
    """Why it failed or can't be read, and what to do: one sentence."""
    edited: bool = False
    edited_at: str | None = None
    """When it was last edited, or a live place last moved."""
    reactions: list[Reacted] = []
    pinned: bool = False
    timer_s: int = 0
    """It disappears so long after it was first read (one's own: sent); 0: it stays."""
    gone_at: str | None = None
    """When it disappears, once that is known."""
    mentions: list[Mentioned] = []
    location: Place | None = None
    card: Card | None = None
    sets_timer_s: int | None = None
    """Of a `setting`: with which time messages are sent from there on; 0: they stay."""


class Conversation(View, frozen=True):
    """One line of the conversation list."""

    key: ConversationKey
    title: str
    address: str
    trust: Trust
    contact: ContactState
    message_count: int
    unread_count: int
    first_unread: int | None
    """Position of the first unread message."""
    last: Message | None
    timer_s: int = 0
    """New messages disappear so long after they were read; 0: they stay."""
    is_online: bool | None = None
    """Whether they say that they are there; None if they say nothing, or we don't."""
    seen_at: str | None = None
    """When they last were, to five minutes."""
    muted_until: str | None = None
    """RFC 3339 UTC; None if the user wants to hear of it."""
    pinned: bool = False
    """The user keeps it at the top of the list."""
    archived: bool = False
    draft: str = ""
    """What the user has begun to write, on whichever device."""
    is_self: bool = False
    """Notes to oneself."""


class Contact(View, frozen=True):
    """A person in the contact list."""

    key: ConversationKey
    address: str
    petname: str | None
    trust: Trust
    state: ContactState


class Status(View, frozen=True):
    """What the engine is doing."""

    profile: str
    address: str | None
    """None until the profile has an account."""
    device: str | None
    phase: ConnectionPhase
    since: str
    retry_in_s: float | None
    outbox_count: int
    error: str | None
    pid: int
    recovery: Literal["unconfirmed", "confirmed"] | None = None
    """Where the recovery kit stands; None without an account, and on a linked device."""


class AccountDeleted(View, frozen=True):
    """What became of an account that was deleted. `told`: contacts who have heard of it."""

    address: str
    told: int
    untold: int
    """They find out when they write."""


class RecoveryKit(View, frozen=True):
    """What belongs on paper: the address, and the root secret as 24 words."""

    address: str
    """With the relay's pin, if it has one: an empty machine knows no other way to trust it."""
    words: list[str]


class TraceLine(View, frozen=True):
    """One thing that happened to a message; `device` None: to the message as a whole."""

    at: str
    """RFC 3339 UTC, by this device's clock."""
    event: str
    """queued, sealed, relayed, waiting, delivered, read, expired, received, sent again, …"""
    device: str | None
    detail: str | None


class Why(View, frozen=True):
    """What became of a message, what it means, and what happens next."""

    message: Message
    lines: list[TraceLine]
    says: str


class SafetyNumber(View, frozen=True):
    """Sixty digits to compare, in groups of five."""

    digits: str
    trust: Trust
    peer: str
    payload: str = ""
    """What a QR code of it holds: the digits alone."""


class Received(View, frozen=True):
    """What `tail` prints: everything that arrived, in the order of arrival. `cursor` grows."""

    cursor: int
    type: Literal["message", "request", "receipt", "change", "gap", "error"]
    """`change`: somebody edited, deleted, reacted to or pinned it."""
    message: Message


class Device(View, frozen=True):
    """One of the account's devices."""

    id: str
    """Hex of the device id."""
    name: str
    """What the user calls it, else the start of its id."""
    is_this: bool
    is_first: bool
    """Whether it is the one that adds and revokes devices."""
    added_at: str
    """RFC 3339 UTC."""


class DeviceLink(View, frozen=True):
    """A linking under way, as the new device or the old one sees it."""

    state: LinkState
    address: str
    name: str
    """What the new device is called."""
    code: str | None
    """One line to paste or scan on the old device."""
    digits: str | None
    """On the new device, in state `compare`: to be typed on the old one."""
    expires_at: str
    """RFC 3339 UTC: the code is worth nothing afterwards."""
    error: str | None


# ---- events ---------------------------------------------------------------------------------


class StatusChanged(View, frozen=True, tag="status"):
    """The connection or the outbox changed."""

    status: Status


class MessageAdded(View, frozen=True, tag="message_added"):
    """A message appeared, at `message.position`; those from there on moved by one."""

    message: Message


class MessageChanged(View, frozen=True, tag="message_changed"):
    """A message's state or text changed; its position didn't."""

    message: Message


class ConversationChanged(View, frozen=True, tag="conversation_changed"):
    """A conversation is new, or its line changed."""

    conversation: Conversation


class ReceivedEvent(View, frozen=True, tag="received"):
    """Something for `tail`."""

    received: Received


class LinkChanged(View, frozen=True, tag="link_changed"):
    """The linking under way came further, or ended."""

    link: DeviceLink


class DevicesChanged(View, frozen=True, tag="devices_changed"):
    """The account has other devices, or one has another name: ask for `devices` again."""


class TypingChanged(View, frozen=True, tag="typing"):
    """The other side has begun or stopped typing. Forget it after 10 s without another one."""

    conversation: ConversationKey
    is_typing: bool


class TransferProgress(View, frozen=True, tag="transfer"):
    """How far a history is on its way between this device and another one of the account's."""

    direction: Literal["in", "out"]
    device: str
    """Hex id of the other device."""
    done_bytes: int
    total_bytes: int
    """About how many there are in all; exact at the end."""
    rate_bytes_s: int
    left_s: float | None
    """None while nobody can say."""
    is_complete: bool
    """All is here (`in`); all is at the relay, and said once more when the other device has it."""


class Resync(View, frozen=True, tag="resync"):
    """The subscriber was too slow and missed events: read everything again."""


Event = (
    StatusChanged
    | MessageAdded
    | MessageChanged
    | ConversationChanged
    | ReceivedEvent
    | TypingChanged
    | LinkChanged
    | DevicesChanged
    | TransferProgress
    | Resync
)


class EventStream(Protocol):
    """A subscription; async iterator and async context manager. Bounded: see Resync."""

    def __aiter__(self) -> EventStream: ...
    async def __anext__(self) -> Event: ...
    async def __aenter__(self) -> EventStream: ...
    async def __aexit__(self, *exc: object) -> None: ...


class Engine(Protocol):
    """One profile's engine, in this process or behind its socket: the same methods.

    Every method may raise UserError (the sentence and exit code to show). Cancelling a call either
    has no effect or lets it finish; nothing is half done.
    """

    async def status(self) -> Status:
        """Return what the engine is doing."""

    async def register(self, *, address: str, invite: str | None) -> Status:
        """Create keys, manifest and account at a relay. UserError: taken, invite, unreachable."""

    async def recover(self, *, address: str, words: str) -> Status:
        """Bring an account back with the 24 words of its kit, as this profile's.

        UserError: a wrong word, another account at the address, a profile that is in use.
        """

    async def account_move(
        self, *, address: str, invite: str | None = None, words: str | None = None
    ) -> Status:
        """Take the account to another relay or name; contacts follow. Called again, it goes on.

        `words` of the kit, once that was confirmed. UserError: the same address, wrong words.
        """

    async def account_delete(self, *, address: str) -> AccountDeleted:
        """Delete the account at its relay, tell contacts, and empty this profile. No way back.

        `address` is the account's own, as a confirmation. UserError: another; not the first device.
        """

    async def recovery_kit(self) -> RecoveryKit:
        """Return the recovery kit. UserError: it was confirmed, or this device is a linked one."""

    async def recovery_challenge(self) -> list[int]:
        """Draw three words of the kit, counted from 1, that are to be named."""

    async def recovery_confirm(self, words: list[str]) -> Status:
        """Name the three words; if they are right, the root secret is erased from this machine."""

    async def conversations(self) -> list[Conversation]:
        """Return all conversations, the one with the newest message first; requests included."""

    async def resolve(self, text: str) -> ConversationKey:
        """Find a conversation by address, petname or key. UserError lists choices if ambiguous."""

    async def messages(
        self, conversation: ConversationKey, *, start: int, count: int
    ) -> list[Message]:
        """Return the messages at positions start .. start+count-1 (at most 512), oldest first."""

    async def send(
        self,
        conversation: ConversationKey,
        text: str,
        *,
        quote: str | None = None,
        message_id: str | None = None,
    ) -> Message:
        """Put a text in the outbox, durably, and return it as queued. Same id twice: one message.

        UserError: empty, too long (names the limit), blocked, key changed.
        """

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

    async def set_chat_pinned(self, conversation: ConversationKey, *, pinned: bool) -> Conversation:
        """Keep a conversation at the top of the list, on all devices; or no longer."""

    async def set_archived(self, conversation: ConversationKey, *, archived: bool) -> Conversation:
        """Put a conversation away on all devices, or take it out again."""

    async def set_draft(self, conversation: ConversationKey, text: str) -> Conversation:
        """Keep what the user has begun to write, up to 16,000 bytes, for all devices."""

    async def settings(self) -> dict[str, str]:
        """Return the account's settings: receipts, typing, presence, each "on" or "off"."""

    async def set_setting(self, name: str, value: str) -> dict[str, str]:
        """Change a setting on all devices; return all of them. UserError lists what there is."""

    async def typing(self, conversation: ConversationKey, *, is_typing: bool) -> None:
        """Let the other side see that the user is typing, if the setting "typing" is on."""

    async def cancel(self, message_id: str) -> Message:
        """Take back a message that is still queued."""

    async def retry(self, message_id: str) -> Message:
        """Queue a failed or expired message again."""

    async def mark_read(self, conversation: ConversationKey, *, up_to: str) -> None:
        """Everything up to and including this message has been read by the user."""

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

    async def contact_rename(self, conversation: ConversationKey, petname: str) -> Contact:
        """Give a contact the user's own name; empty takes it back."""

    async def safety_number(self, conversation: ConversationKey) -> SafetyNumber:
        """Return the number to compare with the other person."""

    async def set_verified(self, conversation: ConversationKey, *, verified: bool) -> Contact:
        """Record that the numbers were compared. Of a changed key: the same ones accept it."""

    async def compare_safety_number(self, conversation: ConversationKey, digits: str) -> Contact:
        """Compare with the digits that they show: the same verify them. UserError: they differ."""

    async def accept_key(self, conversation: ConversationKey) -> Contact:
        """Go on with a changed key; return the contact whom one writes to from now on."""

    async def devices(self) -> list[Device]:
        """Return the account's devices, the first one first."""

    async def device_rename(self, device: str, name: str) -> Device:
        """Give a device (name or start of its id) a name, known on the account's devices alone."""

    async def device_revoke(self, device: str) -> list[Device]:
        """Take a device off the account; return those that are left.

        UserError: not on the first device, the first device itself.
        """

    async def link_begin(self, *, address: str, name: str | None = None) -> DeviceLink:
        """Begin to link this profile, which has no account yet, to the account at an address.

        The same again while it goes on returns it as it stands. UserError: an account is there.
        """

    async def link_open(self, code: str) -> DeviceLink:
        """Follow a new device's code, until that shows six digits. UserError: a code of no use."""

    async def link_confirm(self, digits: str) -> Device:
        """Take what the new device shows: right, it is linked; wrong, the code is burnt (4)."""

    async def link_state(self) -> DeviceLink | None:
        """Return the linking under way, or the last one since the engine began."""

    async def link_cancel(self) -> None:
        """End the linking under way, on either side; the other device is told."""

    async def consume(self, consumer: str, *, limit: int = 256) -> list[Received]:
        """Return what arrived past the consumer's cursor, oldest first. Moves nothing."""

    async def acknowledge(self, consumer: str, *, cursor: int) -> None:
        """Move a consumer's cursor; it never moves back."""

    async def synchronise(self, *, timeout_s: float) -> bool:
        """Connect, flush the outbox, take what waits at the relay; False if time ran out."""

    async def flush(self, *, timeout_s: float) -> bool:
        """Let what is due go out, also to one's other devices; False if time ran out."""

    async def retry_now(self) -> None:
        """Don't wait for the backoff: connect now."""

    def subscribe(self) -> EventStream:
        """Watch events from now on."""
