"""Named consumers of the feed: how far each has come, and what its program would not take.

Rule: a consumer's cursor never moves back; a line is dead in the transaction that moves the cursor
past it, so it is either still to come or on the list. A line of an erased message is on no list.
Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterRow:
    """A line of the feed that a consumer's program refused for good."""

    consumer: str
    cursor: int
    error: str
    died_at_ms: int


DEAD_LETTER: Final = Shape(DeadLetterRow)
_CURSOR = Statement("consumers.CURSOR")
_MOVE = Statement("consumers.MOVE")
_ALL = Statement("consumers.ALL")
_FORGET = Statement("consumers.FORGET")
_FORGET_DEAD = Statement("consumers.FORGET_DEAD")
_BURY = Statement("consumers.BURY")
_DEAD = Statement("consumers.DEAD")
_RAISE = Statement("consumers.RAISE")
_FORGET_ERASED = Statement("consumers.FORGET_ERASED")


def cursor(rows: Rows, consumer: str) -> int:
    """Return how far a consumer has read; 0 if it is new."""
    return int(rows.value(_CURSOR, name=consumer) or 0)


def set_cursor(rows: Rows, consumer: str, cursor: int) -> None:
    """Move a consumer's cursor forward; a smaller one changes nothing."""
    rows.run(_MOVE, name=consumer, cursor=cursor)


def consumers(rows: Rows) -> list[tuple[str, int, int]]:
    """Return every consumer's name, cursor, and how many lines are past it, by name."""
    return [(name, at, waiting) for name, at, waiting in rows.all(_ALL)]


def forget_consumer(rows: Rows, consumer: str) -> bool:
    """Forget a consumer and its dead letters; False if there is none of that name."""
    rows.run(_FORGET_DEAD, name=consumer)
    return bool(rows.run(_FORGET, name=consumer))


def bury(rows: Rows, row: DeadLetterRow) -> None:
    """Put a line on the list, and move the consumer past it."""
    rows.run(_FORGET_ERASED)
    rows.run(_BURY, **DEAD_LETTER.write(row))
    set_cursor(rows, row.consumer, row.cursor)


def dead(rows: Rows) -> list[DeadLetterRow]:
    """Return the list, by consumer and order of arrival."""
    return [DEAD_LETTER.read(found) for found in rows.all(_DEAD)]


def take_off(rows: Rows, consumer: str, cursor: int) -> bool:
    """Take a line off the list; False if it isn't on it."""
    return bool(rows.run(_RAISE, name=consumer, at=cursor))
