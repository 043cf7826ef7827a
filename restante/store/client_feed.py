"""Everything that arrived, in the order of arrival, and how far each named consumer has read.

Rule: a cursor is never given twice and a consumer's never moves back; an erased message takes its
lines with it. Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_messages import MessageRow, read_placed, select_messages
from restante.store.client_rows import Rows, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One line: what happened, and the message it happened to, as that stands now."""

    cursor: int
    type: str
    at_ms: int
    detail: str | None = field(repr=False)
    message: MessageRow
    position: int


_feed = tables.feed
_messages = tables.messages
_consumers = tables.consumers

_APPEND = Statement(
    _feed.insert()
    .values(
        message=select(_messages.c.number)
        .where(_messages.c.id == bindparam("message_id"))
        .scalar_subquery(),
        type=bindparam("of_type"),
        at_ms=bindparam("when_ms"),
        detail=bindparam("with_detail"),
    )
    .returning(_feed.c.cursor)
)
_AFTER = Statement(
    select_messages.add_columns(_feed.c.cursor, _feed.c.type, _feed.c.at_ms, _feed.c.detail)
    .join(_feed, _feed.c.message == _messages.c.number)
    .where(_feed.c.cursor > bindparam("after"))
    .order_by(_feed.c.cursor)
    .limit(bindparam("limit"))
)
_LAST = Statement(select(func.coalesce(func.max(_feed.c.cursor), 0)))
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
_OF = Statement(
    select(_feed.c.cursor, _feed.c.type, _feed.c.at_ms, _feed.c.detail)
    .join(_messages, _feed.c.message == _messages.c.number)
    .where(_messages.c.id == bindparam("id"))
    .order_by(_feed.c.cursor)
)
_PUT_BACK = Statement(
    _feed.insert().values(
        cursor=bindparam("at_cursor"),
        message=select(_messages.c.number)
        .where(_messages.c.id == bindparam("message_id"))
        .scalar_subquery(),
        type=bindparam("of_type"),
        at_ms=bindparam("when_ms"),
        detail=bindparam("with_detail"),
    )
)
_FEED_COLUMNS = 4

FeedLine = tuple[int, str, int, str | None]
"""Cursor, type, time and detail of a line."""


def append_feed(
    rows: Rows,
    type: str,  # noqa: A002  # the field's name in what `tail` prints
    message_id: bytes,
    *,
    at_ms: int,
    detail: str | None = None,
) -> int:
    """Add a line about a message, and return its cursor. Raises Conflict if that is not here."""
    cursor: int = rows.value(
        _APPEND, message_id=message_id, of_type=type, when_ms=at_ms, with_detail=detail
    )
    return cursor


def feed_after(rows: Rows, cursor: int, limit: int) -> list[FeedRow]:
    """Return the lines past a cursor, oldest first."""
    lines = []
    for found in rows.all(_AFTER, after=cursor, limit=limit):
        placed = read_placed(rows, found[:-_FEED_COLUMNS])
        at, type_, at_ms, detail = found[-_FEED_COLUMNS:]
        lines.append(
            FeedRow(
                cursor=at,
                type=type_,
                at_ms=at_ms,
                detail=detail,
                message=placed.row,
                position=placed.position,
            )
        )
    return lines


def last_cursor(rows: Rows) -> int:
    """Return the newest line's cursor; 0 if there is none."""
    return int(rows.value(_LAST))


def cursor(rows: Rows, consumer: str) -> int:
    """Return how far a consumer has read; 0 if it is new."""
    return int(rows.value(_CURSOR, name=consumer) or 0)


def set_cursor(rows: Rows, consumer: str, cursor: int) -> None:
    """Move a consumer's cursor forward; a smaller one changes nothing."""
    rows.run(_MOVE, name=consumer, cursor=cursor)


def feed_of(rows: Rows, message_id: bytes) -> list[FeedLine]:
    """Return the lines about a message."""
    return [
        (cursor, of, at_ms, detail) for cursor, of, at_ms, detail in rows.all(_OF, id=message_id)
    ]


def put_feed_back(rows: Rows, message_id: bytes, lines: list[FeedLine]) -> None:
    """Give an entry that was filed anew the lines that it had, under their old cursors."""
    for cursor_, of_type, when_ms, detail in lines:
        rows.run(
            _PUT_BACK,
            at_cursor=cursor_,
            message_id=message_id,
            of_type=of_type,
            when_ms=when_ms,
            with_detail=detail,
        )
