"""What `store/client_rewrites.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select, text

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query
from restante.store.client_queries.messages import select_messages

_messages = tables.messages
_is_this = _messages.c.id == bindparam("which")
REWRITE = Query(_messages.update().where(_is_this), "kind", "text", "quote_id", "quote_excerpt")
ERASE = Query(
    _messages.update().where(_is_this),
    "kind",
    "text",
    "body",
    "error",
    "quote_id",
    "quote_excerpt",
)
SET_EXCERPT = Query(_messages.update().where(_is_this), "quote_excerpt", "body")
QUOTING = Query(
    select_messages.where(_messages.c.quote_id == bindparam("quoted")).order_by(
        _messages.c.order_key
    )
)
SET_GONE = Query(_messages.update().where(_is_this), "gone_at_ms")
GONE = Query(
    select_messages.where(_messages.c.gone_at_ms <= bindparam("now_ms"))
    .order_by(_messages.c.gone_at_ms)
    .limit(bindparam("limit"))
)
NEXT_GONE = Query(
    select(func.min(_messages.c.gone_at_ms)).where(_messages.c.gone_at_ms.is_not(None))
)
# As literal text: SQLite takes a partial index only for the very condition it was made with.
LAST_SETTING = Query(
    select_messages.where(
        _messages.c.conversation == bindparam("conversation"), text(tables.IS_SETTING)
    )
    .order_by(_messages.c.order_key.desc())
    .limit(1)
)
OF_KIND = Query(
    select_messages.where(_messages.c.kind == bindparam("kind")).order_by(_messages.c.number)
)
