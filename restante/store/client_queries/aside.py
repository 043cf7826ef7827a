"""What `store/client_aside.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_aside import AsideRow
from restante.store.client_queries.compiling import Columns, Query

_aside = tables.aside
_ASIDE = Columns(AsideRow, _aside)
PUT = Query(upsert(_aside).on_conflict_do_nothing(), *_ASIDE.names, "tag")
TOTALS = Query(
    select(func.count(), func.coalesce(func.sum(func.length(_aside.c.payload)), 0)).select_from(
        _aside
    )
)
OLDEST = Query(
    select(_aside.c.envelope_id, func.length(_aside.c.payload)).order_by(_aside.c.number)
)
BY_TAG = Query(
    select(*_ASIDE.columns).where(_aside.c.tag == bindparam("tag")).order_by(_aside.c.number)
)
ALL = Query(select(*_ASIDE.columns).order_by(_aside.c.number))
REMOVE = Query(_aside.delete().where(_aside.c.envelope_id == bindparam("envelope_id")))
