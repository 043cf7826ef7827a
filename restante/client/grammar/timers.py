"""Disappearing messages: with which time a conversation's are sent, and when each one's runs out.

A message's clock starts at its first reading on any device of its reader's account, and on its
sender's devices at sending. Rule: a clock that runs never starts later again, and what is gone
leaves nothing: no line in the search or the feed, no excerpt in a quote, and it doesn't come back.
Inside the caller's transaction. Spec: docs/protocol/content.md, C19 and C20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.grammar.marking import forget_excerpts, note_gone, take_back, take_back_changes
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode
from restante.protocol.content import Content, Setting
from restante.store.client_groups import group_row, is_group
from restante.store.client_marks import delete_gone_marks
from restante.store.client_messages import delete_message, message
from restante.store.client_rewrites import gone, last_setting, set_gone

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_messages import MessageRow, Placed
    from restante.store.client_rows import Rows

REMEMBERED_MS: Final = 60 * 86_400_000
"""How long an id that is gone is known: twice as long as any relay keeps an envelope."""

ROUND: Final = 256
"""Messages erased in one transaction."""


def conversation_timer_s(rows: Rows, conversation: bytes) -> int:
    """Return after how many seconds the conversation's new messages disappear; 0: never."""
    if is_group(conversation):
        group = group_row(rows, conversation)
        return 0 if group is None else group.timer_s
    row = last_setting(rows, conversation)
    return 0 if row is None else setting_of(row) or 0


def setting_of(row: MessageRow) -> int | None:
    """Return the time that a setting sets, in seconds; None if the row is none."""
    if row.kind != "setting":
        return None
    try:
        return decode(Content.from_bytes(row.body).body, Setting).disappears_after_s
    except RemoteProtocolError:
        return None


def start_clock(rows: Rows, message_id: bytes, *, at_ms: int, now_ms: int) -> Placed | None:
    """Start a message's clock at a moment, unless it has none or it runs out sooner.

    No moment of the future counts. Return the message if that changed it.
    """
    row = message(rows, message_id)
    if row is None or not row.timer_s:
        return None
    gone_at_ms = min(at_ms, now_ms) + row.timer_s * 1000
    if row.gone_at_ms is not None and row.gone_at_ms <= gone_at_ms:
        return None
    return set_gone(rows, message_id, gone_at_ms)


def erase_gone(rows: Rows, changes: Changes, *, now_ms: int) -> bool:
    """Erase messages whose time is over; whether there may be more of them."""
    found = gone(rows, now_ms, ROUND)
    for row in found:
        forget(rows, changes, row, now_ms=now_ms)
    delete_gone_marks(rows, now_ms)
    return len(found) == ROUND


def forget(rows: Rows, changes: Changes, row: MessageRow, *, now_ms: int) -> None:
    """Erase a message whose time is over, and all that repeats it."""
    take_back_changes(rows, row.id)
    take_back(rows, row.id)
    forget_excerpts(rows, changes, row.id)
    delete_message(rows, row.id)
    note_gone(rows, row, until_ms=now_ms + REMEMBERED_MS)
    changes.is_resync = True
    changes.conversations[row.conversation] = None
