"""What `store/client_transfer_rows.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query
from restante.store.client_queries.marks import MARK
from restante.store.client_queries.messages import MESSAGE
from restante.store.client_queries.records import RECORD

_conversations = tables.conversations
_messages = tables.messages
_marks = tables.marks
_records = tables.records
_counters = tables.counters
_gaps = tables.gaps
_select_messages = select(*MESSAGE.columns).join_from(
    _messages, _conversations, _messages.c.conversation == _conversations.c.number
)
_select_marks = select(*MARK.columns).join_from(
    _marks, _conversations, _marks.c.conversation == _conversations.c.number
)
_others = _messages.alias("others")
_last_key = (
    select(func.max(_others.c.order_key))
    .where(_others.c.conversation == _conversations.c.number)
    .correlate(_conversations)
    .scalar_subquery()
)
KEYS = Query(
    select(_conversations.c.key).order_by(_last_key.desc(), _conversations.c.number.desc())
)
LAST_MESSAGE = Query(select(func.max(_messages.c.number)))
LAST_MARK = Query(select(func.max(_marks.c.number)))
COUNT = Query(select(func.sum(_conversations.c.message_count)))
BEFORE = Query(
    _select_messages.where(
        _messages.c.conversation == bindparam("conversation"),
        _messages.c.order_key < bindparam("before_key"),
    )
    .order_by(_messages.c.order_key.desc())
    .limit(bindparam("limit"))
)
MESSAGES_AFTER = Query(
    _select_messages.add_columns(_messages.c.number)
    .where(_messages.c.number > bindparam("after"))
    .order_by(_messages.c.number)
    .limit(bindparam("limit"))
)
MARKS_AFTER = Query(
    _select_marks.add_columns(_marks.c.number)
    .where(_marks.c.number > bindparam("after"))
    .order_by(_marks.c.number)
    .limit(bindparam("limit"))
)
STRAYS_AFTER = Query(
    _select_marks.add_columns(_marks.c.number)
    .where(
        _marks.c.number > bindparam("after"),
        ~select(_others.c.id).where(_others.c.id == _marks.c.target).exists(),
    )
    .order_by(_marks.c.number)
    .limit(bindparam("limit"))
)
RECORDS_AFTER = Query(
    select(*RECORD.columns)
    .where(tuple_(_records.c.kind, _records.c.key) > tuple_(bindparam("kind"), bindparam("key")))
    .order_by(_records.c.kind, _records.c.key)
    .limit(bindparam("limit"))
)
HIGHEST = Query(
    select(_counters.c.device_id, _counters.c.highest)
    .where(_counters.c.conversation == bindparam("conversation"))
    .order_by(_counters.c.device_id)
)
IS_HERE = Query(select(_messages.c.id).where(_messages.c.id == bindparam("id")))
_new_counter = upsert(_counters)
RAISE_HIGHEST = Query(
    _new_counter.on_conflict_do_update(
        index_elements=[_counters.c.conversation, _counters.c.device_id],
        set_={"highest": func.max(_counters.c.highest, _new_counter.excluded.highest)},
    ),
    "conversation",
    "device_id",
    "highest",
)
DROP_GAPS = Query(
    _gaps.delete().where(
        _gaps.c.conversation == bindparam("in_conversation"),
        _gaps.c.device_id == bindparam("of_device"),
        _gaps.c.counter <= bindparam("up_to"),
    )
)
ADD_GAP = Query(upsert(_gaps).on_conflict_do_nothing(), "conversation", "device_id", "counter")
