"""What came in a kind that this version didn't know yet: read again once it does.

Rule: looked for only when this version knows other kinds than the last that opened the profile, for
it walks through the whole history. Inside the caller's transaction.
Spec: docs/protocol/content.md, C2.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from restante.client.grammar.folding import fold
from restante.client.grammar.marking import keep_change, settle
from restante.client.grammar.naming import calls_of
from restante.client.grammar.reading import read_entry
from restante.errors import RemoteProtocolError
from restante.protocol.content import CHANGES, LAST_HISTORY_KIND, Content, Kind
from restante.store.client_account import get_value, set_value
from restante.store.client_calls import texts_with_signs
from restante.store.client_groups import is_group
from restante.store.client_marks import marks_of
from restante.store.client_messages import ANSWERS_US, delete_message, set_calls
from restante.store.client_rewrites import messages_of_kind, rewrite

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

_KNOWN: Final = "known_kinds"
_LOOKED: Final = "mentions_looked_for"
KINDS: Final = bytes(sorted(kind for kind in Kind if kind <= LAST_HISTORY_KIND))


def read_anew(rows: Rows, changes: Changes, *, now_ms: int) -> None:
    """Read what was unknown to the version before, if this one knows more."""
    if get_value(rows, _LOOKED) is None:
        _look_for_mentions(rows)
        set_value(rows, _LOOKED, b"1")
    if get_value(rows, _KNOWN) == KINDS:
        return
    for row in messages_of_kind(rows, "unknown"):
        try:
            _read(rows, changes, row, now_ms=now_ms)
        except RemoteProtocolError:
            continue  # malformed: it stays what it is
    set_value(rows, _KNOWN, KINDS)


def _look_for_mentions(rows: Rows) -> None:
    """Note which texts of before name the user: the first version didn't."""
    for row in texts_with_signs(rows):
        with contextlib.suppress(RemoteProtocolError):  # another own device's copy of one
            edits = fold(row, marks_of(rows, row.id)).edits
            calls = calls_of(rows, row, edit=edits[-1].body if edits else None)
            if calls:
                set_calls(rows, row.id, calls, keeps=ANSWERS_US)


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
