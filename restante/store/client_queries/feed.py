"""What `store/client_feed.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query
from restante.store.client_queries.messages import select_messages

_feed = tables.feed
_messages = tables.messages
APPEND = Query(
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
_lines = select_messages.add_columns(
    _feed.c.cursor, _feed.c.type, _feed.c.at_ms, _feed.c.detail
).join(_feed, _feed.c.message == _messages.c.number)
_after = (
    _lines.where(_feed.c.cursor > bindparam("after"), _feed.c.at_ms >= bindparam("since_ms"))
    .order_by(_feed.c.cursor)
    .limit(bindparam("limit"))
)
AFTER = Query(_after)
AFTER_OF = Query(
    _after.where(
        _messages.c.conversation
        == select(tables.conversations.c.number)
        .where(tables.conversations.c.key == bindparam("conversation"))
        .scalar_subquery()
    )
)
AT = Query(_lines.where(_feed.c.cursor == bindparam("at")))
OF = Query(
    select(_feed.c.cursor, _feed.c.type, _feed.c.at_ms, _feed.c.detail)
    .join(_messages, _feed.c.message == _messages.c.number)
    .where(_messages.c.id == bindparam("id"))
    .order_by(_feed.c.cursor)
)
PUT_BACK = Query(
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
