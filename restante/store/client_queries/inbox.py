"""What `store/client_inbox.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_inbox import ReceiptRow
from restante.store.client_queries.compiling import Columns, Query

_processed = tables.processed
_receipts = tables.receipts
_RECEIPT = Columns(ReceiptRow, _receipts)
IS_PROCESSED = Query(
    select(_processed.c.envelope_id).where(_processed.c.envelope_id == bindparam("envelope_id"))
)
MARK = Query(upsert(_processed).on_conflict_do_nothing(), "envelope_id", "processed_at_s")
PRUNE = Query(_processed.delete().where(_processed.c.processed_at_s < bindparam("before_s")))
_owed = upsert(_receipts)
QUEUE = Query(
    _owed.on_conflict_do_update(
        index_elements=[_receipts.c.account_id, _receipts.c.message_id],
        set_={"state": func.max(_receipts.c.state, _owed.excluded.state)},
    ),
    *_RECEIPT.names,
)
TAKE = Query(
    select(*_RECEIPT.columns)
    .order_by(_receipts.c.account_id, _receipts.c.state, _receipts.c.message_id)
    .limit(bindparam("limit"))
)
COUNT = Query(select(func.count()).select_from(_receipts))
SETTLE = Query(
    _receipts.delete().where(
        _receipts.c.account_id == bindparam("account_id"),
        _receipts.c.message_id == bindparam("message_id"),
    )
)
