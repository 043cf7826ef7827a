"""What the engine shows of messages: what they say, from whom, and how far they have come.

Rule: as in view.py. Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from restante.client.interface.file_values import File
from restante.client.interface.view import ConversationKey, View

MessageKind = Literal[
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


class MessageState(StrEnum):
    """How far a message of ours has come; for one of theirs, `delivered` or `read`."""

    QUEUED = "queued"
    AWAITING_ACCEPTANCE = "awaiting acceptance"
    RELAYED = "relayed"
    DELIVERED = "delivered"
    READ = "read"
    EXPIRED = "expired"
    FAILED = "failed"


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
    """A stretch of a message's body (of a file's caption) that names somebody, in code points, the
    `@` included."""

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
    kind: MessageKind
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
