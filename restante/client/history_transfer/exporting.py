"""The history given out, step by step: a small first part, the newest first, and what came late.

Rule: a step is a function of the database and of where the walk stands; it reads a bounded number
of rows and returns where the next one goes on. Where it stands is durable only with the part that
it made: a part that was never kept is made again. Knows no blob and no network.
Spec: docs/protocol/history.md, section 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from enum import IntEnum
from itertools import islice
from typing import TYPE_CHECKING, Final

from restante.client.history_transfer.items import (
    is_exported,
    is_mark_exported,
    mark_item,
    message_item,
    record_item,
)
from restante.protocol.history_part import (
    MAX_COUNTERS,
    MAX_PART_BYTES,
    DeviceCounter,
    HistoryConversation,
    PartEnds,
    is_readable,
    pack_item,
)
from restante.store import client_transfer_rows as history
from restante.store.client_conversations import clock, gaps, own_counter
from restante.store.client_marks import marks_of
from restante.store.client_transfers import OUT, TransferRow, WalkRow
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

STEP_ROWS: Final = 256
"""Rows of one step: some milliseconds of the database's time, so that nobody waits for a part."""

NEWEST: Final = 64
"""Messages of each conversation that go before all others: what its first screens show."""

FIRST_PART_BYTES: Final = 1024 * 1024
"""Of the first part: the new device shows something as soon as it has that."""

RESERVED_BYTES: Final = 4096
"""For the items that a part begins and ends with."""

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""Of a message with its marks; past that the oldest marks stay behind."""

MAX_GAPS: Final = 8 * MAX_COUNTERS
"""Missing counters of a conversation that are given out: other devices' word alone."""


class Stage(IntEnum):
    """What is given out, in this order."""

    RECORDS = 0
    NEWEST = 1
    """Of each conversation its counters and its newest messages."""
    REST = 2
    STRAYS = 3
    """Marks whose message isn't here."""
    LATE_MESSAGES = 4
    """What came since the beginning: perhaps from somebody who didn't know of the new device."""
    LATE_MARKS = 5
    COUNTERS = 6
    """Once more, as they stand now; whatever came meanwhile is given out first."""
    DONE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the history a transfer stands."""

    transfer: TransferRow
    walk: tuple[WalkRow, ...]


@dataclass(slots=True, kw_only=True)
class Filling:
    """A part that is being filled."""

    room_bytes: int
    items: bytearray = field(default_factory=bytearray)
    is_full: bool = False
    left_out: int = 0
    """Items that nobody could read: a row that is damaged costs only itself."""

    def take(self, *packed: bytes) -> bool:
        """Add an item, or several that belong together; False if the part is full."""
        readable = [each for each in packed if is_readable(each)]
        size_bytes = sum(map(len, readable))
        fits = len(self.items) + size_bytes <= self.room_bytes or not self.items
        if fits:
            self.items += b"".join(readable)
            self.left_out += len(packed) - len(readable)
        self.is_full = self.is_full or not fits
        return fits


def room_of(number: int, *, part_bytes: int) -> int:
    """Return how many bytes of items a part takes, by its number."""
    return min(part_bytes, FIRST_PART_BYTES if number == 0 else MAX_PART_BYTES) - RESERVED_BYTES


def begin(rows: Rows, *, transfer: bytes, device_id: bytes, now_ms: int) -> Place:
    """Return where a transfer of all that is here now begins."""
    message_number, mark_number = history.last_numbers(rows)
    return Place(
        transfer=TransferRow(
            id=transfer,
            direction=OUT,
            device_id=device_id,
            state="open",
            stage=int(Stage.RECORDS),
            message_number=message_number,
            mark_number=mark_number,
            messages_in_all=history.message_total(rows),
            begun_at_ms=now_ms,
        ),
        walk=tuple(
            WalkRow(
                transfer=transfer,
                position=position,
                conversation=key,
                before_key=history.AFTER_ALL,
            )
            for position, key in enumerate(history.conversation_keys(rows))
        ),
    )


def step(rows: Rows, place: Place, part: Filling, *, own_device: bytes, now_ms: int) -> Place:
    """Give out what comes next, and return where it goes on; `part` may be full then."""
    match place.transfer.stage:
        case Stage.RECORDS:
            return _records(rows, place, part)
        case Stage.NEWEST | Stage.REST:
            return _messages(rows, place, part, own_device=own_device, now_ms=now_ms)
        case Stage.LATE_MESSAGES:
            return _late_messages(rows, place, part, now_ms=now_ms)
        case Stage.STRAYS | Stage.LATE_MARKS:
            return _marks(rows, place, part, now_ms=now_ms)
        case _:
            return _counters(rows, place, part, own_device=own_device)


def ends(place: Place, part: Filling, *, lost: int = 0) -> PartEnds:
    """Return what a part says at its end. `lost`: what this device itself never got."""
    is_last = place.transfer.stage == Stage.DONE
    return PartEnds(
        is_last=is_last,
        messages_so_far=place.transfer.messages_so_far,
        messages_in_all=max(place.transfer.messages_in_all, place.transfer.messages_so_far),
        left_out=part.left_out + (lost if is_last else 0),
    )


# ---- the stages -----------------------------------------------------------------------------


def _records(rows: Rows, place: Place, part: Filling) -> Place:
    cursor = place.transfer.cursor
    kind, key = (cursor[0], cursor[1:]) if cursor else (0, b"")
    found = history.records_after(rows, kind, key, STEP_ROWS)
    for row in found:
        if not part.take(pack_item(record_item(row))):
            return _at(place, cursor)
        cursor = bytes([row.kind]) + row.key
    return _at(place, cursor) if len(found) == STEP_ROWS else _next(place)


def _messages(rows: Rows, place: Place, part: Filling, *, own_device: bytes, now_ms: int) -> Place:
    """Give out messages of one conversation, the newest first."""
    position, taken = _read_cursor(place)
    if position >= len(place.walk):
        return _next(place)
    here = place.walk[position]
    is_first_round = place.transfer.stage == Stage.NEWEST
    if is_first_round and not taken:
        counters = _counters_of(rows, here.conversation, own_device=own_device)
        if not part.take(*counters):
            return place
    limit = min(STEP_ROWS, NEWEST - taken) if is_first_round else STEP_ROWS
    before_key, so_far = here.before_key, 0
    found = history.messages_before(rows, here.conversation, before_key, limit)
    for row in found:
        if is_exported(row, now_ms=now_ms) and not part.take(*_packed(rows, row, now_ms=now_ms)):
            break
        before_key, so_far = row.order_key, so_far + 1
    walk = list(place.walk)
    walk[position] = replace(here, before_key=before_key)
    place = replace(place, walk=tuple(walk)) if so_far else place
    place = _counted(place, so_far)
    if not part.is_full and (is_first_round or len(found) < limit):
        return _at(place, _cursor(position + 1, 0))
    # Having taken one at least, its counters are not given out again.
    return _at(place, _cursor(position, max(taken + so_far, 1) if is_first_round else 0))


def _late_messages(rows: Rows, place: Place, part: Filling, *, now_ms: int) -> Place:
    number = _number(place, place.transfer.message_number)
    found = history.messages_after(rows, number, STEP_ROWS)
    so_far = 0
    for each, row in found:
        if is_exported(row, now_ms=now_ms) and not part.take(*_packed(rows, row, now_ms=now_ms)):
            break
        number, so_far = each, so_far + 1
    place = _counted(place, so_far)
    is_over = not part.is_full and len(found) < STEP_ROWS
    if not is_over:
        return _at(place, number.to_bytes(8, "big"))
    return _next(replace(place, transfer=replace(place.transfer, message_number=number)))


def _marks(rows: Rows, place: Place, part: Filling, *, now_ms: int) -> Place:
    are_strays = place.transfer.stage == Stage.STRAYS
    number = _number(place, 0 if are_strays else place.transfer.mark_number)
    found = history.marks_after(rows, number, STEP_ROWS, strays_alone=are_strays)
    for each, row in found:
        if is_mark_exported(row, now_ms=now_ms) and not part.take(pack_item(mark_item(row))):
            break
        number = each
    is_over = not part.is_full and len(found) < STEP_ROWS
    if not is_over:
        return _at(place, number.to_bytes(8, "big"))
    if not are_strays:
        place = replace(place, transfer=replace(place.transfer, mark_number=number))
    return _next(place)


def _counters(rows: Rows, place: Place, part: Filling, *, own_device: bytes) -> Place:
    position, _ = _read_cursor(place)
    if _has_more_come(rows, place):  # counters would say of it that nobody misses it
        return replace(
            place, transfer=replace(place.transfer, stage=int(Stage.LATE_MESSAGES), cursor=b"")
        )
    for here in islice(place.walk, position, position + STEP_ROWS):
        if not part.take(*_counters_of(rows, here.conversation, own_device=own_device)):
            break
        position += 1
    return _next(place) if position >= len(place.walk) else _at(place, _cursor(position, 0))


def _has_more_come(rows: Rows, place: Place) -> bool:
    """Whether something came since all that had come late was given out."""
    message_number, mark_number = history.last_numbers(rows)
    row = place.transfer
    return message_number > row.message_number or mark_number > row.mark_number


def _packed(rows: Rows, row: MessageRow, *, now_ms: int) -> list[bytes]:
    """Pack a message and its marks, the newest first as long as there is room."""
    packed = [pack_item(message_item(row))]
    left = MAX_MESSAGE_BYTES - len(packed[0])
    for mark in reversed(marks_of(rows, row.id)):
        if not is_mark_exported(mark, now_ms=now_ms):
            continue
        packed.append(pack_item(mark_item(mark)))
        left -= len(packed[-1])
        if left < 0:
            packed.pop()
            break
    return packed


def _counters_of(rows: Rows, conversation: bytes, *, own_device: bytes) -> list[bytes]:
    """Pack what is known of a conversation's counters: the highest first, then what is missing."""
    highest = history.highest_counters(rows, conversation)
    own = own_counter(rows, conversation)
    if own:
        highest.append((own_device, own))
    missing = gaps(rows, conversation)[-MAX_GAPS:]
    now = clock(rows, conversation)
    known = [
        *((chunk, []) for chunk in _chunks(highest) or [[]]),
        *(([], chunk) for chunk in _chunks(missing)),
    ]
    return [
        pack_item(
            HistoryConversation(conversation=conversation, clock=now, highest=high, missing=lacking)
        )
        for high, lacking in known
    ]


def _chunks(counters: Iterable[tuple[bytes, int]]) -> list[list[DeviceCounter]]:
    left: Iterator[DeviceCounter] = (
        DeviceCounter(device=device, counter=counter) for device, counter in counters
    )
    return list(iter(lambda: list(islice(left, MAX_COUNTERS)), []))


# ---- where it stands ------------------------------------------------------------------------


def _at(place: Place, cursor: bytes) -> Place:
    return replace(place, transfer=replace(place.transfer, cursor=cursor))


def _next(place: Place) -> Place:
    stage = place.transfer.stage + 1
    return replace(place, transfer=replace(place.transfer, stage=stage, cursor=b""))


def _counted(place: Place, added: int) -> Place:
    so_far = place.transfer.messages_so_far + added
    return replace(place, transfer=replace(place.transfer, messages_so_far=so_far))


def _cursor(position: int, taken: int) -> bytes:
    return position.to_bytes(4, "big") + taken.to_bytes(2, "big")


def _read_cursor(place: Place) -> tuple[int, int]:
    cursor = place.transfer.cursor
    return int.from_bytes(cursor[:4], "big"), int.from_bytes(cursor[4:], "big")


def _number(place: Place, otherwise: int) -> int:
    cursor = place.transfer.cursor
    return int.from_bytes(cursor, "big") if cursor else otherwise
