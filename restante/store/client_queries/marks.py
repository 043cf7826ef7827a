"""What `store/client_marks.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_marks import LAST_HISTORY_KIND, MarkRow
from restante.store.client_queries.compiling import Columns, Query

_marks = tables.marks
_conversations = tables.conversations
MARK: Final = Columns(
    MarkRow, _marks, elsewhere={"conversation": _conversations.c.key.label("conversation")}
)
_select = select(*MARK.columns).join_from(
    _marks, _conversations, _marks.c.conversation == _conversations.c.number
)
INSERT = Query(upsert(_marks).on_conflict_do_nothing(index_elements=[_marks.c.id]), *MARK.names)
OF = Query(
    _select.where(_marks.c.target == bindparam("target")).order_by(_marks.c.rank, _marks.c.id)
)
BY_ID = Query(_select.where(_marks.c.id == bindparam("id")))
BY_COUNTER = Query(
    _select.where(
        _marks.c.conversation == bindparam("conversation"),
        _marks.c.device_id == bindparam("device_id"),
        _marks.c.counter == bindparam("counter"),
        _marks.c.counter > 0,
    )
)
SET_COUNTER = Query(_marks.update().where(_marks.c.id == bindparam("which")), "counter", "body")
DELETE = Query(_marks.delete().where(_marks.c.id == bindparam("which")))
GONE = Query(_marks.delete().where(_marks.c.gone_at_ms <= bindparam("now_ms")))
STAY = Query(
    _marks.update()
    .where(
        _marks.c.target == bindparam("of_target"),
        _marks.c.kind <= LAST_HISTORY_KIND,
        _marks.c.gone_at_ms.is_not(None),
    )
    .values(gone_at_ms=None)
)
IN = Query(
    select(func.count()).select_from(_marks).where(_marks.c.conversation == bindparam("number"))
)
OF_KIND = Query(
    _select.where(
        _marks.c.conversation == bindparam("conversation"), _marks.c.kind == bindparam("kind")
    ).order_by(_marks.c.rank, _marks.c.id)
)
ANY = Query(select(_marks.c.number).limit(1))
# As literal text: SQLite takes a partial index only for the very condition it was made with.
STRAY = Query(
    select(func.count())
    .select_from(_marks)
    .where(_marks.c.author == bindparam("author"), text("is_stray = 1"))
)
