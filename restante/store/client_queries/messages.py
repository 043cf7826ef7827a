"""What `store/client_messages.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_messages import MessageRow
from restante.store.client_queries.compiling import Columns, Query

_messages = tables.messages
_conversations = tables.conversations
MESSAGE: Final = Columns(
    MessageRow, _messages, elsewhere={"conversation": _conversations.c.key.label("conversation")}
)
"""For statements that join `conversations`: a message's own column holds but its number."""
select_messages: Final = select(
    *MESSAGE.columns, _messages.c.conversation.label("number")
).join_from(_messages, _conversations, _messages.c.conversation == _conversations.c.number)
"""All of a message, and at last the number of its conversation."""
INSERT = Query(
    upsert(_messages).on_conflict_do_nothing(index_elements=[_messages.c.id]), *MESSAGE.names
)
BY_ID = Query(select_messages.where(_messages.c.id == bindparam("id")))
PLACE = Query(
    select(_messages.c.conversation, _messages.c.order_key).where(_messages.c.id == bindparam("id"))
)
SET_STATE = Query(_messages.update().where(_messages.c.id == bindparam("which")), "state", "error")
SET_COUNTER = Query(
    _messages.update().where(_messages.c.id == bindparam("which")), "counter", "body"
)
SET_EXPIRY = Query(_messages.update().where(_messages.c.id == bindparam("which")), "expires_at_ms")
SET_CALLS = Query(text("UPDATE messages SET calls = (calls & :keeps) | :calls WHERE id = :which"))
BY_COUNTER = Query(
    select_messages.where(
        _messages.c.conversation == bindparam("conversation"),
        _messages.c.device_id == bindparam("device_id"),
        _messages.c.counter == bindparam("counter"),
        _messages.c.counter > 0,
    )
)
OF_DEVICE = Query(
    select(func.count())
    .select_from(_messages)
    .where(
        _messages.c.conversation == bindparam("conversation"),
        _messages.c.device_id == bindparam("device_id"),
    )
)
EXPIRING = Query(
    select_messages.where(
        _messages.c.expires_at_ms <= bindparam("now_ms"), _messages.c.state == bindparam("state")
    )
    .order_by(_messages.c.expires_at_ms)
    .limit(bindparam("limit"))
)
DELETE = Query(_messages.delete().where(_messages.c.id == bindparam("which")))
TOTAL = Query(
    select(_conversations.c.number, _conversations.c.message_count).where(
        _conversations.c.key == bindparam("key")
    )
)
WINDOW = Query(
    select_messages.where(
        _messages.c.conversation == bindparam("conversation"),
        _messages.c.order_key >= bindparam("first_key"),
    )
    .order_by(_messages.c.order_key)
    .limit(bindparam("count"))
    .offset(bindparam("skipped"))
)
HEADS = Query(
    select(_messages.c.id)
    .where(_messages.c.conversation == bindparam("conversation"), _messages.c.counter > 0)
    .order_by(_messages.c.order_key.desc())
    .limit(bindparam("limit"))
)
