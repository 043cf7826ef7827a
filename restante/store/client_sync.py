"""What this device owes its account's other devices: what was touched, and what it has told them.

Rule: what was touched stays noted until the transaction that makes records of it; the log names
what a content was about and repeats no text. Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.store.client_rows import Rows, Statement

RECORD: Final = 1000
"""Added to a touched record's kind; without it stands what a record of that kind is made from."""
_SOME = Statement("sync.SOME")
_SETTLE = Statement("sync.SETTLE")
_ADD = Statement("sync.ADD")
_ITEMS = Statement("sync.ITEMS")
_PRUNE = Statement("sync.PRUNE")


def touched(rows: Rows, limit: int) -> list[tuple[int, bytes]]:
    """Return what was changed here and not settled since: kinds of records, and keys."""
    return [(kind, key) for kind, key in rows.all(_SOME, limit=limit)]


def has_touched(rows: Rows) -> bool:
    """Whether anything was changed here and not settled since."""
    return bool(touched(rows, 1))


def settle_touched(rows: Rows, kind: int, key: bytes) -> None:
    """Note that the records say what was changed."""
    rows.run(_SETTLE, kind=kind, key=key)


def log_sync(rows: Rows, counter: int, items: bytes, *, at_ms: int) -> None:
    """Remember what the SYNC content with this counter was about."""
    rows.run(_ADD, counter=counter, items=items, at_ms=at_ms)


def logged_sync(rows: Rows, counter: int) -> bytes | None:
    """Return what the SYNC content with this counter was about."""
    items: bytes | None = rows.value(_ITEMS, counter=counter)
    return items


def prune_sync_log(rows: Rows, before_ms: int) -> int:
    """Forget what was said before a moment; return how much that was."""
    return rows.run(_PRUNE, before_ms=before_ms)
