"""Messages and their changes, in any order and however often: every device shows the same."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from restante.client.changes import Changes
from restante.client.grammar.folding import fold
from restante.client.grammar.hiding import HIDDEN, apply_hidden
from restante.client.grammar.readings import read_elsewhere
from restante.client.grammar.shown import details, versions
from restante.client.grammar.timers import erase_gone
from restante.protocol.content import Deletion, Pin, Quote, Reaction, Setting
from restante.protocol.poll import PollClosed, Vote
from restante.protocol.sync import RecordKind
from restante.store.client_marks import marks_of
from restante.store.client_messages import window
from restante.store.client_records import RecordRow, put_record
from restante.store.client_rows import Rows
from tests.client.said import ALICE, BOB, NOW_MS, arrive, content, edit, place, poll, text
from tests.rounds import rounds
from tests.store.profiles import profile

if TYPE_CHECKING:
    from pathlib import Path

    from restante.protocol.content import Content
    from restante.store.driver import RawConnection

MESSAGES = [bytes([65 + number]) * 16 for number in range(4)]
PEOPLE = [ALICE, BOB]


@dataclass(frozen=True)
class Said:
    """A content and who sent it."""

    author: bytes
    content: Content

    def happen(self, rows: Rows) -> None:
        arrive(rows, self.content, author=self.author)


@dataclass(frozen=True)
class Hidden:
    """The user deleted a message for this account alone."""

    message: bytes

    def happen(self, rows: Rows) -> None:
        row = RecordRow(
            kind=int(RecordKind.HIDDEN), key=self.message, rank=1, device_id=b"d", value=HIDDEN
        )
        put_record(rows, row)
        apply_hidden(rows, Changes(), self.message)


@dataclass(frozen=True)
class ReadThere:
    """The user read a message on another device."""

    message: bytes
    at_ms: int

    def happen(self, rows: Rows) -> None:
        read_elsewhere(rows, Changes(), BOB, [self.message], at_ms=self.at_ms, now_ms=NOW_MS)


@dataclass(frozen=True)
class Lapse:
    """Two hours later: whatever has run out by then is erased."""

    def happen(self, rows: Rows) -> None:
        erase_gone(rows, Changes(), now_ms=NOW_MS + 2 * 3_600_000)


Event = Said | Hidden | ReadThere | Lapse

ids = st.binary(min_size=16, max_size=16).filter(lambda found: found not in MESSAGES)
ranks = st.integers(0, 5).map(lambda number: (1 << 40) + number)
targets = st.sampled_from(MESSAGES)
people = st.sampled_from(PEOPLE)
bodies = st.sampled_from(["one", "two", "\x1b[31mred", "three"]).map(text)
places = st.integers(-900_000_000, 900_000_000).map(lambda degrees: place(degrees, 7))


@st.composite
def messages(draw: st.DrawFn) -> list[Event]:
    """Each message once at most: an id has one author and one content."""
    said: list[Event] = []
    for message_id in draw(st.lists(targets, unique=True, min_size=1)):
        quote = Quote(message=draw(targets), excerpt="an excerpt") if draw(st.booleans()) else None
        asked = st.builds(poll, is_multiple=st.booleans())
        body = draw(st.one_of(bodies, places, asked, st.just(Setting(disappears_after_s=60))))
        if quote is not None and hasattr(body, "quote"):
            body = text(body.text, quote=quote)
        said.append(
            Said(
                draw(people),
                content(
                    body,
                    id=message_id,
                    rank=draw(ranks),
                    disappears_after_s=draw(st.sampled_from([0, 0, 3600])),
                ),
            )
        )
    return said


@st.composite
def changes(draw: st.DrawFn) -> list[Event]:
    made: list[Event] = []
    for change_id in draw(st.lists(ids, unique=True, max_size=12)):
        target = draw(targets)
        body = draw(
            st.one_of(
                st.one_of(bodies, places).map(partial(edit, target)),
                st.just(Deletion(message=target)),
                st.sampled_from(["👍", "🎉", "", "no"]).map(
                    lambda emoji, on=target: Reaction(message=on, emoji=emoji)
                ),
                st.booleans().map(lambda on, of=target: Pin(message=of, is_pinned=on)),
                st.lists(st.integers(0, 3), max_size=2).map(
                    lambda chosen, of=target: Vote(message=of, choices=chosen)
                ),
                st.just(PollClosed(message=target)),
            )
        )
        made.append(Said(draw(people), content(body, id=change_id, rank=draw(ranks))))
    made += [Hidden(each) for each in draw(st.lists(targets, max_size=1))]
    at_ms = st.integers(NOW_MS - 5000, NOW_MS + 5000)
    made += [ReadThere(each, draw(at_ms)) for each in draw(st.lists(targets, max_size=3))]
    made += [Lapse()] * draw(st.integers(0, 2))
    return made


def _named(account: bytes) -> tuple[str, bool]:
    return account.decode(), account == ALICE


def shown(rows: Rows) -> list[Any]:
    """Everything that a user could see of the conversation."""
    found = []
    for row in window(rows, BOB, 0, 512):
        marks = marks_of(rows, row.id)
        seen = details(row, marks, _named, lambda *_: True)
        has_history = row.body and row.kind in {"text", "location"}
        found.append(
            (
                row.id,
                row.author,
                row.kind,
                row.text,
                row.state,
                row.quote_id,
                row.quote_excerpt if row.kind != "deleted" else None,
                row.gone_at_ms,
                seen,
                versions(row, marks) if has_history else None,
                fold(row, marks).moot,
            )
        )
    return found


def happened(raw: RawConnection, events: list[Event]) -> list[Any]:
    """Return what is shown after events in this order; nothing of it stays."""
    rows = Rows(raw)
    raw.execute("SAVEPOINT before", ())
    for event in events:
        event.happen(rows)
    Lapse().happen(rows)
    found = shown(rows)
    raw.execute("ROLLBACK TO before", ())
    raw.execute("RELEASE before", ())
    return found


async def test_any_order_and_any_repetition_shows_the_same(tmp_path: Path) -> None:
    async with profile(tmp_path) as one:

        def all_orders(raw: RawConnection) -> None:
            @settings(max_examples=rounds(30, 20_000), deadline=None)
            @given(messages(), changes(), st.randoms(use_true_random=False))
            def check(said: list[Event], made: list[Event], chance: random.Random) -> None:
                events = said + made
                in_order = happened(raw, events)
                shuffled = events + chance.sample(events, len(events) // 2)
                chance.shuffle(shuffled)
                assert happened(raw, shuffled) == in_order
                backwards = events[::-1]
                assert happened(raw, backwards) == in_order

            check()

        await one.database.write_raw(all_orders)
