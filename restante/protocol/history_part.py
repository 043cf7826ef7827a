"""A part of a history on its way to a newly linked device: items, each behind its length. Pure.

Rule: a part comes from a device of one's own, and is read as if from outside all the same: every
length, number and array is bounded, a part that isn't whole is refused, an item that can't be read
is left out and counted, and no row is believed for the sake of another. Knows no key, no blob and
no database. Spec: docs/protocol/history.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from msgspec import Meta, Struct

from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode_tagged, encode
from restante.protocol.content import MAX_CONTENT_BYTES
from restante.protocol.ids import U8, U32, U63, Bytes16
from restante.values import dataclass

HISTORY_VERSION: Final = 1

MAX_PART_BYTES: Final = 8 * 1024 * 1024
"""Of a part, opened: it is held in memory whole, so that nothing of a damaged one is believed."""

MAX_SHOWN_BYTES: Final = 4 * MAX_CONTENT_BYTES
"""Of a text as it is shown: each tab of the largest content became four spaces."""

MAX_ITEM_BYTES: Final = MAX_SHOWN_BYTES + MAX_CONTENT_BYTES + 8192
"""The largest message: what it shows, its content, and all else of it."""

MAX_COUNTERS: Final = 1024
"""Of one item; a conversation with more has several."""

MAX_WORD_CHARS: Final = 32
"""A kind or a state of a message, as the engine calls it."""

MAX_ERROR_CHARS: Final = 1000
"""A sentence of the engine's about a message."""

MAX_EXCERPT_CHARS: Final = 1200
"""Of what a message answers, as it is shown: 300 characters, and four spaces for a tab."""

_LENGTH_BYTES: Final = 4

Word = Annotated[str, Meta(min_length=1, max_length=MAX_WORD_CHARS)]
ConversationId = Annotated[bytes, Meta(min_length=16, max_length=32)]
Body = Annotated[bytes, Meta(max_length=MAX_CONTENT_BYTES)]
Shown = Annotated[str, Meta(max_length=MAX_SHOWN_BYTES)]


class Item(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One item; its array opens with its number."""


class PartBegins(Item, frozen=True, tag=1):
    """The first item: which part of which transfer this is."""

    version: Annotated[int, Meta(ge=HISTORY_VERSION, le=HISTORY_VERSION)]
    transfer: Bytes16
    number: U32


class PartEnds(Item, frozen=True, tag=2):
    """The last item: whether more parts follow, and how many messages were in all so far.

    `left_out`: what the giving device couldn't put into this part.
    """

    is_last: bool
    messages_so_far: U63
    messages_in_all: U63
    left_out: U32


class HistoryRecord(Item, frozen=True, tag=3):
    """A record of the account's own, as in SyncRecord."""

    kind: U8
    key: Annotated[bytes, Meta(max_length=64)]
    rank: U63
    device: Bytes16
    value: Annotated[bytes, Meta(max_length=16_384)] | None


class DeviceCounter(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A counter of a device: its highest one, or one that is missing."""

    device: Bytes16
    counter: U63


class HistoryConversation(Item, frozen=True, tag=4):
    """A conversation: its clock, the highest counter of each device, and what is missing."""

    conversation: ConversationId
    clock: U63
    highest: Annotated[list[DeviceCounter], Meta(max_length=MAX_COUNTERS)]
    missing: Annotated[list[DeviceCounter], Meta(max_length=MAX_COUNTERS)]


class HistoryMessage(Item, frozen=True, tag=5):
    """An entry of a conversation, as it is kept. Its place follows from rank and id."""

    conversation: ConversationId
    id: Bytes16
    author: Bytes16
    device: Bytes16
    counter: U63
    rank: U63
    sent_at_ms: U63
    received_at_ms: U63 | None
    kind: Word
    state: Word
    error: Annotated[str, Meta(max_length=MAX_ERROR_CHARS)] | None
    quote: Bytes16 | None
    quote_excerpt: Annotated[str, Meta(max_length=MAX_EXCERPT_CHARS)] | None
    expires_at_ms: U63 | None
    timer_s: U32
    gone_at_ms: U63 | None
    text: Shown
    body: Body


class HistoryMark(Item, frozen=True, tag=6):
    """A change of a message, as it is kept."""

    conversation: ConversationId
    id: Bytes16
    target: Bytes16
    kind: U32
    author: Bytes16
    device: Bytes16
    counter: U63
    rank: U63
    at_ms: U63
    gone_at_ms: U63 | None
    value: Shown
    body: Body


_ITEMS: Final[dict[int, type[Item]]] = {
    1: PartBegins,
    2: PartEnds,
    3: HistoryRecord,
    4: HistoryConversation,
    5: HistoryMessage,
    6: HistoryMark,
}


def pack_item(item: Item) -> bytes:
    """Encode an item: its length as u32 big-endian, then the array."""
    packed = encode(item)
    return len(packed).to_bytes(_LENGTH_BYTES, "big") + packed


def part_pieces(
    transfer: bytes, number: int, items: bytes | bytearray, ends: PartEnds
) -> tuple[bytes, bytes | bytearray, bytes]:
    """Return a part in three pieces: the packed items between their first and their last one."""
    begins = PartBegins(version=HISTORY_VERSION, transfer=transfer, number=number)
    return pack_item(begins), items, pack_item(ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPart:
    """A part that is whole: its items but the first and the last, how many can't be read, the end.

    `items` are read as they are taken, and can be taken once.
    """

    items: Iterator[Item]
    unreadable: int
    ends: PartEnds


def is_readable(packed: bytes) -> bool:
    """Whether whoever gets packed items can read all of them."""
    try:
        return all(item is not None for item in _items(packed))
    except RemoteProtocolError:
        return False


def open_part(part: bytes | bytearray, *, transfer: bytes, number: int) -> OpenedPart:
    """Open a part. Before anything is returned it was read to its end.

    An item that can't be read costs only itself, and is counted. Raises RemoteProtocolError if the
    part isn't whole, or not the one that was asked for.
    """
    if len(part) > MAX_PART_BYTES:
        raise RemoteProtocolError("the part is too large")
    begins: Item | None = None
    item: Item | None = None
    unreadable = 0
    for at, item in enumerate(_items(part)):
        if isinstance(item, PartBegins) == (at > 0):
            raise RemoteProtocolError("a part begins once, with its first item")
        begins = begins or item
        unreadable += item is None
    if not isinstance(begins, PartBegins) or not isinstance(item, PartEnds):
        raise RemoteProtocolError("the part has no beginning or no end")
    if (begins.transfer, begins.number) != (transfer, number):
        raise RemoteProtocolError("the part is another one")
    return OpenedPart(
        items=(
            each
            for each in _items(part)
            if each is not None and not isinstance(each, (PartBegins, PartEnds))
        ),
        unreadable=unreadable,
        ends=item,
    )


def _items(part: bytes | bytearray) -> Iterator[Item | None]:
    """Yield the items as they stand, None for one that can't be read.

    Raises RemoteProtocolError where the row of items itself is broken.
    """
    at = 0
    while at < len(part):
        start = at + _LENGTH_BYTES
        size = int.from_bytes(part[at:start], "big")
        at = start + size
        if at > len(part) or not 0 < size <= MAX_ITEM_BYTES:
            raise RemoteProtocolError("the part is cut off or not made of items")
        try:
            item = decode_tagged(bytes(part[start:at]), _ITEMS)
        except RemoteProtocolError:
            yield None
            continue
        yield item
        if isinstance(item, PartEnds) and at < len(part):
            raise RemoteProtocolError("something follows the end of the part")
