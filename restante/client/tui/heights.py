"""How tall a long list is, and what stands at which row. Pure; knows no message and no Textual.

A list of entries in chunks; a chunk's height is estimated until it is measured. Rule: any question
costs a bisect, any change of a chunk one pass of C over the sums behind it, so that a million
entries (15,625 chunks) are no slower than a thousand. Spec: docs/tui.md, section 3.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

CHUNK = 64
"""Entries in a chunk: one read of the engine, one step of layout."""

SPLIT_AT = 2 * CHUNK
"""A chunk that grows to this by insertions in the middle is cut in two."""


class Heights:
    """Chunks of entries with their heights in rows, and prefix sums of both.

    Chunks, entries (positions) and rows all count from 0. Questions past the end raise IndexError.
    """

    __slots__ = ("_estimate", "_heights", "_is_measured", "_positions", "_rows", "_sizes", "_sound")

    def __init__(self, count: int, *, estimate: float) -> None:
        """`count` entries, each assumed `estimate` rows high until its chunk is measured."""
        if count < 0 or estimate <= 0:
            raise ValueError("a list has no negative count and no flat entries")
        self._estimate = estimate
        whole, rest = divmod(count, CHUNK)
        self._sizes = [CHUNK] * whole + ([rest] if rest else [])
        self._heights = [self._guess(size) for size in self._sizes]
        self._is_measured = [False] * len(self._sizes)
        # The sums at index i are those of the chunks before i; they hold up to `_sound`.
        self._positions: list[int] = [0]
        self._rows: list[int] = [0]
        self._sound = 0

    # ---- questions --------------------------------------------------------------------------

    @property
    def chunk_count(self) -> int:
        """Number of chunks."""
        return len(self._sizes)

    @property
    def count(self) -> int:
        """Number of entries."""
        return self._sums()[0][-1]

    @property
    def rows(self) -> int:
        """Height of the whole list."""
        return self._sums()[1][-1]

    def size(self, chunk: int) -> int:
        """Entries in a chunk."""
        return self._sizes[chunk]

    def height(self, chunk: int) -> int:
        """Rows of a chunk, measured or assumed."""
        return self._heights[chunk]

    def is_measured(self, chunk: int) -> bool:
        """Whether a chunk's height is known rather than assumed."""
        return self._is_measured[chunk]

    def first(self, chunk: int) -> int:
        """Position of a chunk's first entry."""
        return self._sums()[0][chunk]

    def top(self, chunk: int) -> int:
        """Row at which a chunk begins."""
        return self._sums()[1][chunk]

    def at_row(self, row: int) -> tuple[int, int]:
        """Return the chunk that holds a row, and the row within it."""
        _, rows = self._sums()
        if not 0 <= row < rows[-1]:
            raise IndexError(f"row {row} of {rows[-1]}")
        chunk = bisect_right(rows, row) - 1
        return chunk, row - rows[chunk]

    def at_position(self, position: int) -> tuple[int, int]:
        """Return the chunk that holds a position, and the index within it."""
        positions, _ = self._sums()
        if not 0 <= position < positions[-1]:
            raise IndexError(f"position {position} of {positions[-1]}")
        chunk = bisect_right(positions, position) - 1
        return chunk, position - positions[chunk]

    # ---- changes ----------------------------------------------------------------------------

    def measure(self, chunk: int, rows: int) -> None:
        """Say how high a chunk really is."""
        self._is_measured[chunk] = True
        if self._heights[chunk] != rows:
            self._heights[chunk] = rows
            self._unsettle(chunk)

    def assume(self, estimate: float) -> None:
        """Take another estimate for all that is not measured yet."""
        if estimate <= 0:
            raise ValueError("no entry is flat")
        self._estimate = estimate
        self._heights = [
            height if is_measured else self._guess(size)
            for size, height, is_measured in zip(
                self._sizes, self._heights, self._is_measured, strict=True
            )
        ]
        self._unsettle(0)

    def append(self) -> int:
        """Add an entry at the end and return its chunk; a full last chunk gets a successor."""
        if not self._sizes or self._sizes[-1] >= CHUNK:
            self._sizes.append(0)
            self._heights.append(0)
            self._is_measured.append(False)
        chunk = len(self._sizes) - 1
        self._grow(chunk)
        return chunk

    def insert(self, position: int) -> tuple[int, int]:
        """Insert an entry before `position` (or at the end) and return its chunk and index.

        The caller measures the chunk again, and may `split` it.
        """
        if position == self.count:
            chunk = self.append()
            return chunk, self._sizes[chunk] - 1
        chunk, index = self.at_position(position)
        self._grow(chunk)
        return chunk, index

    def resize(self, chunk: int, size: int) -> None:
        """Correct the number of entries of a chunk (an engine knew better)."""
        self._sizes[chunk] = size
        if not self._is_measured[chunk]:
            self._heights[chunk] = self._guess(size)
        self._unsettle(chunk)

    def split(self, chunk: int) -> None:
        """Cut a chunk into halves, both to be measured: `chunk` and `chunk + 1`."""
        size, height = self._sizes[chunk], self._heights[chunk]
        half = size // 2
        self._sizes[chunk : chunk + 1] = [half, size - half]
        upper = height * half // size if size else 0
        self._heights[chunk : chunk + 1] = [upper, height - upper]
        self._is_measured[chunk : chunk + 1] = [False, False]
        self._unsettle(chunk)

    def _grow(self, chunk: int) -> None:
        self._sizes[chunk] += 1
        if not self._is_measured[chunk]:
            self._heights[chunk] = self._guess(self._sizes[chunk])
        self._unsettle(chunk)

    def _guess(self, size: int) -> int:
        return round(size * self._estimate) if size else 0

    def _unsettle(self, chunk: int) -> None:
        self._sound = min(self._sound, chunk)

    def _sums(self) -> tuple[list[int], list[int]]:
        sound = self._sound
        if sound != len(self._sizes):
            self._positions[sound:] = accumulate(
                self._sizes[sound:], initial=self._positions[sound]
            )
            self._rows[sound:] = accumulate(self._heights[sound:], initial=self._rows[sound])
            self._sound = len(self._sizes)
        return self._positions, self._rows
