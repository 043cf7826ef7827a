"""Finding messages by words, time, conversation, author and kind, the newest first.

Rule: what the user types is words, never a query language; the last one may be unfinished.
The index is SQLite's FTS5 (unicode61, remove_diacritics 2), kept by triggers; an erased message
leaves none of its words in it. Spec: docs/client-store.md, section 7.
"""

from __future__ import annotations

import re
from typing import Final

from restante.store.client_conversations import number_of
from restante.store.client_messages import Placed, read_placed
from restante.store.client_rows import Rows, Statement
from restante.values import dataclass

NUMBER_BITS: Final = 30
"""A row of the index is numbered by the second of its message, and in these bits by the message."""
MAX_KEY: Final = 2**63 - 1
LINK: Final = "link"
"""In the place of a kind: a text with a web address."""
_SHORT: Final = re.compile(r"(?:^|[^0-9a-z])[0-9a-z]{1,2}\W*$", re.ASCII | re.IGNORECASE)
_FIND = Statement("search.FIND")
_BY_NUMBER = Statement("search.BY_NUMBER")
_KEY_OF = Statement("search.KEY_OF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for: all of it must be so.

    `conversation` and `author` are ids, 16 B; `kind` a message's kind, or LINK. Times are unix
    milliseconds, and whole seconds count. `past` is the id of a message that was found before: what
    is older than that.
    """

    words: str = ""
    conversation: bytes | None = None
    author: bytes | None = None
    kind: str | None = None
    since_ms: int = 0
    before_ms: int | None = None
    past: bytes | None = None


def search(rows: Rows, wanted: Wanted, limit: int) -> list[Placed]:
    """Return the messages that are as wanted, the newest first.

    A message that claims to be younger than its coming counts as of then. Without a word, a
    conversation, an author or a kind nothing is found.
    """
    expression = _expression(rows, wanted)
    if not expression:
        return []
    highest = MAX_KEY
    if wanted.before_ms is not None:
        highest = _first_key(-(-wanted.before_ms // 1000)) - 1
    if wanted.past is not None:
        highest = min(highest, _key_of(rows, wanted.past) - 1)
    keys = rows.all(
        _FIND,
        wanted=expression,
        lowest=_first_key(wanted.since_ms // 1000),
        highest=highest,
        limit=limit,
    )
    found = (rows.first(_BY_NUMBER, number=key & (2**NUMBER_BITS - 1)) for (key,) in keys)
    return [read_placed(rows, row) for row in found if row is not None]


def _first_key(second: int) -> int:
    """Return where a second begins in the index."""
    return max(0, min(second, 2**33 - 1)) << NUMBER_BITS


def _key_of(rows: Rows, message_id: bytes) -> int:
    """Return a message's place in the index; past its end if there is none any more."""
    found = rows.first(_KEY_OF, id=message_id)
    if found is None:
        return MAX_KEY
    number, sent_at_ms, received_at_ms = found
    at_ms = sent_at_ms if received_at_ms is None else min(sent_at_ms, received_at_ms)
    return _first_key(at_ms // 1000) | int(number)


def _expression(rows: Rows, wanted: Wanted) -> str:
    """Write what is wanted for FTS5; '' for nothing."""
    facets = []
    if wanted.conversation is not None:
        facets.append(f"c{number_of(rows, wanted.conversation) or 0}")
    if wanted.author is not None:
        facets.append(f"a{wanted.author.hex()}")
    if wanted.kind is not None:
        facets.append(f"k{wanted.kind}")
    parts = [f"facets : {_quoted(each)}" for each in facets]
    if words := _match_all(wanted.words):
        parts.append(f"text : ({words})")
    elif wanted.words.strip():
        return ""  # signs alone: no word is in them
    return " AND ".join(parts)


def _match_all(typed: str) -> str:
    """Quote each word for FTS5 and let the last be a beginning; '' if there is no word.

    One or two Latin letters are a word only: half of a history may begin with them.
    """
    words = [
        word
        for word in typed.replace("\x00", " ").split()
        if any(letter.isalnum() for letter in word)
    ]
    if not words:
        return ""
    unfinished = "" if _SHORT.search(words[-1]) else "*"
    return " AND ".join(map(_quoted, words)) + unfinished


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
