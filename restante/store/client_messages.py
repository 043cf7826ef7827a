"""The history: messages in the order of their keys, found by id or by position.

A position is how many messages of the conversation sort before. Rule: ids exist once; what a
message says never changes here, only its state does, and positions, counts and the search index
follow from triggers in the same transaction. Knows no content format: texts come sanitised.
Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any, Final

from restante.store.client_conversations import begin, number_of
from restante.store.client_positions import chunk_at, position_of_key
from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass

NAMES_US: Final = 1
NAMES_ALL: Final = 2
ANSWERS_US: Final = 4
"""Kept by triggers, in whichever order a message and its answer come."""

RANK_BYTES: Final = 8
"""An order key is the rank, big-endian, and then the message id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One entry of a conversation.

    `order_key` is the rank as u64 big-endian and then the id, 24 B. `received_at_ms` is None for
    what this account wrote; a received one is unread while its state is `delivered`. `counter` is
    the sending device's, and 0 for entries of our own making, such as gaps. With a `timer_s` it
    disappears so long after it was read (or sent), at `gone_at_ms`, None until that is known.
    `calls` says why it calls the user: bits of `NAMES_US`, `NAMES_ALL` and `ANSWERS_US`.
    """

    id: bytes
    conversation: bytes
    author: bytes
    device_id: bytes
    counter: int
    order_key: bytes
    rank: int
    sent_at_ms: int
    received_at_ms: int | None
    kind: str
    text: str = field(repr=False)
    body: bytes = field(repr=False)
    state: str
    error: str | None
    quote_id: bytes | None
    quote_excerpt: str | None = field(repr=False)
    expires_at_ms: int | None
    timer_s: int = 0
    gone_at_ms: int | None = None
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A message and where it stands now."""

    row: MessageRow
    position: int


MESSAGE: Final = Shape(MessageRow)
"""For statements that join `conversations`: a message's own column holds but its number."""
_INSERT = Statement("messages.INSERT")
_BY_ID = Statement("messages.BY_ID")
_PLACE = Statement("messages.PLACE")
_SET_STATE = Statement("messages.SET_STATE")
_SET_COUNTER = Statement("messages.SET_COUNTER")
_SET_EXPIRY = Statement("messages.SET_EXPIRY")
_SET_CALLS = Statement("messages.SET_CALLS")
_BY_COUNTER = Statement("messages.BY_COUNTER")
_OF_DEVICE = Statement("messages.OF_DEVICE")
_EXPIRING = Statement("messages.EXPIRING")
_DELETE = Statement("messages.DELETE")
_TOTAL = Statement("messages.TOTAL")
_WINDOW = Statement("messages.WINDOW")
_HEADS = Statement("messages.HEADS")


def read_placed(rows: Rows, found: tuple[Any, ...]) -> Placed:
    """Make the message that `select_messages` found, and look up where it stands."""
    row = MESSAGE.read(found[:-1])
    return Placed(row=row, position=position_of_key(rows, found[-1], row.order_key))


def insert_message(rows: Rows, row: MessageRow) -> int | None:
    """File a message, and return its position; None if its id is there already, and nothing is
    changed."""
    number = begin(rows, row.conversation)
    if not rows.run(_INSERT, **{**MESSAGE.write(row), "conversation": number}):
        return None
    return position_of_key(rows, number, row.order_key)


def insert_messages(rows: Rows, conversation: bytes, added: Iterable[MessageRow]) -> None:
    """File many messages of one conversation, where nobody asks for their positions."""
    number = begin(rows, conversation)
    rows.run_many(_INSERT, ({**MESSAGE.write(row), "conversation": number} for row in added))


def update_state(rows: Rows, id: bytes, state: str, error: str | None) -> Placed | None:
    """Note how far a message has come; return it as it stands now, or None if there is none."""
    rows.run(_SET_STATE, which=id, state=state, error=error)
    return placed_message(rows, id)


def set_calls(rows: Rows, id: bytes, calls: int, *, keeps: int = 0) -> None:
    """Note why a message calls the user, beside those bits of before that it `keeps`."""
    rows.run(_SET_CALLS, which=id, calls=calls, keeps=keeps)


def assign_counter(rows: Rows, id: bytes, *, counter: int, body: bytes) -> None:
    """Give a message its counter, and the content that carries it: when it is first sealed."""
    rows.run(_SET_COUNTER, which=id, counter=counter, body=body)


def set_expiry(rows: Rows, id: bytes, expires_at_ms: int | None) -> None:
    """Set when a message's time is over; None if never."""
    rows.run(_SET_EXPIRY, which=id, expires_at_ms=expires_at_ms)


def expiring(rows: Rows, now_ms: int, limit: int, *, state: str) -> list[MessageRow]:
    """Return the messages of a state whose time is over, the longest first."""
    found = rows.all(_EXPIRING, now_ms=now_ms, state=state, limit=limit)
    return [MESSAGE.read(row[:-1]) for row in found]


def message_by_counter(
    rows: Rows, conversation: bytes, device_id: bytes, counter: int
) -> MessageRow | None:
    """Return a device's message by its counter, from 1: what a resend request asks for."""
    number = number_of(rows, conversation)
    found = rows.first(_BY_COUNTER, conversation=number, device_id=device_id, counter=counter)
    return None if found is None else MESSAGE.read(found[:-1])


def message(rows: Rows, id: bytes) -> MessageRow | None:  # the column's name
    """Return a message."""
    found = rows.first(_BY_ID, id=id)
    return None if found is None else MESSAGE.read(found[:-1])


def placed_message(rows: Rows, id: bytes) -> Placed | None:  # the column's name
    """Return a message and its position."""
    found = rows.first(_BY_ID, id=id)
    return None if found is None else read_placed(rows, found)


def delete_message(rows: Rows, id: bytes) -> int | None:  # the column's name
    """Erase a message, its search entries and its lines in the feed; return where it stood."""
    position = position_of(rows, id)
    rows.run(_DELETE, which=id)
    return position


def message_count(rows: Rows, conversation: bytes) -> int:
    """Return how many messages a conversation has."""
    _, total = rows.first(_TOTAL, key=conversation) or (None, 0)
    return int(total)


def window(rows: Rows, conversation: bytes, start: int, count: int) -> list[MessageRow]:
    """Return the messages at positions start .. start + count - 1 as far as there are, in order."""
    number, total = rows.first(_TOTAL, key=conversation) or (None, 0)
    if number is None or not 0 <= start < total or count <= 0:
        return []
    first_key, skipped = chunk_at(rows, number, start, total=total)
    found = rows.all(
        _WINDOW, conversation=number, first_key=first_key, skipped=skipped, count=count
    )
    return [MESSAGE.read(row[:-1]) for row in found]


def count(rows: Rows, conversation: bytes) -> int:
    """Return how many messages a conversation has."""
    _, total = rows.first(_TOTAL, key=conversation) or (None, 0)
    return int(total)


def count_of_device(rows: Rows, conversation: bytes, device_id: bytes) -> int:
    """Return how many of a conversation's messages a device wrote; it looks at each of them."""
    number = number_of(rows, conversation)
    return int(rows.value(_OF_DEVICE, conversation=number, device_id=device_id) or 0)


def position_of(rows: Rows, id: bytes) -> int | None:  # the column's name
    """Return how many messages of its conversation sort before this one."""
    place = rows.first(_PLACE, id=id)
    return None if place is None else position_of_key(rows, *place)


def heads(rows: Rows, conversation: bytes, limit: int = 8) -> list[bytes]:
    """Return the ids of the last messages, newest first, that others can know too."""
    number = number_of(rows, conversation)
    return [id for (id,) in rows.all(_HEADS, conversation=number, limit=limit)]
