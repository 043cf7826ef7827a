"""What `store/client_conversations.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query

_conversations = tables.conversations
_counters = tables.counters
_gaps = tables.gaps
NUMBER = Query(select(_conversations.c.number).where(_conversations.c.key == bindparam("key")))
CREATE = Query(
    _conversations.insert(), "key", "message_count", "unread_count", "own_counter", "clock"
)
CLOCK = Query(select(_conversations.c.clock).where(_conversations.c.key == bindparam("key")))
SET_CLOCK = Query(
    _conversations.update().where(_conversations.c.number == bindparam("which")), "clock"
)
COUNT_UP = Query(
    _conversations.update()
    .where(_conversations.c.number == bindparam("which"))
    .values(own_counter=_conversations.c.own_counter + 1)
    .returning(_conversations.c.own_counter)
)
_of_device = (_counters.c.conversation == bindparam("conversation")) & (
    _counters.c.device_id == bindparam("device_id")
)
OWN_COUNTER = Query(
    select(_conversations.c.own_counter).where(_conversations.c.key == bindparam("key"))
)
HIGHEST = Query(select(_counters.c.highest).where(_of_device))
_new_counter = upsert(_counters)
SET_HIGHEST = Query(
    _new_counter.on_conflict_do_update(
        index_elements=[_counters.c.conversation, _counters.c.device_id],
        set_={"highest": _new_counter.excluded.highest},
    ),
    "conversation",
    "device_id",
    "highest",
)
ADD_GAP = Query(upsert(_gaps).on_conflict_do_nothing(), "conversation", "device_id", "counter")
_is_gap = (
    (_gaps.c.conversation == bindparam("in_conversation"))
    & (_gaps.c.device_id == bindparam("of_device"))
    & (_gaps.c.counter == bindparam("at_counter"))
)
FILL_GAP = Query(_gaps.delete().where(_is_gap))
IS_GAP = Query(select(_gaps.c.counter).where(_is_gap))
GAPS = Query(
    select(_gaps.c.device_id, _gaps.c.counter)
    .where(_gaps.c.conversation == bindparam("conversation"))
    .order_by(_gaps.c.device_id, _gaps.c.counter)
)
