"""What `store/client_outbox.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, literal_column, select

from restante.store import client_tables as tables
from restante.store.client_outbox import OutboxRow
from restante.store.client_queries.compiling import Columns, Query

_outbox = tables.outbox
_ENTRY = Columns(OutboxRow, _outbox)
_select = select(*_ENTRY.columns).order_by(_outbox.c.number)
_is_this = _outbox.c.id == bindparam("which")
ENQUEUE = Query(_outbox.insert(), *_ENTRY.names)
BY_ID = Query(_select.where(_is_this))
# Numbers are chosen first, by the index (the plus keeps SQLite from walking the table in order), so
# that neither payloads of 64 KiB are sorted nor entries read that aren't due.
_due_numbers = (
    select(_outbox.c.number)
    .where(_outbox.c.next_attempt_ms <= bindparam("now_ms"))
    .order_by(literal_column("+outbox.number"))
    .limit(bindparam("limit"))
)
DUE = Query(_select.where(_outbox.c.number.in_(_due_numbers)))
DUE_AT = Query(
    _select.where(_outbox.c.number.in_(_due_numbers.where(_outbox.c.relay == bindparam("relay"))))
)
RELAYS_DUE = Query(
    select(_outbox.c.relay)
    .distinct()
    .where(_outbox.c.next_attempt_ms <= bindparam("now_ms"))
    .order_by(_outbox.c.relay)
)
NEXT_DUE = Query(
    select(func.min(_outbox.c.next_attempt_ms)).where(_outbox.c.next_attempt_ms.is_not(None))
)
SAVE_SEALED = Query(
    _outbox.update().where(_is_this), "envelope_id", "device_id", "payload", "relay"
)
SET_CONTENT = Query(_outbox.update().where(_is_this), "content")
MARK = Query(_outbox.update().where(_is_this), "state", "attempts", "next_attempt_ms", "was_sent")
DELETE = Query(_outbox.delete().where(_is_this))
COUNT = Query(select(func.count()).select_from(_outbox))
COUNT_MESSAGES = Query(select(func.count(_outbox.c.message_id.distinct())))
BY_MESSAGE = Query(_select.where(_outbox.c.message_id == bindparam("message_id")))
BY_ACCOUNT = Query(_select.where(_outbox.c.account_id == bindparam("account_id")))
ALL = Query(_select)
WAKE = Query(
    _outbox.update().where(_outbox.c.next_attempt_ms > bindparam("now_ms")), "next_attempt_ms"
)
WAKE_ACCOUNT = Query(
    _outbox.update().where(
        _outbox.c.account_id == bindparam("which"),
        _outbox.c.attempts > 0,
        _outbox.c.next_attempt_ms > bindparam("now_ms"),
    ),
    "next_attempt_ms",
)
