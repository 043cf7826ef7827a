"""Finding messages by their words, without regard to accents or case.

Rule: what the user types is words, never a query language; the last one may be unfinished.
The index is SQLite's FTS5 (unicode61, remove_diacritics 2), kept by triggers; an erased message
leaves none of its words in it. Spec: docs/client-store.md, section 7.
"""

from __future__ import annotations

from sqlalchemy import bindparam, column, table, text

from restante.store import client_tables as tables
from restante.store.client_conversations import number_of
from restante.store.client_messages import Placed, read_placed, select_messages
from restante.store.client_rows import Rows, Statement

_search = table("message_search", column("rowid"))
_messages = tables.messages

_matching = (
    select_messages.join(_search, _search.c.rowid == _messages.c.number)
    .where(text("message_search MATCH :words"))
    .order_by(_search.c.rowid.desc())
    .limit(bindparam("limit"))
)
_SEARCH = Statement(_matching)
_SEARCH_IN = Statement(_matching.where(_messages.c.conversation == bindparam("conversation")))


def search(rows: Rows, query: str, conversation: bytes | None, limit: int) -> list[Placed]:
    """Return the messages that have all the words of `query`, the last to arrive first.

    In one conversation, or in all. Nothing typed finds nothing.
    """
    words = _match_all(query)
    if not words:
        return []
    if conversation is None:
        found = rows.all(_SEARCH, words=words, limit=limit)
    else:
        number = number_of(rows, conversation)
        found = rows.all(_SEARCH_IN, words=words, limit=limit, conversation=number)
    return [read_placed(rows, row) for row in found]


def _match_all(query: str) -> str:
    """Quote each word for FTS5 and let the last be a beginning; '' if there is no word."""
    words = [
        word.replace('"', '""')
        for word in query.replace("\x00", " ").split()
        if any(letter.isalnum() for letter in word)
    ]
    return " ".join(f'"{word}"' for word in words) + "*" if words else ""
