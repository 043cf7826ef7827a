"""Everything that arrived, in the order of arrival.

Rule: a cursor is never given twice; an erased message takes its lines with it.
Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from restante.store.client_messages import MessageRow, read_placed
from restante.store.client_rows import Rows, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One line: what happened, and the message it happened to, as that stands now."""

    cursor: int
    type: str
    at_ms: int
    detail: str | None = field(repr=False)
    message: MessageRow
    position: int


_APPEND = Statement("feed.APPEND")
_AFTER = Statement("feed.AFTER")
_AFTER_OF = Statement("feed.AFTER_OF")
_AT = Statement("feed.AT")
_OF = Statement("feed.OF")
_PUT_BACK = Statement("feed.PUT_BACK")
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


def feed_after(
    rows: Rows, cursor: int, limit: int, *, since_ms: int = 0, conversation: bytes | None = None
) -> list[FeedRow]:
    """Return the lines past a cursor, oldest first; those since a time, of one conversation."""
    given = {"after": cursor, "since_ms": since_ms, "limit": limit}
    if conversation is None:
        found = rows.all(_AFTER, **given)
    else:
        found = rows.all(_AFTER_OF, **given, conversation=conversation)
    return [_line(rows, row) for row in found]


def feed_at(rows: Rows, cursor: int) -> FeedRow | None:
    """Return one line; None if its message was erased."""
    found = rows.first(_AT, at=cursor)
    return None if found is None else _line(rows, found)


def _line(rows: Rows, found: tuple[Any, ...]) -> FeedRow:
    placed = read_placed(rows, found[:-_FEED_COLUMNS])
    at, type_, at_ms, detail = found[-_FEED_COLUMNS:]
    return FeedRow(
        cursor=at,
        type=type_,
        at_ms=at_ms,
        detail=detail,
        message=placed.row,
        position=placed.position,
    )


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
