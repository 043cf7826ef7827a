"""The list of conversations, and what of each is unread.

Rule: unread is what was received and stands as `delivered`; counts are kept by triggers, so a
list costs two look-ups a conversation however long its history is. Spec: docs/client-store.md,
section 5.
"""

from __future__ import annotations

from typing import Any, Final

from restante.store.client_conversations import number_of
from restante.store.client_messages import MESSAGE, MessageRow
from restante.store.client_positions import position_of_key
from restante.store.client_rows import Rows, Statement
from restante.values import dataclass

READ: Final = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSummary:
    """One line of the list. `first_unread` is a position; `last` the message that sorts last."""

    conversation: bytes
    message_count: int
    unread_count: int
    first_unread: int | None
    last: MessageRow | None


_CONVERSATIONS = Statement("summaries.CONVERSATIONS")
_CONVERSATION = Statement("summaries.CONVERSATION")
_UNREAD = Statement("summaries.UNREAD")
_UNREAD_UP_TO = Statement("summaries.UNREAD_UP_TO")
_SET_STATE = Statement("summaries.SET_STATE")


def conversation_summaries(rows: Rows) -> list[ConversationSummary]:
    """Return every conversation, the one with the newest message first."""
    return [_summary(rows, found) for found in rows.all(_CONVERSATIONS)]


def conversation_summary(rows: Rows, conversation: bytes) -> ConversationSummary | None:
    """Return one conversation's line, once it has begun."""
    found = rows.first(_CONVERSATION, key=conversation)
    return None if found is None else _summary(rows, found)


def unread(rows: Rows, conversation: bytes) -> int:
    """Return how many messages of a conversation are unread."""
    return int(rows.value(_UNREAD, key=conversation) or 0)


def mark_read(rows: Rows, conversation: bytes, up_to: bytes) -> list[bytes]:
    """Make everything unread up to this message, itself included, read; return those ids."""
    number = number_of(rows, conversation)
    found = [id for (id,) in rows.all(_UNREAD_UP_TO, conversation=number, up_to=up_to)]
    rows.run_many(_SET_STATE, ({"which": each, "state": READ} for each in found))
    return found


def _summary(rows: Rows, found: tuple[Any, ...]) -> ConversationSummary:
    *newest, number, message_count, unread_count, first_unread = found
    values = dict(zip(MESSAGE.names, newest, strict=True))
    return ConversationSummary(
        conversation=values["conversation"],
        message_count=message_count,
        unread_count=unread_count,
        first_unread=None if first_unread is None else position_of_key(rows, number, first_unread),
        last=None if values["id"] is None else MESSAGE.read(tuple(newest)),
    )
