"""Where a message stands in its conversation, for any number of messages. An order statistic.

A conversation sorted by order key is cut into chunks of at most 1,024 messages, and a table keeps
how many each holds; triggers on `messages` count and split. A position is the sum of the chunks
before plus a step inside one: a thousand numbers are added for a million messages, never a
thousand messages skipped. Rule: the nearer end is where counting begins, so that the newest
messages cost the same in any history. Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from contextlib import closing

from restante.store.client_conversations import number_of
from restante.store.client_rows import Rows, Statement
from restante.store.errors import Corrupted

_FORWARDS = Statement("positions.FORWARDS")
_BACKWARDS = Statement("positions.BACKWARDS")
_POSITION = Statement("positions.POSITION")


def position_of_key(rows: Rows, conversation: int, key: bytes) -> int:
    """Return how many messages of a conversation sort before an order key (24 B).

    `conversation` is its number in the database.
    """
    return int(rows.value(_POSITION, conversation=conversation, key=key))


def chunk_at(rows: Rows, conversation: int, position: int, *, total: int) -> tuple[bytes, int]:
    """Return the first key of the chunk that holds a position, and how far into it that lies.

    `0 <= position < total`, which is how many messages the conversation has. Raises Corrupted if
    the chunks hold fewer.
    """
    from_the_start = position * 2 < total
    before = 0 if from_the_start else total
    direction = _FORWARDS if from_the_start else _BACKWARDS
    with closing(rows.stream(direction, conversation=conversation)) as chunks:
        for first_key, size in chunks:
            if not from_the_start:
                before -= size
            if before <= position < before + size:
                return first_key, position - before
            if from_the_start:
                before += size
    raise Corrupted("The history's positions are damaged. Restore the database from a backup.")


def position_at_rank(rows: Rows, conversation: bytes, rank: int) -> int:
    """Return how many messages of a conversation, named by its key, sort before a rank (u64)."""
    number = number_of(rows, conversation)
    key = rank.to_bytes(8, "big") + bytes(16)
    return 0 if number is None else position_of_key(rows, number, key)
