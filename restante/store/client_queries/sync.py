"""What `store/client_sync.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query

_touched = tables.touched
_log = tables.sync_log
SOME = Query(
    select(_touched.c.kind, _touched.c.key)
    .order_by(_touched.c.kind, _touched.c.key)
    .limit(bindparam("limit"))
)
SETTLE = Query(
    _touched.delete().where(
        _touched.c.kind == bindparam("kind"), _touched.c.key == bindparam("key")
    )
)
_new = upsert(_log)
ADD = Query(_new.on_conflict_do_nothing(), "counter", "at_ms", "items")
ITEMS = Query(select(_log.c["items"]).where(_log.c.counter == bindparam("counter")))
PRUNE = Query(_log.delete().where(_log.c.at_ms < bindparam("before_ms")))
