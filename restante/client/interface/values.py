"""What the engine shows: conversations, messages, people, devices, as plain frozen values.

Rule: made of plain types, so that the same schema is the JSON of the command line and of JSON-RPC;
fields are only ever added. Texts are safe in a terminal. Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

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
    MEMBER = "member"
    """Known only from a group; in no list of contacts."""


class ConnectionPhase(StrEnum):
    """The engine's way to its relay."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    STOPPED = "stopped"


class FileState(StrEnum):
    """Where the file of a message stands on this device."""

    OFFERED = "offered"
    """It lies at a relay until `expires_at`."""
    FETCHING = "fetching"
    SENDING = "sending"
    """It is on its way to our relay; the message goes when it is there."""
    HERE = "here"
    """It was checked, and lies here encrypted."""
    FAILED = "failed"
    """`error` says why; it can be tried again."""
    LOST = "lost"
    """The relay has it no more."""


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


MentionReason = Literal["name", "all", "answer"]
"""How a message mentions the user: it names them, or everybody, or answers what they wrote."""


class Place(View, frozen=True):
    """A place on earth, WGS 84, as it was known at `at`."""

    latitude: float
    longitude: float
    accuracy_m: int | None
    label: str
    at: str
    live_until: str | None
    """Newer places follow until then; None for a place that stays."""


class PollOption(View, frozen=True):
    """What can be chosen in a poll. `names` are the others' who have, as far as known."""

    text: str
    count: int
    names: list[str]
    is_mine: bool


class Poll(View, frozen=True):
    """A question, and who has answered what. Whoever votes signs it: everybody sees by name."""

    question: str
    options: list[PollOption]
    multiple: bool
    """Several options may be chosen."""
    voters: int
    closes_at: str | None
    """Votes after that don't count; None: until its author closes it."""
    closed_at: str | None
    """When its author closed it."""


class Card(View, frozen=True):
    """Somebody's address, sent by somebody else: add it with `add_card`."""

    name: str
    address: str
    conversation: ConversationKey | None
    """The conversation with them, if they are a contact already."""


class Preview(View, frozen=True):
    """A picture in a few blurred cells: `colours` are row by row, six hex digits each."""

    columns: int
    rows: int
    colours: str


class Pixels(View, frozen=True):
    """A picture decoded, as it is to be shown: row by row, three bytes a pixel, in base64."""

    width: int
    height: int
    colours: str


class Sound(View, frozen=True):
    """A voice note decoded: `samples` a second apart by 1 / `rate`, 16 bit each, in base64."""

    rate: int
    samples: str


class File(View, frozen=True):
    """A file that a message carries. What is said of it is its sender's word, but for `state`."""

    name: str
    """Safe as a file's name."""
    media_type: str
    role: Literal["file", "image", "video", "voice", "folder", "text"]
    """`folder`: an archive of one. `text`: a message that was too long for one."""
    size_bytes: int
    caption: str
    state: FileState
    error: str | None
    relay: str
    """Where it lies."""
    expires_at: str | None
    """Until when the relay keeps it; RFC 3339 UTC. None while it isn't there yet."""
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    waveform: list[int] = []
    """Of a voice note: loudness, 0 to 255, in stretches of equal length."""
    preview: Preview | None = None


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
        "file",
        "location",
        "contact",
        "poll",
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
    poll: Poll | None = None
    imported: bool = False
    """It came from a file: nobody else has it, and nobody vouches for who wrote it."""
    file: File | None = None
    sets_timer_s: int | None = None
    """Of a `setting`: with which time messages are sent from there on; 0: they stay."""
    mentions_me: list[MentionReason] = []
    """Whether it names the user or answers them; empty for what they wrote."""
    answers: int = 0
    """Of the first message of a thread: how many answers lead to it, up to 1,000."""


class Thread(View, frozen=True):
    """A message and the answers that lead to it by their quotes, and those that lead to them."""

    conversation: ConversationKey
    first: str
    """Hex id of the message that it begins with."""
    is_whole: bool
    """Whether that message is here; else it was deleted here, has disappeared, or never came."""
    count: int
    """How many messages there are, the first one included if it is here; up to 10,001."""
    messages: list[Message]
    """Those that were asked for, in order; `position` is that in the conversation."""
    draft: str = ""
    """What the user has begun to write in it, on whichever device."""


RoleName = Literal["reader", "member", "admin", "owner"]
"""What somebody may do in a group; a reader can't write."""


class GroupLine(View, frozen=True):
    """What a conversation of many is besides: a group, or a space that holds channels."""

    description: str
    member_count: int
    role: RoleName | None
    """One's own; None for who has left, was removed, or hasn't accepted yet."""
    may_post: bool
    is_space: bool
    space: ConversationKey | None
    """The space that this channel says it belongs to."""
    category: str = ""
    """Where in that space it is listed, and at which place there."""
    position: int = 0


class Member(View, frozen=True):
    """Somebody in a group. `name` is the petname, else the address."""

    key: ConversationKey
    name: str
    address: str
    role: RoleName
    is_me: bool
    trust: Trust
    is_contact: bool


class Group(View, frozen=True):
    """A group as it stands on this device."""

    conversation: Conversation
    members: list[Member]
    """Owners first, then by name."""
    may_post: RoleName
    """The least role that may write."""
    entries: int
    """How many changes its log holds."""
    may_mention_all: RoleName = "member"
    """The least role whose `@all` is for everybody."""
    changes: list[GroupChange] = []
    """What was changed last, and by whom: up to 20, the newest last."""
    picture: Preview | None = None
    asking: list[AsksToJoin] = []
    """Who has an invite and waits for an admin's word, the longest first."""


class GroupChange(View, frozen=True):
    """Who changed what, as a sentence."""

    at: str
    text: str


class AsksToJoin(View, frozen=True):
    """Somebody who came by an invite link, and whom an admin may let in."""

    key: ConversationKey
    name: str
    address: str
    asked_at: str


class SpaceChannel(View, frozen=True):
    """A channel of a space. `is_shared`: its members and roles are the space's."""

    key: ConversationKey
    category: str
    conversation: Conversation | None
    """None for one that this account isn't in."""
    is_shared: bool


class Space(View, frozen=True):
    """A space as it stands on this device: a group that holds channels."""

    group: Group
    channels: list[SpaceChannel]
    """By category, those without one first, in the space's order."""


class GroupInvite(View, frozen=True):
    """An invite link of a group that wasn't revoked."""

    id: str
    link: str | None
    """The link itself; only on the devices of whoever made it."""
    by: str
    is_mine: bool
    state: Literal["open", "expired", "used up"]
    expires_at: str | None
    uses: int
    """How many people it is for; 0: any number."""
    used: int
    needs_approval: bool


class GroupAsked(View, frozen=True):
    """What came of following an invite link: the group, or who was asked and hasn't answered."""

    group: ConversationKey | None
    asked: list[str]


AlertLevel = Literal["all", "mentions", "none"]
"""Which messages of a conversation call."""


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
    unread_mentions: int = 0
    """Unread messages that name the user or answer them, up to 1,000."""
    timer_s: int = 0
    """New messages disappear so long after they were read; 0: they stay."""
    is_online: bool | None = None
    """Whether they say that they are there; None if they say nothing, or we don't."""
    seen_at: str | None = None
    """When they last were, to five minutes."""
    muted_until: str | None = None
    """RFC 3339 UTC; None if the user wants to hear of it."""
    alerts: AlertLevel = "all"
    """Which of its messages call the user; `mentions`: those that name them, or hold a keyword."""
    pinned: bool = False
    """The user keeps it at the top of the list."""
    archived: bool = False
    draft: str = ""
    """What the user has begun to write, on whichever device."""
    marked_unread: bool = False
    """The user wants to come back to it, though everything may be read."""
    is_self: bool = False
    """Notes to oneself."""
    group: GroupLine | None = None
    """None: with one other person."""


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
    history: Literal["coming", "incomplete"] | None = None
    """How the history from another device stands; None: whole, or there never was another."""


class HistoryState(View, frozen=True):
    """How the account's history stands on this device."""

    state: Literal["whole", "coming", "incomplete"]
    """`coming`: another device gives it. `incomplete`: some was lost on the way."""
    lost_parts: int
    """Parts that expired, were damaged, or were none."""
    lost_entries: int
    """Single entries that couldn't be read or given."""
    error: str | None
    """What is lost and what to do, once it is `incomplete`."""


class AccountDeleted(View, frozen=True):
    """What became of an account that was deleted. `told`: contacts who have heard of it."""

    address: str
    told: int
    untold: int
    """They find out when they write."""
    unerased: list[str]
    """Addresses of before, whose relays couldn't be asked to erase the account."""


class AuditTable(View, frozen=True):
    """What one of the relay's tables holds of the account: how many rows, and the first of them."""

    table: str
    rows: int
    columns: list[str]
    sample: list[list[str]]
    """Numbers, hexadecimal, `sha256:` and the hash of what is long; empty where nothing is kept."""


class Audit(View, frozen=True):
    """All that the relay says it holds of the account. `findings`: what is not as it should be."""

    address: str
    tables: list[AuditTable]
    findings: list[str]


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
    type: Literal["message", "request", "receipt", "change", "gap", "notice", "error"]
    """`change`: somebody edited, deleted, reacted to or pinned it. `notice`: a contact's key
    changed, or they moved or left."""
    message: Message


class Consumer(View, frozen=True):
    """Who reads the feed under a name, and how far that is."""

    name: str
    cursor: int
    waiting: int
    """Lines past its cursor."""


class DeadLetter(View, frozen=True):
    """A line of the feed that a consumer's program would not take, after all its tries."""

    consumer: str
    error: str
    died_at: str
    """RFC 3339 UTC."""
    received: Received


class Scheduled(View, frozen=True):
    """A text that waits for its time."""

    id: str
    """Hex of the id of the message that it will be."""
    conversation: ConversationKey
    at: str
    """RFC 3339 UTC."""
    text: str
    error: str | None
    """Why it was not sent although its time has come; it is when that is settled."""


class KeyGrant(View, frozen=True):
    """What a capability key may do: send texts into one conversation, so many, until then."""

    conversation: ConversationKey
    to: str
    """What the conversation is called."""
    messages: int
    used: int
    """How many of them have come here."""
    until: str
    """RFC 3339 UTC."""


class Storage(View, frozen=True):
    """What the files of a conversation take on this device."""

    conversation: ConversationKey
    title: str
    count: int
    size_bytes: int
    """As they lie here: encrypted and padded."""


class Device(View, frozen=True):
    """One of the account's devices, or a capability key, which a script holds."""

    id: str
    """Hex of the device id."""
    name: str
    """What the user calls it, else the start of its id."""
    is_this: bool
    is_first: bool
    """Whether it is the one that adds and revokes devices."""
    added_at: str
    """RFC 3339 UTC."""
    history: Literal["coming", "incomplete"] | None = None
    """How the account's history stands there: of this device, or of one that gets it from here."""
    is_key: bool = False
    """Whether it is a capability key: it reads nothing, and does no more than its grant says."""
    grant: KeyGrant | None = None
    """Of a capability key, once it is known here: where it was made, or it was used."""


class NewKey(View, frozen=True):
    """A capability key that was just made, and its secret, which is shown this once."""

    device: Device
    secret: str


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
