"""What a conversation is beside its messages: its number, its clock, and counters that show gaps.

Rule: everything is kept by the conversation's key (the other account's id, or a group's); the
number that replaces it in the tables never leaves the store. A device that skips ahead by more than
`MAX_MISSING` has its nearest gaps noted, and no more: the counter is its word alone.
Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.store.client_rows import Rows, Statement

MAX_MISSING: Final = 1000
"""Gaps noted at once: as many as a ratchet may skip in one message."""
_NUMBER = Statement("conversations.NUMBER")
_CREATE = Statement("conversations.CREATE")
_CLOCK = Statement("conversations.CLOCK")
_SET_CLOCK = Statement("conversations.SET_CLOCK")
_COUNT_UP = Statement("conversations.COUNT_UP")
_OWN_COUNTER = Statement("conversations.OWN_COUNTER")
_HIGHEST = Statement("conversations.HIGHEST")
_SET_HIGHEST = Statement("conversations.SET_HIGHEST")
_ADD_GAP = Statement("conversations.ADD_GAP")
_FILL_GAP = Statement("conversations.FILL_GAP")
_IS_GAP = Statement("conversations.IS_GAP")
_GAPS = Statement("conversations.GAPS")


def number_of(rows: Rows, key: bytes) -> int | None:
    """Return a conversation's number, if it has begun."""
    number: int | None = rows.value(_NUMBER, key=key)
    return number


def begin(rows: Rows, key: bytes) -> int:
    """Return a conversation's number; a new one begins empty."""
    number = number_of(rows, key)
    if number is None:
        rows.run(_CREATE, key=key, message_count=0, unread_count=0, own_counter=0, clock=0)
        number = int(rows.value(_NUMBER, key=key))
    return number


def clock(rows: Rows, conversation: bytes) -> int:
    """Return where the conversation's hybrid logical clock stands; 0 before its first message."""
    return int(rows.value(_CLOCK, key=conversation) or 0)


def set_clock(rows: Rows, conversation: bytes, clock: int) -> None:
    """Keep where the conversation's clock stands."""
    rows.run(_SET_CLOCK, which=begin(rows, conversation), clock=clock)


def next_counter(rows: Rows, conversation: bytes) -> int:
    """Return this device's next counter of the conversation, from 1, and count it as used."""
    return int(rows.value(_COUNT_UP, which=begin(rows, conversation)))


def own_counter(rows: Rows, conversation: bytes) -> int:
    """Return this device's last counter of the conversation; 0 before its first."""
    return int(rows.value(_OWN_COUNTER, key=conversation) or 0)


def note_counter(rows: Rows, conversation: bytes, device_id: bytes, counter: int) -> list[int]:
    """Note that a device's counter has arrived; return those that are missing since now.

    Devices count from 1. One that was missing is missing no more.
    """
    number = begin(rows, conversation)
    where = {"conversation": number, "device_id": device_id}
    highest = int(rows.value(_HIGHEST, **where) or 0)
    if counter <= highest:
        rows.run(_FILL_GAP, in_conversation=number, of_device=device_id, at_counter=counter)
        return []
    missing = list(range(max(highest + 1, counter - MAX_MISSING), counter))
    rows.run_many(_ADD_GAP, ({**where, "counter": each} for each in missing))
    rows.run(_SET_HIGHEST, **where, highest=counter)
    return missing


def count_from(rows: Rows, conversation: bytes, device_id: bytes, counter: int) -> bool:
    """Count a device from `counter` on, nothing before is missing; False if it counts already."""
    where = {"conversation": begin(rows, conversation), "device_id": device_id}
    if rows.value(_HIGHEST, **where) is not None:
        return False
    rows.run(_SET_HIGHEST, **where, highest=counter - 1)
    return True


def note_missing(rows: Rows, conversation: bytes, device_id: bytes, counter: int) -> bool:
    """Note that a counter was sent and isn't here; False if it came, or is known to be missing."""
    number = begin(rows, conversation)
    where = {"conversation": number, "device_id": device_id}
    if counter <= int(rows.value(_HIGHEST, **where) or 0):
        return False
    note_counter(rows, conversation, device_id, counter)
    rows.run(_ADD_GAP, **where, counter=counter)
    return True


def is_missing(rows: Rows, conversation: bytes, device_id: bytes, counter: int) -> bool:
    """Whether a device's counter is known to be missing."""
    where = {"of_device": device_id, "at_counter": counter}
    return rows.first(_IS_GAP, in_conversation=number_of(rows, conversation), **where) is not None


def gaps(rows: Rows, conversation: bytes) -> list[tuple[bytes, int]]:
    """Return what is missing from a conversation: device ids and their counters, in order."""
    return [
        (device_id, counter)
        for device_id, counter in rows.all(_GAPS, conversation=number_of(rows, conversation))
    ]
