"""Threads: a message, and the answers that lead to it by their quotes.

Rule: nothing is kept of a thread but the quotes, so it is what the messages here say, in whichever
order they came. Every walk is bounded; a circle of quotes ends where it began.
Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.store.client_messages import message
from restante.store.client_rows import Rows, Statement

MAX_WALKED: Final = 10_000
"""Answers of a thread, and steps up to its first message."""

MAX_COUNTED: Final = 1_000
"""Answers are counted so far: a count is shown with every first message."""

_UP = Statement("threads.UP")
_COUNT = Statement("threads.COUNT")
_ANSWERS = Statement("threads.ANSWERS")


def first_of_thread(rows: Rows, conversation: bytes, message_id: bytes) -> bytes:
    """Return the id of the message that a message's quotes lead to; it may not be here.

    Of a circle, the smallest id.
    """
    found = rows.all(_UP, id=message_id, conversation=conversation, most=MAX_WALKED)
    way: list[bytes] = [each for (each,) in found]
    last = message(rows, way[-1]) if len(way) > 1 else None
    if last is not None and last.quote_id in way:
        return min(way[way.index(last.quote_id) :])
    return way[-1]


def count_answers(rows: Rows, conversation: bytes, first: bytes) -> int:
    """Return how many messages lead to one by their quotes, up to MAX_COUNTED."""
    return int(rows.value(_COUNT, root=first, conversation=conversation, most=MAX_COUNTED + 1) or 0)


def answers(rows: Rows, conversation: bytes, first: bytes) -> list[bytes]:
    """Return the ids of the messages that lead to one, in order; of MAX_WALKED at the most."""
    found = rows.all(_ANSWERS, root=first, conversation=conversation, most=MAX_WALKED + 1)
    return [each for (each,) in found]
