"""Deleting for oneself: a message leaves this account's devices, and no other's.

Rule: a record says so, and so it stays away, also if it arrives again. Inside the caller's
transaction. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.grammar.marking import forget_excerpts
from restante.client.syncing.putting import put
from restante.protocol.sync import RecordKind
from restante.store.client_messages import delete_message, message

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_rows import Rows

HIDDEN: Final = b"\x01"


def hide(rows: Rows, changes: Changes, message_id: bytes, *, now_ms: int) -> None:
    """Delete a message for this account alone, and let the other devices know."""
    put(rows, RecordKind.HIDDEN, message_id, HIDDEN, now_ms=now_ms)
    apply_hidden(rows, changes, message_id)


def apply_hidden(rows: Rows, changes: Changes, message_id: bytes) -> None:
    """Erase a message that a record says is hidden, and what quotes repeat of it."""
    forget_excerpts(rows, changes, message_id)
    row = message(rows, message_id)
    if row is None or row.kind == "setting":
        return
    delete_message(rows, message_id)
    changes.conversations[row.conversation] = None
    changes.is_resync = True
