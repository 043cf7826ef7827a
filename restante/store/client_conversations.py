"""What a conversation is beside its messages: its number, its clock, and counters that show gaps.

Rule: everything is kept by the conversation's key (the other account's id, or a group's); the
number that replaces it in the tables never leaves the store. A device that skips ahead by more than
`MAX_MISSING` has its nearest gaps noted, and no more: the counter is its word alone.
Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_rows import Rows, Statement

MAX_MISSING: Final = 1000
"""Gaps noted at once: as many as a ratchet may skip in one message."""

_conversations = tables.conversations
_counters = tables.counters
_gaps = tables.gaps

_NUMBER = Statement(select(_conversations.c.number).where(_conversations.c.key == bindparam("key")))
_CREATE = Statement(
    _conversations.insert(), "key", "message_count", "unread_count", "own_counter", "clock"
)
_CLOCK = Statement(select(_conversations.c.clock).where(_conversations.c.key == bindparam("key")))
_SET_CLOCK = Statement(
    _conversations.update().where(_conversations.c.number == bindparam("which")), "clock"
)
_COUNT_UP = Statement(
    _conversations.update()
    .where(_conversations.c.number == bindparam("which"))
    .values(own_counter=_conversations.c.own_counter + 1)
    .returning(_conversations.c.own_counter)
)
_of_device = (_counters.c.conversation == bindparam("conversation")) & (
    _counters.c.device_id == bindparam("device_id")
)
_OWN_COUNTER = Statement(
    select(_conversations.c.own_counter).where(_conversations.c.key == bindparam("key"))
)
_HIGHEST = Statement(select(_counters.c.highest).where(_of_device))
_new_counter = upsert(_counters)
_SET_HIGHEST = Statement(
    _new_counter.on_conflict_do_update(
        index_elements=[_counters.c.conversation, _counters.c.device_id],
        set_={"highest": _new_counter.excluded.highest},
    ),
    "conversation",
    "device_id",
    "highest",
)
_ADD_GAP = Statement(upsert(_gaps).on_conflict_do_nothing(), "conversation", "device_id", "counter")
_is_gap = (
    (_gaps.c.conversation == bindparam("in_conversation"))
    & (_gaps.c.device_id == bindparam("of_device"))
    & (_gaps.c.counter == bindparam("at_counter"))
)
_FILL_GAP = Statement(_gaps.delete().where(_is_gap))
_IS_GAP = Statement(select(_gaps.c.counter).where(_is_gap))
_GAPS = Statement(
    select(_gaps.c.device_id, _gaps.c.counter)
    .where(_gaps.c.conversation == bindparam("conversation"))
    .order_by(_gaps.c.device_id, _gaps.c.counter)
)


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
