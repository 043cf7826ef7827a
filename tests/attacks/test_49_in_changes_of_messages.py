"""Attack 49: escapes in reactions, edits, places, cards and excerpts reach no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from restante.client.grammar.shown import details, versions
from restante.protocol.content import ContactCard, Location, Quote, Reaction
from restante.protocol.poll import Poll, Vote
from restante.protocol.text import printable
from restante.store.client_marks import marks_of
from restante.store.client_messages import message
from tests.client.said import ALICE, arrive, content, edit, text
from tests.store.profiles import profile

if TYPE_CHECKING:
    from pathlib import Path

    from msgspec import Struct

    from restante.store.client_rows import Rows

ESCAPES = [
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\u202eevil",
    "\u2066hidden\u2069",
    "\r\x08\x7f",
    "\U000e0041\U000e0042",
]
ONE = b"one".ljust(16, b"-")
TWO = b"two".ljust(16, b"-")


def is_safe(shown: str) -> bool:
    return printable(shown, multiline=True) == shown


def strings(found: Any) -> list[str]:
    """Every string in a view, however deep."""
    if isinstance(found, str):
        return [found]
    if isinstance(found, dict):
        return [each for value in found.values() for each in strings(value)]
    if isinstance(found, list):
        return [each for value in found for each in strings(value)]
    names = getattr(found, "__struct_fields__", ())
    return [each for name in names for each in strings(getattr(found, name))]


@pytest.mark.parametrize("escape", ESCAPES)
async def test_escapes_in_whatever_changes_or_is_a_message(tmp_path: Path, escape: str) -> None:
    place = Location(
        latitude_e7=1, longitude_e7=1, accuracy_m=0, live_until_s=0, label=f"{escape}home"
    )
    card = ContactCard(name=f"{escape}Eve", address=f"eve{escape}@relay.example", account=ALICE)
    asked = Poll(
        question=f"{escape}Which?", options=["a", f"{escape}b"], is_multiple=False, closes_at_s=0
    )
    bodies: list[Struct] = [
        text(f"{escape}hello @{escape}you", quote=Quote(message=TWO, excerpt=f"{escape}said")),
        place,
        card,
        asked,
    ]

    def claim(rows: Rows) -> None:
        for number, body in enumerate(bodies):
            message_id = bytes([number + 1]) * 16
            arrive(rows, content(body, id=message_id))
            arrive(rows, content(Reaction(message=message_id, emoji=escape), id=b"r%d" % number))
            if body is asked:
                arrive(rows, content(Vote(message=message_id, choices=[1]), id=b"vote"))
            elif body is not card:
                arrive(rows, content(edit(message_id, body), id=b"e%d" % number))
            row = message(rows, message_id)
            assert row is not None
            assert row.kind != "unknown"
            marks = marks_of(rows, message_id)
            seen = details(row, marks, lambda _: ("Bob", False), lambda *_: True)
            assert seen["reactions"] == []
            shown = [row.text, row.quote_excerpt or "", *strings(seen)]
            shown += strings(versions(row, marks)) + [each.value for each in marks]
            assert all(map(is_safe, shown)), shown

    async with profile(tmp_path) as opened:
        await opened.write(claim)
