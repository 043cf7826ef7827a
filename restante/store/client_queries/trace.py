"""What `store/client_trace.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_trace import TraceRow

_trace = tables.trace
TRACE: Final = Columns(TraceRow, _trace)
ADD = Query(_trace.insert(), *TRACE.names)
OF = Query(
    select(*TRACE.columns)
    .where(_trace.c.message_id == bindparam("message_id"))
    .order_by(_trace.c.number)
)
DELETE_BEFORE = Query(_trace.delete().where(_trace.c.at_ms < bindparam("before_ms")))
