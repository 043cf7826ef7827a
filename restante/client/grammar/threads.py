"""Threads: a message and the answers that lead to it by their quotes, as they are read.

Rule: nothing of a thread goes over the wire or is kept but the quotes themselves; all who have the
same messages see the same threads. Inside the caller's transaction.
Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.store.client_messages import placed_message
from restante.store.client_threads import answers, first_of_thread

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_messages import MessageRow, Placed
    from restante.store.client_rows import Rows


def thread_changed(rows: Rows, changes: Changes, row: MessageRow) -> None:
    """Note that the first message of an answer's thread has another answer."""
    if row.quote_id is None:
        return
    first = first_of_thread(rows, row.conversation, row.id)
    if first != row.id:
        placed = placed_message(rows, first)
        if placed is not None and placed.row.conversation == row.conversation:
            changes.message_changed(placed)


def thread_of(rows: Rows, row: MessageRow) -> tuple[Placed | None, bytes, list[bytes]]:
    """Return a message's thread: its first message, if that is here, its id, and the answers'."""
    first = first_of_thread(rows, row.conversation, row.id)
    placed = placed_message(rows, first)
    if placed is not None and placed.row.conversation != row.conversation:
        placed = None  # of another conversation: what answers it here stands for itself
    return placed, first, answers(rows, row.conversation, first)
