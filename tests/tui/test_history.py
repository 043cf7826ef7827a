"""What is in memory of a conversation, and where it stands, against a plain list."""

from __future__ import annotations

from datetime import UTC

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from restante.client.interface import Message, MessageState
from restante.client.tui.entries import Entry, lay_out
from restante.client.tui.glyphs import UNICODE
from restante.client.tui.heights import CHUNK
from restante.client.tui.history import MAX_CHUNKS, History
from restante.client.tui.page import Page
from tests.rounds import rounds
from tests.tui.long_history import LongHistory
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_parts import NOW

WIDTH = 30
PAGE = Page(width=WIDTH, glyphs=UNICODE, zone=UTC, now=NOW)


def entry(message: Message, before: Message | None, is_new: bool) -> Entry:
    return lay_out(message, before, PAGE, new_count=1 if is_new else None)


def sample(count: int) -> list[Message]:
    engine = ScriptedEngine()
    person = engine.people[engine.person("bob@relay.example", "Bob")]
    return list(
        LongHistory(count, conversation=person.key, them=engine._them(person), me=engine._me())
    )


def fill(history: History, truth: list[Message], number: int) -> None:
    """Read a chunk of the truth as the view does, and lay it out."""
    start = history.heights.first(number)
    messages = truth[start : start + history.heights.size(number)]
    before = truth[start - 1] if start else None
    entries = [
        entry(message, messages[n - 1] if n else before, start + n == history.unread_at)
        for n, message in enumerate(messages)
    ]
    history.place(number, messages, before, entries, WIDTH)


class Reading(RuleBasedStateMachine):
    """Chunks come and go while messages appear anywhere; the truth is a list."""

    @initialize(count=st.integers(0, 300))
    def start(self, count: int) -> None:
        self.truth = sample(count)
        self.history = History(count, unread_at=count // 2 if count else None)
        self.unread = self.truth[count // 2].id if count else None
        self.serial = 0

    @precondition(lambda self: self.history.heights.chunk_count)
    @rule(where=st.integers(0, 1000))
    def read(self, where: int) -> None:
        fill(self.history, self.truth, where % self.history.heights.chunk_count)

    @rule(where=st.one_of(st.just(10**9), st.integers(0, 1000)), words=st.integers(1, 60))
    def appear(self, where: int, words: int) -> None:
        self.serial += 1
        position = min(where, len(self.truth))
        source = sample(1)[0]
        message = replace(source, id=f"new{self.serial}", position=position, body="word " * words)
        self.truth.insert(position, message)
        assert self.history.add(message, entry, WIDTH)

    @precondition(lambda self: self.truth)
    @rule(where=st.integers(0, 1000))
    def appear_again(self, where: int) -> None:
        position = where % len(self.truth)
        message = self.truth[position]
        if self.history.message_at(position) == message:
            assert not self.history.add(replace(message, position=position), entry, WIDTH)

    @precondition(lambda self: self.truth)
    @rule(where=st.integers(0, 1000), words=st.integers(1, 60))
    def change(self, where: int, words: int) -> None:
        position = where % len(self.truth)
        message = replace(self.truth[position], body="other " * words)
        self.truth[position] = message
        self.history.change(message, entry)

    @invariant()
    def all_are_counted(self) -> None:
        assert self.history.count == len(self.truth)

    @invariant()
    def what_is_fresh_in_memory_is_true(self) -> None:
        history = self.history
        row = 0
        for number in range(history.heights.chunk_count):
            chunk = history.chunk(number)
            assert history.heights.top(number) == row
            row += history.heights.height(number)
            if chunk is None:
                continue
            assert len(chunk.messages) == len(chunk.entries)
            assert chunk.tops[-1] == sum(entry.height for entry in chunk.entries)
            if not chunk.is_stale:
                first = history.heights.first(number)
                expected = self.truth[first : first + history.heights.size(number)]
                assert [m.id for m in chunk.messages] == [m.id for m in expected]
                assert [m.body for m in chunk.messages] == [m.body for m in expected]
                assert history.heights.height(number) == chunk.tops[-1]
        assert row == history.rows

    @invariant()
    def the_divider_stays_on_its_message(self) -> None:
        if self.unread is not None and self.history.unread_at is not None:
            assert self.truth[self.history.unread_at].id == self.unread


Reading.TestCase.settings = settings(
    max_examples=rounds(25, 2000), stateful_step_count=30, deadline=None
)
TestReading = Reading.TestCase


def test_what_is_on_screen_keeps_its_place_when_heights_above_it_turn_out() -> None:
    truth = sample(20 * CHUNK)
    history = History(len(truth))
    fill(history, truth, 10)
    row = history.heights.top(10) + 17
    seen = history.at_row(row)
    anchor = history.anchor(row)
    assert seen is not None
    assert anchor is not None
    for number in (0, 3, 9):
        fill(history, truth, number)
    moved = history.row_of(anchor)
    assert moved != row
    now = history.at_row(moved)
    assert now is not None
    assert (now.position, now.line) == (seen.position, seen.line)


def test_what_is_on_screen_keeps_its_place_when_a_message_appears_above_it() -> None:
    truth = sample(3 * CHUNK)
    history = History(len(truth))
    for number in range(3):
        fill(history, truth, number)
    row = history.heights.top(2) + 5
    seen = history.at_row(row)
    anchor = history.anchor(row)
    assert seen is not None
    assert anchor is not None
    message = replace(truth[0], id="new", position=10, body="long " * 50)
    truth.insert(10, message)
    history.add(message, entry, WIDTH)
    for number in range(3):
        fill(history, truth, number)
    now = history.at_row(history.row_of(anchor))
    assert now is not None
    assert now.position == seen.position + 1
    assert now.line == seen.line


def test_memory_is_bounded_however_much_is_read() -> None:
    truth = sample((MAX_CHUNKS + 30) * CHUNK)
    history = History(len(truth))
    for number in range(history.heights.chunk_count):
        fill(history, truth, number)
        history.evict(keep=(number,))
    in_memory = [n for n in range(history.heights.chunk_count) if history.chunk(n) is not None]
    assert len(in_memory) == MAX_CHUNKS
    assert in_memory[-1] == history.heights.chunk_count - 1
    assert history.heights.is_measured(0), "heights outlive what was measured"


def test_missed_events_leave_places_free() -> None:
    history = History(2)
    fill(history, sample(2), 0)
    late = replace(sample(1)[0], id="late", position=5)
    history.add(late, entry, WIDTH)
    assert history.count == 6
    assert history.needs(0, WIDTH), "what was missed is read"


def test_a_state_that_changes_is_laid_out_anew() -> None:
    truth = sample(10)
    history = History(10)
    fill(history, truth, 0)
    failed = replace(truth[4], state=MessageState.FAILED, error="No room. " * 9)
    rows = history.rows
    assert history.change(failed, entry)
    assert history.rows > rows
    assert history.message_at(4) == failed
