"""What changes a message: edits, deletions, reactions, pins, and what its readers said of it.

Rule: a mark is kept by its id, once, whether its message is here or not; what follows from several
is folded by whoever reads them. Marks go with their message. Knows no content format.
Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from restante.store.client_conversations import begin, number_of
from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRow:
    """One change of the message `target`. `counter` is 0 for what was made here.

    `value` is what it says, sanitised: the new text, the emoji, "1" or "" for a pin, a state.
    """

    id: bytes
    conversation: bytes
    target: bytes
    kind: int
    author: bytes
    device_id: bytes
    counter: int
    rank: int
    at_ms: int
    gone_at_ms: int | None = None
    value: str = field(repr=False)
    body: bytes = field(repr=False)


LAST_HISTORY_KIND: Final = 99
"""Marks of greater kinds are a device's own notes, which have a time of their own."""
MARK: Final = Shape(MarkRow)
_INSERT = Statement("marks.INSERT")
_OF = Statement("marks.OF")
_BY_ID = Statement("marks.BY_ID")
_BY_COUNTER = Statement("marks.BY_COUNTER")
_SET_COUNTER = Statement("marks.SET_COUNTER")
_DELETE = Statement("marks.DELETE")
_GONE = Statement("marks.GONE")
_STAY = Statement("marks.STAY")
_IN = Statement("marks.IN")
_OF_KIND = Statement("marks.OF_KIND")
_ANY = Statement("marks.ANY")
_STRAY = Statement("marks.STRAY")


def add_mark(rows: Rows, row: MarkRow) -> bool:
    """Keep a mark; False if its id is there already."""
    number = begin(rows, row.conversation)
    return bool(rows.run(_INSERT, **{**MARK.write(row), "conversation": number}))


def has_marks(rows: Rows) -> bool:
    """Whether there is any mark at all, of whatever message."""
    return rows.first(_ANY) is not None


def marks_of(rows: Rows, target: bytes) -> list[MarkRow]:
    """Return what was said of a message, in the order of (rank, id)."""
    return [MARK.read(found) for found in rows.all(_OF, target=target)]


def mark(rows: Rows, id: bytes) -> MarkRow | None:  # the column's name
    """Return a mark."""
    found = rows.first(_BY_ID, id=id)
    return None if found is None else MARK.read(found)


def mark_by_counter(
    rows: Rows, conversation: bytes, device_id: bytes, counter: int
) -> MarkRow | None:
    """Return a device's mark by its counter, from 1: what a resend request may ask for."""
    number = number_of(rows, conversation)
    found = rows.first(_BY_COUNTER, conversation=number, device_id=device_id, counter=counter)
    return None if found is None else MARK.read(found)


def marks_of_kind(rows: Rows, conversation: bytes, kind: int) -> list[MarkRow]:
    """Return a conversation's marks of a kind, in the order of (rank, id)."""
    number = number_of(rows, conversation)
    return [MARK.read(found) for found in rows.all(_OF_KIND, conversation=number, kind=kind)]


def assign_mark_counter(rows: Rows, id: bytes, *, counter: int, body: bytes) -> None:
    """Give a mark of ours its counter, and the content that carries it: when it is first sealed."""
    rows.run(_SET_COUNTER, which=id, counter=counter, body=body)


def delete_mark(rows: Rows, id: bytes) -> None:  # the column's name
    """Forget one mark."""
    rows.run(_DELETE, which=id)


def delete_gone_marks(rows: Rows, now_ms: int) -> int:
    """Forget the marks whose time is over; return how many there were."""
    return rows.run(_GONE, now_ms=now_ms)


def keep_with_message(rows: Rows, target: bytes) -> None:
    """Let the changes of a message stay as long as it does: those that waited for it, too."""
    rows.run(_STAY, of_target=target)


def count_marks(rows: Rows, conversation: bytes) -> int:
    """Return how many marks there are in a conversation, of whomever."""
    return int(rows.value(_IN, number=number_of(rows, conversation)) or 0)


def count_stray_marks(rows: Rows, author: bytes) -> int:
    """Return how many marks of an author's are about messages that aren't here."""
    return int(rows.value(_STRAY, author=author) or 0)
