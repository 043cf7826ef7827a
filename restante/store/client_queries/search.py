"""What `store/client_search.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, column, select, table, text

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query
from restante.store.client_queries.messages import select_messages

_search = table("message_search", column("rowid"))
_messages = tables.messages
FIND = Query(
    select(_search.c.rowid)
    .where(
        text("message_search MATCH :wanted"),
        _search.c.rowid >= bindparam("lowest"),
        _search.c.rowid <= bindparam("highest"),
    )
    .order_by(_search.c.rowid.desc())
    .limit(bindparam("limit"))
)
BY_NUMBER = Query(select_messages.where(_messages.c.number == bindparam("number")))
KEY_OF = Query(
    select(_messages.c.number, _messages.c.sent_at_ms, _messages.c.received_at_ms).where(
        _messages.c.id == bindparam("id")
    )
)
