"""What came in a kind that this version didn't know yet: read again once it does.

Rule: looked for only when this version knows other kinds than the last that opened the profile, for
it walks through the whole history. Inside the caller's transaction.
Spec: docs/protocol/content.md, C2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.grammar.marking import keep_change, settle
from restante.client.grammar.reading import read_entry
from restante.errors import RemoteProtocolError
from restante.protocol.content import CHANGES, LAST_HISTORY_KIND, Content, Kind
from restante.store.client_account import get_value, set_value
from restante.store.client_groups import is_group
from restante.store.client_messages import delete_message
from restante.store.client_rewrites import messages_of_kind, rewrite

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

_KNOWN: Final = "known_kinds"
KINDS: Final = bytes(sorted(kind for kind in Kind if kind <= LAST_HISTORY_KIND))


def read_anew(rows: Rows, changes: Changes, *, now_ms: int) -> None:
    """Read what was unknown to the version before, if this one knows more."""
    if get_value(rows, _KNOWN) == KINDS:
        return
    for row in messages_of_kind(rows, "unknown"):
        try:
            _read(rows, changes, row, now_ms=now_ms)
        except RemoteProtocolError:
            continue  # malformed: it stays what it is
    set_value(rows, _KNOWN, KINDS)


def _read(rows: Rows, changes: Changes, row: MessageRow, *, now_ms: int) -> None:
    content = Content.from_bytes(row.body)
    is_foreign = content.conversation != (row.conversation if is_group(row.conversation) else b"")
    if content.kind in CHANGES and not is_foreign:
        delete_message(rows, row.id)  # it has no place of its own
        keep_change(
            rows,
            changes,
            content,
            conversation=row.conversation,
            author=row.author,
            device_id=row.device_id,
            packed=row.body,
            is_own=row.received_at_ms is None,
            is_told=False,
            now_ms=now_ms,
        )
        return
    entry = read_entry(content, is_foreign=is_foreign)
    if entry.kind == "unknown":
        return
    rewrite(
        rows,
        row.id,
        kind=entry.kind,
        text=entry.text,
        quote_id=entry.quote_id,
        quote_excerpt=entry.quote_excerpt,
    )
    settle(rows, changes, row.id)
