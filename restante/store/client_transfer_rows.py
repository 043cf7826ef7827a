"""The history as a whole, read for another device and filed from one: long walks, bounded steps.

Rule: a step reads or writes a bounded number of rows, and where the next one begins follows from
its last row, so that nothing is held open between two of them. Filing what is there already
changes nothing. Knows no format. Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from restante.store.client_conversations import begin, number_of
from restante.store.client_marks import MARK, MarkRow
from restante.store.client_messages import MESSAGE, MessageRow
from restante.store.client_records import RECORD, RecordRow
from restante.store.client_rows import Rows, Statement

AFTER_ALL: Final = b"\xff" * 25
"""Sorts after every order key."""
_KEYS = Statement("transfer_rows.KEYS")
_LAST_MESSAGE = Statement("transfer_rows.LAST_MESSAGE")
_LAST_MARK = Statement("transfer_rows.LAST_MARK")
_COUNT = Statement("transfer_rows.COUNT")
_BEFORE = Statement("transfer_rows.BEFORE")
_MESSAGES_AFTER = Statement("transfer_rows.MESSAGES_AFTER")
_MARKS_AFTER = Statement("transfer_rows.MARKS_AFTER")
_STRAYS_AFTER = Statement("transfer_rows.STRAYS_AFTER")
_RECORDS_AFTER = Statement("transfer_rows.RECORDS_AFTER")
_HIGHEST = Statement("transfer_rows.HIGHEST")
_IS_HERE = Statement("transfer_rows.IS_HERE")
_RAISE_HIGHEST = Statement("transfer_rows.RAISE_HIGHEST")
_DROP_GAPS = Statement("transfer_rows.DROP_GAPS")
_ADD_GAP = Statement("transfer_rows.ADD_GAP")


def conversation_keys(rows: Rows) -> list[bytes]:
    """Return all conversations, the one with the newest message first."""
    return [key for (key,) in rows.all(_KEYS)]


def last_numbers(rows: Rows) -> tuple[int, int]:
    """Return the numbers of the message and of the mark that came last; 0 where there is none."""
    return int(rows.value(_LAST_MESSAGE) or 0), int(rows.value(_LAST_MARK) or 0)


def message_total(rows: Rows) -> int:
    """Return how many messages there are in all."""
    return int(rows.value(_COUNT) or 0)


def messages_before(
    rows: Rows, conversation: bytes, before_key: bytes, limit: int
) -> list[MessageRow]:
    """Return the messages of a conversation that sort before a key, the last one first."""
    number = number_of(rows, conversation)
    found = rows.all(_BEFORE, conversation=number, before_key=before_key, limit=limit)
    return [MESSAGE.read(row) for row in found]


def messages_after(rows: Rows, number: int, limit: int) -> list[tuple[int, MessageRow]]:
    """Return messages with their numbers, in the order of arrival, after a number."""
    found = rows.all(_MESSAGES_AFTER, after=number, limit=limit)
    return [(row[-1], MESSAGE.read(row[:-1])) for row in found]


def marks_after(
    rows: Rows, number: int, limit: int, *, strays_alone: bool = False
) -> list[tuple[int, MarkRow]]:
    """Return marks with their numbers, in the order of arrival; or those without their message."""
    statement = _STRAYS_AFTER if strays_alone else _MARKS_AFTER
    return [
        (row[-1], MARK.read(row[:-1])) for row in rows.all(statement, after=number, limit=limit)
    ]


def records_after(rows: Rows, kind: int, key: bytes, limit: int) -> list[RecordRow]:
    """Return the records that sort after a kind and key."""
    found = rows.all(_RECORDS_AFTER, kind=kind, key=key, limit=limit)
    return [RECORD.read(row) for row in found]


def highest_counters(rows: Rows, conversation: bytes) -> list[tuple[bytes, int]]:
    """Return the last counter of each device that has written to a conversation, but this one."""
    return [
        (device, highest)
        for device, highest in rows.all(_HIGHEST, conversation=number_of(rows, conversation))
    ]


def ids_here(rows: Rows, ids: Iterable[bytes]) -> set[bytes]:
    """Return those of the messages that are here."""
    return {each for each in ids if rows.first(_IS_HERE, id=each) is not None}


def merge_counters(
    rows: Rows, conversation: bytes, device_id: bytes, *, highest: int, missing: Iterable[int]
) -> None:
    """Take over what another device knows of a device's counters, up to `highest`.

    Up to there nothing is missing but what the other misses, too; past it stands what was noted
    here.
    """
    number = begin(rows, conversation)
    where = {"conversation": number, "device_id": device_id}
    rows.run(_RAISE_HIGHEST, **where, highest=highest)
    rows.run(_DROP_GAPS, in_conversation=number, of_device=device_id, up_to=highest)
    rows.run_many(_ADD_GAP, ({**where, "counter": each} for each in missing))
