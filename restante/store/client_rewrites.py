"""What becomes of a message after it was filed: rewritten, erased, quoted no more, its time over.

Rule: a message's place never changes; the search index and the counts follow from triggers in the
same transaction. Knows no content format: texts come sanitised. Spec: docs/client-store.md,
section 5.
"""

from __future__ import annotations

from restante.store.client_conversations import number_of
from restante.store.client_messages import MESSAGE, MessageRow, Placed, placed_message
from restante.store.client_rows import Rows, Statement

_REWRITE = Statement("rewrites.REWRITE")
_ERASE = Statement("rewrites.ERASE")
_SET_EXCERPT = Statement("rewrites.SET_EXCERPT")
_QUOTING = Statement("rewrites.QUOTING")
_SET_GONE = Statement("rewrites.SET_GONE")
_GONE = Statement("rewrites.GONE")
_NEXT_GONE = Statement("rewrites.NEXT_GONE")
_LAST_SETTING = Statement("rewrites.LAST_SETTING")
_OF_KIND = Statement("rewrites.OF_KIND")


def rewrite(
    rows: Rows,
    id: bytes,  # the column's name
    *,
    kind: str,
    text: str,
    quote_id: bytes | None,
    quote_excerpt: str | None,
) -> Placed | None:
    """Change what a message shows; its body stays. Return it as it stands now."""
    rows.run(
        _REWRITE, which=id, kind=kind, text=text, quote_id=quote_id, quote_excerpt=quote_excerpt
    )
    return placed_message(rows, id)


def erase(rows: Rows, id: bytes, *, kind: str) -> Placed | None:
    """Take everything out of a message but its place and its writer; return what is left."""
    rows.run(
        _ERASE,
        which=id,
        kind=kind,
        text="",
        body=b"",
        error=None,
        quote_id=None,
        quote_excerpt=None,
    )
    return placed_message(rows, id)


def quoting(rows: Rows, quoted: bytes) -> list[MessageRow]:
    """Return the messages that quote one."""
    return [MESSAGE.read(found[:-1]) for found in rows.all(_QUOTING, quoted=quoted)]


def set_excerpt(
    rows: Rows,
    id: bytes,  # the column's name
    excerpt: str,
    *,
    body: bytes,
) -> Placed | None:
    """Change what a message repeats of the one it quotes, where it is shown and in its body."""
    rows.run(_SET_EXCERPT, which=id, quote_excerpt=excerpt, body=body)
    return placed_message(rows, id)


def set_gone(rows: Rows, id: bytes, gone_at_ms: int) -> Placed | None:
    """Set when a message's time is over; return it as it stands now."""
    rows.run(_SET_GONE, which=id, gone_at_ms=gone_at_ms)
    return placed_message(rows, id)


def gone(rows: Rows, now_ms: int, limit: int) -> list[MessageRow]:
    """Return messages whose time is over, the longest first."""
    return [MESSAGE.read(found[:-1]) for found in rows.all(_GONE, now_ms=now_ms, limit=limit)]


def next_gone_ms(rows: Rows) -> int | None:
    """Return when the next message's time is over; None if none's is running."""
    earliest: int | None = rows.value(_NEXT_GONE)
    return earliest


def last_setting(rows: Rows, conversation: bytes) -> MessageRow | None:
    """Return the setting of a conversation that sorts last: the one that holds."""
    number = number_of(rows, conversation)
    found = rows.first(_LAST_SETTING, conversation=number)
    return None if found is None else MESSAGE.read(found[:-1])


def messages_of_kind(rows: Rows, kind: str) -> list[MessageRow]:
    """Return all messages of a kind, in the order of arrival. Walks through the whole history."""
    return [MESSAGE.read(found[:-1]) for found in rows.all(_OF_KIND, kind=kind)]
