"""What `store/client_backups.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Text, bindparam, insert, select

from restante.store import client_tables as tables
from restante.store.client_backups import BackupRow
from restante.store.client_queries.compiling import Columns, Query

_backups = Table(
    "backups",
    tables.client_metadata,
    Column("number", Integer, primary_key=True, nullable=False),
    Column("id", LargeBinary, nullable=False),
    Column("path", Text, nullable=False),
    Column("made_at_ms", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("is_scheduled", Integer, nullable=False),
)
_BACKUP = Columns(BackupRow, _backups)
ADD = Query(insert(_backups).prefix_with("OR REPLACE"), *_BACKUP.names)
ALL = Query(select(*_BACKUP.columns).order_by(_backups.c.number.desc()))
FORGET = Query(_backups.delete().where(_backups.c.number == bindparam("which")))
