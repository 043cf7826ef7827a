"""The model of heights, against a list that is counted by hand."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.client.tui.heights import CHUNK, Heights


class Counted:
    """The same by brute force: each chunk as (size, height)."""

    def __init__(self, heights: Heights) -> None:
        self.chunks = [(heights.size(n), heights.height(n)) for n in range(heights.chunk_count)]

    def at_row(self, row: int) -> tuple[int, int]:
        for number, (_, height) in enumerate(self.chunks):
            if row < height:
                return number, row
            row -= height
        raise IndexError

    def at_position(self, position: int) -> tuple[int, int]:
        for number, (size, _) in enumerate(self.chunks):
            if position < size:
                return number, position
            position -= size
        raise IndexError


changes = st.lists(
    st.tuples(
        st.sampled_from(["measure", "append", "insert", "resize", "split", "assume"]),
        st.integers(0, 10_000),
        st.integers(0, 400),
    ),
    max_size=30,
)


@given(count=st.integers(0, 700), changes=changes)
def test_every_question_is_answered_as_by_counting(
    count: int, changes: list[tuple[str, int, int]]
) -> None:
    heights = Heights(count, estimate=2.5)
    for change, where, amount in changes:
        chunk = where % heights.chunk_count if heights.chunk_count else None
        if change == "append":
            heights.append()
            count += 1
        elif change == "insert":
            heights.insert(where % (count + 1))
            count += 1
        elif change == "assume":
            heights.assume(1 + amount / 100)
        elif chunk is None:
            continue
        elif change == "measure":
            heights.measure(chunk, amount)
        elif change == "resize":
            count += amount - heights.size(chunk)
            heights.resize(chunk, amount)
        elif heights.size(chunk) >= 2:
            heights.split(chunk)
        counted = Counted(heights)
        assert heights.count == count == sum(size for size, _ in counted.chunks)
        assert heights.rows == sum(height for _, height in counted.chunks)
        for row in {0, heights.rows // 2, heights.rows - 1} & set(range(heights.rows)):
            assert heights.at_row(row) == counted.at_row(row)
        for position in {0, count // 3, count - 1} & set(range(count)):
            number, index = heights.at_position(position)
            assert (number, index) == counted.at_position(position)
            assert heights.first(number) + index == position


def test_questions_past_the_end_are_refused() -> None:
    heights = Heights(3, estimate=2)
    with pytest.raises(IndexError):
        heights.at_row(heights.rows)
    with pytest.raises(IndexError):
        heights.at_position(3)
    with pytest.raises(IndexError):
        Heights(0, estimate=2).at_row(0)


def test_a_measured_chunk_keeps_its_height_when_the_estimate_changes() -> None:
    heights = Heights(3 * CHUNK, estimate=3)
    heights.measure(1, 500)
    heights.assume(2)
    assert [heights.height(n) for n in range(3)] == [2 * CHUNK, 500, 2 * CHUNK]


def test_a_million_entries_are_as_quick_to_change_as_a_thousand() -> None:
    # A generous bound, for a slow machine: one step of the interface may take two milliseconds,
    # and this one is measured at a fifth of that. What is guarded against is a loop in Python
    # over a million entries, which is a hundred times slower.
    heights = Heights(1_000_000, estimate=3)
    best = float("inf")
    for height in range(20):
        began = time.perf_counter()
        heights.measure(0, 100 + height)
        heights.at_row(heights.rows - 1)
        best = min(best, time.perf_counter() - began)
    assert best < 0.02
