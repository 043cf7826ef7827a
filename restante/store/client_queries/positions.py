"""What `store/client_positions.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query

_chunks = tables.chunks
_messages = tables.messages
_here = _chunks.c.conversation == bindparam("conversation")
FORWARDS = Query(
    select(_chunks.c.first_key, _chunks.c.size).where(_here).order_by(_chunks.c.first_key)
)
BACKWARDS = Query(
    select(_chunks.c.first_key, _chunks.c.size).where(_here).order_by(_chunks.c.first_key.desc())
)
_chunk = (
    select(func.max(_chunks.c.first_key).label("first_key"))
    .where(_here, _chunks.c.first_key <= bindparam("key"))
    .subquery("chunk")
)
_before = (
    select(func.coalesce(func.sum(_chunks.c.size), 0))
    .where(_here, _chunks.c.first_key < _chunk.c.first_key)
    .correlate(_chunk)
    .scalar_subquery()
)
_inside = (
    select(func.count())
    .select_from(_messages)
    .where(
        _messages.c.conversation == bindparam("conversation"),
        _messages.c.order_key >= _chunk.c.first_key,
        _messages.c.order_key < bindparam("key"),
    )
    .correlate(_chunk)
    .scalar_subquery()
)
POSITION = Query(select(_before + _inside).select_from(_chunk))
