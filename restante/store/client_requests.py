"""Strangers who wait for an answer: how many there are, which may go, and one forgotten whole.

Rule: a request that the user has looked at, or has named, never comes up as one that may go. Knows
no state but the words that the engine keeps. Spec: docs/client-store.md, section 4.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, exists, func, select

from restante.store import client_tables as tables
from restante.store.client_contacts import delete_contact
from restante.store.client_conversations import number_of
from restante.store.client_rows import Rows, Statement
from restante.store.client_sessions import delete_session, sessions_with

_contacts = tables.contacts
_conversations = tables.conversations
_messages = tables.messages
_marks = tables.marks

_IN_STATE: Final = _contacts.c.state == bindparam("in_state")
_COUNT = Statement(select(func.count()).select_from(_contacts).where(_IN_STATE))
_COUNT_SINCE = Statement(
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
_UNSEEN = Statement(
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
_IS_UNSEEN = Statement(
    select(_contacts.c.account_id).where(
        _IN_STATE,
        _contacts.c.petname.is_(None),
        _contacts.c.account_id == bindparam("which"),
        ~_was_read,
    )
)
_BYTES = Statement(
    select(func.coalesce(func.sum(func.length(_messages.c.body)), 0)).where(
        _messages.c.conversation == bindparam("conversation")
    )
)
_MARK_BYTES = Statement(
    select(func.coalesce(func.sum(func.length(_marks.c.body)), 0)).where(
        _marks.c.conversation == bindparam("conversation")
    )
)
_FORGET: Final = tuple(
    Statement(table.delete().where(table.c.conversation == bindparam("conversation")))
    for table in (tables.messages, tables.marks, tables.gaps, tables.counters, tables.chunks)
)
_FORGET_CONVERSATION = Statement(
    _conversations.delete().where(_conversations.c.number == bindparam("conversation"))
)


def count_in_state(rows: Rows, state: str) -> int:
    """Return how many contacts are in a state."""
    return int(rows.value(_COUNT, in_state=state) or 0)


def count_in_state_since(rows: Rows, state: str, after_s: int) -> int:
    """Return how many contacts in a state were first known after a time, in unix seconds."""
    return int(rows.value(_COUNT_SINCE, in_state=state, after_s=after_s) or 0)


def oldest_unseen(rows: Rows, state: str, before_s: int) -> bytes | None:
    """Return the oldest contact in a state that the user hasn't looked at, known before a time."""
    found: bytes | None = rows.value(_UNSEEN, in_state=state, before_s=before_s)
    return found


def is_unseen(rows: Rows, state: str, account_id: bytes) -> bool:
    """Whether a contact is in that state and the user hasn't looked at what it wrote."""
    return rows.value(_IS_UNSEEN, in_state=state, which=account_id) is not None


def stored_bytes(rows: Rows, conversation: bytes) -> int:
    """Return how many bytes of contents are kept of a conversation."""
    number = number_of(rows, conversation)
    if number is None:
        return 0
    in_messages = rows.value(_BYTES, conversation=number) or 0
    return int(in_messages) + int(rows.value(_MARK_BYTES, conversation=number) or 0)


def forget_contact(rows: Rows, account_id: bytes) -> None:
    """Forget a contact, its sessions, and all that was said."""
    for session in sessions_with(rows, account_id):
        delete_session(rows, session.session_id)
    number = number_of(rows, account_id)
    if number is not None:
        for statement in (*_FORGET, _FORGET_CONVERSATION):
            rows.run(statement, conversation=number)
    delete_contact(rows, account_id)
