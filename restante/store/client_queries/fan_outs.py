"""What `store/client_fan_outs.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, LargeBinary, Table, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store.client_queries.compiling import Query
from restante.store.client_tables import client_metadata

fan_out_readers: Final = Table(
    "fan_out_readers",
    client_metadata,
    Column("entry_id", LargeBinary, primary_key=True, nullable=False),
    Column("devices", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
_ONE = fan_out_readers.c.entry_id == bindparam("which")
KEEP = Query(upsert(fan_out_readers).on_conflict_do_nothing(), "entry_id", "devices")
OF = Query(select(fan_out_readers.c.devices).where(_ONE))
FORGET = Query(fan_out_readers.delete().where(_ONE))
