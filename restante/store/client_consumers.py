"""Named consumers of the feed: how far each has come, and what its program would not take.

Rule: a consumer's cursor never moves back; a line is dead in the transaction that moves the cursor
past it, so it is either still to come or on the list. A line of an erased message is on no list.
Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Integer, Table, Text, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_rows import Rows, Shape, Statement

dead_letters: Final = Table(
    "dead_letters",
    tables.client_metadata,
    Column("consumer", Text, primary_key=True, nullable=False),
    Column("cursor", Integer, primary_key=True, nullable=False, autoincrement=False),
    Column("error", Text, nullable=False),
    Column("died_at_ms", Integer, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterRow:
    """A line of the feed that a consumer's program refused for good."""

    consumer: str
    cursor: int
    error: str
    died_at_ms: int


_consumers = tables.consumers
_feed = tables.feed
DEAD_LETTER: Final = Shape(DeadLetterRow, dead_letters)
_CURSOR = Statement(select(_consumers.c.cursor).where(_consumers.c.name == bindparam("name")))
_moved = upsert(_consumers)
_MOVE = Statement(
    _moved.on_conflict_do_update(
        index_elements=[_consumers.c.name],
        set_={"cursor": func.max(_consumers.c.cursor, _moved.excluded.cursor)},
    ),
    "name",
    "cursor",
)
_ALL = Statement(
    select(
        _consumers.c.name,
        _consumers.c.cursor,
        select(func.count())
        .select_from(_feed)
        .where(_feed.c.cursor > _consumers.c.cursor)
        .scalar_subquery(),
    ).order_by(_consumers.c.name)
)
_FORGET = Statement(delete(_consumers).where(_consumers.c.name == bindparam("name")))
_FORGET_DEAD = Statement(delete(dead_letters).where(dead_letters.c.consumer == bindparam("name")))
_bury = upsert(dead_letters)
_BURY = Statement(
    _bury.on_conflict_do_update(
        index_elements=[dead_letters.c.consumer, dead_letters.c.cursor],
        set_={"error": _bury.excluded.error, "died_at_ms": _bury.excluded.died_at_ms},
    ),
    *DEAD_LETTER.names,
)
_DEAD = Statement(
    select(*DEAD_LETTER.columns)
    .join(_feed, _feed.c.cursor == dead_letters.c.cursor)
    .order_by(dead_letters.c.consumer, dead_letters.c.cursor)
)
_RAISE = Statement(
    delete(dead_letters).where(
        dead_letters.c.consumer == bindparam("name"), dead_letters.c.cursor == bindparam("at")
    )
)
_FORGET_ERASED = Statement(
    delete(dead_letters).where(dead_letters.c.cursor.not_in(select(_feed.c.cursor)))
)


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
