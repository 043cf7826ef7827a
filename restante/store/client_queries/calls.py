"""What `store/client_calls.py` asks, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select, text

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query
from restante.store.client_queries.messages import select_messages

_messages = tables.messages
_conversations = tables.conversations
# What strangers say waits with their request; what those say who were blocked is not shown.
_is_shown = text(
    """messages.conversation NOT IN (
        SELECT conversations.number FROM contacts
        JOIN conversations ON conversations."key" = contacts.account_id
        WHERE contacts.state IN ('request', 'blocked')
    ) AND messages.conversation NOT IN (
        SELECT conversations.number FROM group_states
        JOIN conversations ON conversations."key" = group_states.group_id
        WHERE group_states.state IN ('request', 'partial')
    )"""
)
_past = _messages.c.order_key < bindparam("past")
UNREAD = Query(
    select_messages.where(text(tables.CALLS_UNREAD), _past, _is_shown)
    .order_by(_messages.c.order_key.desc())
    .limit(bindparam("limit"))
)
READ = Query(
    select_messages.where(
        text(tables.CALLS), text("messages.state <> 'delivered'"), _past, _is_shown
    )
    .order_by(_messages.c.order_key.desc())
    .limit(bindparam("limit"))
)
_some = (
    select(text("1"))
    .select_from(_messages)
    .where(
        _messages.c.conversation
        == select(_conversations.c.number)
        .where(_conversations.c.key == bindparam("key"))
        .scalar_subquery(),
        text(tables.CALLS_UNREAD),
    )
    .limit(bindparam("limit"))
    .subquery("some")
)
COUNT_UNREAD = Query(select(func.count()).select_from(_some))
UNLOOKED = Query(
    select_messages.where(
        _messages.c.number > bindparam("past"),
        _messages.c.received_at_ms.is_not(None),
        text("instr(messages.text, '@')"),
        _messages.c.kind == "text",
    )
    .order_by(_messages.c.number)
    .limit(bindparam("limit"))
)
NUMBER = Query(select(_messages.c.number).where(_messages.c.id == bindparam("id")))
