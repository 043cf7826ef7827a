"""Strangers who wait for an answer: how many there are, which may go, and one forgotten whole.

Rule: a request that the user has looked at, or has named, never comes up as one that may go. Knows
no state but the words that the engine keeps. Spec: docs/client-store.md, section 4.
"""

from __future__ import annotations

from typing import Final

from restante.store.client_contacts import delete_contact
from restante.store.client_conversations import number_of
from restante.store.client_rows import Rows, Statement
from restante.store.client_sessions import delete_session, sessions_with

_COUNT = Statement("requests.COUNT")
_COUNT_SINCE = Statement("requests.COUNT_SINCE")
_UNSEEN = Statement("requests.UNSEEN")
_IS_UNSEEN = Statement("requests.IS_UNSEEN")
_BYTES = Statement("requests.BYTES")
_MARK_BYTES = Statement("requests.MARK_BYTES")
_FORGET_MESSAGES = Statement("requests.FORGET_MESSAGES")
_FORGET_MARKS = Statement("requests.FORGET_MARKS")
_FORGET_GAPS = Statement("requests.FORGET_GAPS")
_FORGET_COUNTERS = Statement("requests.FORGET_COUNTERS")
_FORGET_CHUNKS = Statement("requests.FORGET_CHUNKS")
_FORGET_CONVERSATION = Statement("requests.FORGET_CONVERSATION")
_FORGET: Final = (
    _FORGET_MESSAGES,
    _FORGET_MARKS,
    _FORGET_GAPS,
    _FORGET_COUNTERS,
    _FORGET_CHUNKS,
    _FORGET_CONVERSATION,
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
    forget_conversation(rows, account_id)
    delete_contact(rows, account_id)


def forget_conversation(rows: Rows, key: bytes) -> None:
    """Forget all that was said in a conversation, with an account or of a group."""
    number = number_of(rows, key)
    if number is not None:
        for statement in _FORGET:
            rows.run(statement, conversation=number)
