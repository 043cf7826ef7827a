"""What the user chose for a conversation, as it is shown.

Rule: read from records alone. Inside the caller's transaction. Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from restante.client.clock import rfc3339
from restante.protocol.sync import RecordKind
from restante.protocol.text import printable
from restante.store.client_records import record, records_of_conversation

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

LEVELS: Final = ("all", "mentions", "none")
"""Which messages of a conversation call; `mentions`: those that name the user, or hold a keyword of
theirs."""


def choices_of(rows: Rows, account_id: bytes, *, now_ms: int) -> dict[str, Any]:
    """Return the fields of interface.Conversation that the user chose."""

    chosen = records_of_conversation(rows, account_id)
    alerts = _alerts(rows, account_id)
    if not chosen:
        return {} if alerts == LEVELS[0] else {"alerts": alerts}
    until_ms = int.from_bytes(chosen.get(RecordKind.MUTED_UNTIL, b""), "big")
    draft = chosen.get(RecordKind.DRAFT, b"").decode(errors="replace")
    return {
        "muted_until": rfc3339(until_ms) if until_ms > now_ms else None,
        "pinned": RecordKind.CHAT_PINNED in chosen,
        "archived": RecordKind.ARCHIVED in chosen,
        "marked_unread": RecordKind.UNREAD in chosen,
        "alerts": alerts,
        "draft": printable(draft, multiline=True),
    }


def thread_draft(rows: Rows, first: bytes) -> str:
    """Return what the user has begun to write in a thread, by its first message."""
    found = record(rows, int(RecordKind.THREAD_DRAFT), first)
    draft = b"" if found is None else found.value or b""
    return printable(draft.decode(errors="replace"), multiline=True)


def _alerts(rows: Rows, account_id: bytes) -> str:
    """Return which messages of a conversation call. A record apart: it is no part of the index."""
    found = record(rows, int(RecordKind.ALERTS), account_id)
    said = b"" if found is None else found.value or b""
    level = said.decode("ascii", "replace")
    return level if level in LEVELS else LEVELS[0]  # of a newer version: all
