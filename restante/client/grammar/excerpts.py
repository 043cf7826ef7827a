"""What an answer repeats of the message it answers.

Rule: no excerpt of a message that is erased, and none that would outlive it. Inside the caller's
transaction. Spec: docs/protocol/content.md, C19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.store.client_messages import message

if TYPE_CHECKING:
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

MAX_EXCERPT_CHARS: Final = 120


def excerpt_of(row: MessageRow) -> str:
    """Return the beginning of a message as one line, at most 120 characters."""
    excerpt = " ".join(row.text.split())
    if len(excerpt) > MAX_EXCERPT_CHARS:
        excerpt = excerpt[: MAX_EXCERPT_CHARS - 1] + "…"
    return excerpt


def local_excerpt(rows: Rows, quoted: bytes) -> str:
    """Return an excerpt of a message as it is here, for an answer that repeats nothing; or ""."""
    row = message(rows, quoted)
    return "" if row is None else excerpt_of(row)
