"""What `store/client_sending.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_sending import ScheduledRow, SendingKeyRow
from restante.store.client_tables import client_metadata


def _blob(name: str, **more: Any) -> Column[Any]:
    return Column(name, LargeBinary, **{"nullable": False, **more})


scheduled: Final = Table(
    "scheduled",
    client_metadata,
    _blob("id", primary_key=True),
    _blob("account_id"),
    Column("text", Text, nullable=False),
    _blob("quoted", nullable=True),
    Column("due_ms", Integer, nullable=False),
    Column("error", Text, nullable=True),
    Index("scheduled_by_time", "due_ms"),
    sqlite_with_rowid=False,
)
sending_keys: Final = Table(
    "sending_keys",
    client_metadata,
    _blob("hash", primary_key=True),
    _blob("message_id"),
    _blob("digest"),
    Column("used_at_ms", Integer, nullable=False),
    Index("sending_keys_by_time", "used_at_ms"),
    sqlite_with_rowid=False,
)
SCHEDULED: Final = Columns(ScheduledRow, scheduled)
SENDING_KEY: Final = Columns(SendingKeyRow, sending_keys)
SCHEDULE = Query(insert(scheduled), *SCHEDULED.names)
ALL = Query(select(*SCHEDULED.columns).order_by(scheduled.c.due_ms, scheduled.c.id))
ONE = Query(select(*SCHEDULED.columns).where(scheduled.c.id == bindparam("id")))
NEXT = Query(select(func.min(scheduled.c.due_ms)).where(scheduled.c.error.is_(None)))
REFUSED = Query(
    update(scheduled).where(scheduled.c.id == bindparam("which")).values(error=bindparam("because"))
)
UNSCHEDULE = Query(delete(scheduled).where(scheduled.c.id == bindparam("id")))
KEY = Query(select(*SENDING_KEY.columns).where(sending_keys.c.hash == bindparam("hash")))
ADD_KEY = Query(insert(sending_keys), *SENDING_KEY.names)
FORGET = Query(delete(sending_keys).where(sending_keys.c.used_at_ms < bindparam("before_ms")))
