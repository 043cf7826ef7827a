"""What `store/client_consumers.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, Table, Text, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_consumers import DeadLetterRow
from restante.store.client_queries.compiling import Columns, Query

dead_letters: Final = Table(
    "dead_letters",
    tables.client_metadata,
    Column("consumer", Text, primary_key=True, nullable=False),
    Column("cursor", Integer, primary_key=True, nullable=False, autoincrement=False),
    Column("error", Text, nullable=False),
    Column("died_at_ms", Integer, nullable=False),
    sqlite_with_rowid=False,
)
_consumers = tables.consumers
_feed = tables.feed
DEAD_LETTER: Final = Columns(DeadLetterRow, dead_letters)
CURSOR = Query(select(_consumers.c.cursor).where(_consumers.c.name == bindparam("name")))
_moved = upsert(_consumers)
MOVE = Query(
    _moved.on_conflict_do_update(
        index_elements=[_consumers.c.name],
        set_={"cursor": func.max(_consumers.c.cursor, _moved.excluded.cursor)},
    ),
    "name",
    "cursor",
)
ALL = Query(
    select(
        _consumers.c.name,
        _consumers.c.cursor,
        select(func.count())
        .select_from(_feed)
        .where(_feed.c.cursor > _consumers.c.cursor)
        .scalar_subquery(),
    ).order_by(_consumers.c.name)
)
FORGET = Query(delete(_consumers).where(_consumers.c.name == bindparam("name")))
FORGET_DEAD = Query(delete(dead_letters).where(dead_letters.c.consumer == bindparam("name")))
_bury = upsert(dead_letters)
BURY = Query(
    _bury.on_conflict_do_update(
        index_elements=[dead_letters.c.consumer, dead_letters.c.cursor],
        set_={"error": _bury.excluded.error, "died_at_ms": _bury.excluded.died_at_ms},
    ),
    *DEAD_LETTER.names,
)
DEAD = Query(
    select(*DEAD_LETTER.columns)
    .join(_feed, _feed.c.cursor == dead_letters.c.cursor)
    .order_by(dead_letters.c.consumer, dead_letters.c.cursor)
)
RAISE = Query(
    delete(dead_letters).where(
        dead_letters.c.consumer == bindparam("name"), dead_letters.c.cursor == bindparam("at")
    )
)
FORGET_ERASED = Query(
    delete(dead_letters).where(dead_letters.c.cursor.not_in(select(_feed.c.cursor)))
)
