"""Messages that call the user: those that name them, or answer them, in all conversations.

Rule: a partial index holds just these, so the newest cost the same in any history. What strangers
say is none of it until they are accepted. Spec: docs/client-store.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from restante.store.client_messages import MESSAGE, MessageRow, Placed, read_placed
from restante.store.client_rows import Rows, Statement

MAX_COUNTED: Final = 1_000
"""Unread ones of a conversation are counted so far: anybody in it can send any number."""

_PAST_ALL: Final = b"\xff" * 24
_BATCH: Final = 256
_UNREAD = Statement("calls.UNREAD")
_READ = Statement("calls.READ")
_COUNT_UNREAD = Statement("calls.COUNT_UNREAD")
_UNLOOKED = Statement("calls.UNLOOKED")
_NUMBER = Statement("calls.NUMBER")


def calling(rows: Rows, *, unread: bool, past: bytes | None, limit: int) -> list[Placed]:
    """Return what calls the user, the newest first: what is unread, or else what isn't.

    `past`: only what sorts before this order key (24 B).
    """
    found = rows.all(_UNREAD if unread else _READ, past=past or _PAST_ALL, limit=limit)
    return [read_placed(rows, each) for each in found]


def count_calling(rows: Rows, conversation: bytes) -> int:
    """Return how many unread messages of a conversation call the user, up to MAX_COUNTED."""
    return int(rows.value(_COUNT_UNREAD, key=conversation, limit=MAX_COUNTED) or 0)


def texts_with_signs(rows: Rows) -> Iterator[MessageRow]:
    """Yield every received text with an `@` in it. Walks through the whole history."""
    past = 0
    while found := rows.all(_UNLOOKED, past=past, limit=_BATCH):
        last = MESSAGE.read(found[-1][:-1])
        for each in found:
            yield MESSAGE.read(each[:-1])
        past = int(rows.value(_NUMBER, id=last.id))
