"""Contents as others send them, made by hand: what a test files in any order it likes."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from restante.client.changes import Changes
from restante.client.grammar.filing import file_content
from restante.client.interface import MessageState
from restante.protocol.codec import encode
from restante.protocol.content import (
    ContactCard,
    Content,
    Deletion,
    Edit,
    File,
    Kind,
    Location,
    Pin,
    Quote,
    Reaction,
    Setting,
    Text,
)
from restante.protocol.poll import Poll, PollClosed, Vote
from restante.store.client_rows import Rows

ALICE = b"alice-----------"
BOB = b"bob-------------"
PHONE = b"bob's-phone-----"
LAPTOP = b"alice's-laptop--"

NOW_MS = 1_800_000_000_000

KIND_OF: dict[type[Struct], Kind] = {
    Text: Kind.TEXT,
    Location: Kind.LOCATION,
    ContactCard: Kind.CONTACT_CARD,
    Setting: Kind.SETTING,
    Edit: Kind.EDIT,
    Deletion: Kind.DELETION,
    Reaction: Kind.REACTION,
    Pin: Kind.PIN,
    Poll: Kind.POLL,
    Vote: Kind.VOTE,
    PollClosed: Kind.POLL_CLOSED,
    File: Kind.FILE,
}


def content(body: Struct, /, *, id: bytes, rank: int = 1 << 40, **changed: Any) -> Content:
    """A content with a body; its id may be shorter than 16 bytes."""
    values: dict[str, Any] = {
        "version": 1,
        "kind": int(KIND_OF[type(body)]),
        "id": id.ljust(16, b"-"),
        "conversation": b"",
        "counter": 1,
        "rank": rank,
        "sent_at_ms": NOW_MS,
        "seen": [],
        "disappears_after_s": 0,
        "body": encode(body),
    }
    return Content(**{**values, **changed})


def text(words: str, *, quote: Quote | None = None) -> Text:
    return Text(text=words, quote=quote, mentions=[])


def edit(target: bytes, body: Struct) -> Edit:
    return Edit(message=target.ljust(16, b"-"), kind=int(KIND_OF[type(body)]), body=encode(body))


def poll(*options: str, is_multiple: bool = False, closes_at_s: int = 0) -> Poll:
    return Poll(
        question="Which day?",
        options=list(options or ("Monday", "Tuesday", "Friday")),
        is_multiple=is_multiple,
        closes_at_s=closes_at_s,
    )


def place(latitude_e7: int, longitude_e7: int, *, live_until_s: int = 0) -> Location:
    return Location(
        latitude_e7=latitude_e7,
        longitude_e7=longitude_e7,
        accuracy_m=0,
        live_until_s=live_until_s,
        label="",
    )


def arrive(
    rows: Rows,
    sent: Content,
    *,
    author: bytes = BOB,
    conversation: bytes = BOB,
    now_ms: int = NOW_MS,
    changes: Changes | None = None,
) -> bool:
    """File a content as it arrives on a device of Alice's: Bob's, or another device's of hers."""
    return file_content(
        rows,
        Changes() if changes is None else changes,
        sent,
        conversation=conversation,
        author=author,
        device_id=LAPTOP if author == ALICE else PHONE,
        packed=sent.to_bytes(),
        is_own=author == ALICE,
        state=MessageState.RELAYED if author == ALICE else MessageState.DELIVERED,
        feed_type=None if author == ALICE else "message",
        now_ms=now_ms,
    )
