"""What `store/client_summaries.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, case, func, select, text

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query
from restante.store.client_queries.messages import MESSAGE

_conversations = tables.conversations
_messages = tables.messages
# As literal text: SQLite takes a partial index only for the very condition it was made with.
_is_unread = text(tables.UNREAD)
_others = _messages.alias("others")
_last_key = (
    select(func.max(_others.c.order_key))
    .where(_others.c.conversation == _conversations.c.number)
    .correlate(_conversations)
    .scalar_subquery()
)
_first_unread = (
    select(func.min(_messages.c.order_key))
    .where(_messages.c.conversation == _conversations.c.number, text(tables.UNREAD))
    .correlate(_conversations)
    .scalar_subquery()
)
_select = select(
    *MESSAGE.columns,
    _conversations.c.number,
    _conversations.c.message_count,
    _conversations.c.unread_count,
    case((_conversations.c.unread_count > 0, _first_unread)).label("first_unread"),
).select_from(
    _conversations.outerjoin(
        _messages,
        (_messages.c.conversation == _conversations.c.number)
        & (_messages.c.order_key == _last_key),
    )
)
CONVERSATIONS = Query(_select.order_by(_messages.c.order_key.desc(), _conversations.c.number))
CONVERSATION = Query(_select.where(_conversations.c.key == bindparam("key")))
UNREAD = Query(
    select(_conversations.c.unread_count).where(_conversations.c.key == bindparam("key"))
)
_last_read = _messages.alias("last_read")
_up_to = (
    select(_last_read.c.order_key)
    .where(
        _last_read.c.id == bindparam("up_to"),
        _last_read.c.conversation == bindparam("conversation"),
    )
    .scalar_subquery()
)
UNREAD_UP_TO = Query(
    select(_messages.c.id)
    .where(
        _messages.c.conversation == bindparam("conversation"),
        _is_unread,
        _messages.c.order_key <= _up_to,
    )
    .order_by(_messages.c.order_key)
)
SET_STATE = Query(_messages.update().where(_messages.c.id == bindparam("which")), "state")
