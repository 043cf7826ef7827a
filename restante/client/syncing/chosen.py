"""What the user chose for a conversation, as it is shown.

Rule: read from records alone. Inside the caller's transaction. Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from restante.client.clock import rfc3339
from restante.protocol.content import RecordKind
from restante.protocol.text import printable
from restante.store.client_records import record

if TYPE_CHECKING:
    from restante.store.client_rows import Rows


def choices_of(rows: Rows, account_id: bytes, *, now_ms: int) -> dict[str, Any]:
    """Return the fields of interface.Conversation that the user chose."""

    def value(kind: RecordKind) -> bytes | None:
        found = record(rows, int(kind), account_id)
        return None if found is None else found.value

    until_ms = int.from_bytes(value(RecordKind.MUTED_UNTIL) or b"", "big")
    draft = (value(RecordKind.DRAFT) or b"").decode(errors="replace")
    return {
        "muted_until": rfc3339(until_ms) if until_ms > now_ms else None,
        "pinned": value(RecordKind.CHAT_PINNED) is not None,
        "archived": value(RecordKind.ARCHIVED) is not None,
        "draft": printable(draft, multiline=True),
    }
