"""What `store/client_records.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, or_, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_records import CONVERSATION, RecordRow

_records = tables.records
RECORD: Final = Columns(RecordRow, _records)
_put = upsert(_records)
PUT = Query(
    _put.on_conflict_do_update(
        index_elements=[_records.c.kind, _records.c.key],
        set_={
            "rank": _put.excluded.rank,
            "device_id": _put.excluded.device_id,
            "value": _put.excluded.value,
        },
        where=or_(
            _records.c.rank < _put.excluded.rank,
            (_records.c.rank == _put.excluded.rank)
            & (_records.c.device_id < _put.excluded.device_id),
        ),
    ),
    *RECORD.names,
)
ONE = Query(
    select(*RECORD.columns).where(
        _records.c.kind == bindparam("kind"), _records.c.key == bindparam("key")
    )
)
# As literal text: five look-ups by the primary key, in one statement.
OF_CONVERSATION = Query(
    select(*RECORD.columns).where(
        _records.c.key == bindparam("key"), text(f"kind IN ({', '.join(map(str, CONVERSATION))})")
    )
)
OF_KIND = Query(
    select(*RECORD.columns).where(_records.c.kind == bindparam("kind")).order_by(_records.c.key)
)
ALL = Query(select(*RECORD.columns).order_by(_records.c.kind, _records.c.key))
