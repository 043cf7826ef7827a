"""What `store/client_requests.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, exists, func, select

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Query

_contacts = tables.contacts
_conversations = tables.conversations
_messages = tables.messages
_marks = tables.marks
_IN_STATE: Final = _contacts.c.state == bindparam("in_state")
COUNT = Query(select(func.count()).select_from(_contacts).where(_IN_STATE))
COUNT_SINCE = Query(
    select(func.count())
    .select_from(_contacts)
    .where(_IN_STATE, _contacts.c.created_at_s > bindparam("after_s"))
)
_was_read = exists().where(
    _conversations.c.key == _contacts.c.account_id,
    _messages.c.conversation == _conversations.c.number,
    _messages.c.received_at_ms.is_not(None),
    _messages.c.state == "read",
)
UNSEEN = Query(
    select(_contacts.c.account_id)
    .where(
        _IN_STATE,
        _contacts.c.petname.is_(None),
        _contacts.c.created_at_s < bindparam("before_s"),
        ~_was_read,
    )
    .order_by(_contacts.c.created_at_s, _contacts.c.account_id)
    .limit(1)
)
IS_UNSEEN = Query(
    select(_contacts.c.account_id).where(
        _IN_STATE,
        _contacts.c.petname.is_(None),
        _contacts.c.account_id == bindparam("which"),
        ~_was_read,
    )
)
BYTES = Query(
    select(func.coalesce(func.sum(func.length(_messages.c.body)), 0)).where(
        _messages.c.conversation == bindparam("conversation")
    )
)
MARK_BYTES = Query(
    select(func.coalesce(func.sum(func.length(_marks.c.body)), 0)).where(
        _marks.c.conversation == bindparam("conversation")
    )
)
FORGET_MESSAGES = Query(
    tables.messages.delete().where(tables.messages.c.conversation == bindparam("conversation"))
)
FORGET_MARKS = Query(
    tables.marks.delete().where(tables.marks.c.conversation == bindparam("conversation"))
)
FORGET_GAPS = Query(
    tables.gaps.delete().where(tables.gaps.c.conversation == bindparam("conversation"))
)
FORGET_COUNTERS = Query(
    tables.counters.delete().where(tables.counters.c.conversation == bindparam("conversation"))
)
FORGET_CHUNKS = Query(
    tables.chunks.delete().where(tables.chunks.c.conversation == bindparam("conversation"))
)
FORGET_CONVERSATION = Query(
    _conversations.delete().where(_conversations.c.number == bindparam("conversation"))
)
