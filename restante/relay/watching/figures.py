"""What a relay counts while it runs. Plain numbers: no library, no lock, no I/O.

Rule: on the way of an envelope nothing is done for each envelope, and for each frame an addition or
two; what can be computed when somebody looks is computed then (`exposition`). No identifier is a
key here, only names that stand in the code. Spec: docs/watching.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

DURATIONS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""From one fsync of a good disk to a deadline."""

COUNTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)
"""Envelopes of one commit."""

REFUSING_S: Final = 30.0
"""For so long a disk that refused a commit counts as one that does: whoever keeps deposits away
from it meanwhile sends some again then, or nobody would ever learn that there is room."""


class Histogram:
    """How often a value was at most each bound, and the sum of all."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulated(self) -> list[tuple[str, float]]:
        """Return each bound, as text, with how many values were at most that; `+Inf` is last."""
        pairs: list[tuple[str, float]] = []
        count = 0
        for bound, here in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            count += here
            pairs.append((bound, count))
        return pairs


@dataclass(slots=True, kw_only=True)
class Figures:
    """The counters of one relay since it started."""

    opened: int = 0
    """Connections that were let in."""
    limits_hit: Counter[str] = field(default_factory=Counter)
    """How often a limit said no, by its name; token buckets count for themselves."""
    frames: Counter[str] = field(default_factory=Counter)
    """Frames that came, by type."""
    stored: int = 0
    """Envelopes, one for each mailbox, that are durable."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Targets of deposits that were not stored, by what they were told."""
    delivered: int = 0
    acked: int = 0
    expired: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Requests that were not carried out, by wire code."""
    closed: Counter[str] = field(default_factory=Counter)
    """Connections that the relay ended, by wire code."""
    wakes: Counter[str] = field(default_factory=Counter)
    """Wakings, by what became of them."""
    faults: int = 0
    """Exceptions that nobody expected: bugs."""
    commit_failures: Counter[str] = field(default_factory=Counter)
    """Commits that the disk refused, by error."""
    disk_refused_at: float | None = None
    """When the last commit was refused, by the monotonic clock; None: it wasn't."""
    deposits_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    """From a deposit's arrival to its answer, with its commit."""
    requests_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    """From another request's arrival to its answer."""
    commits_s: Histogram = field(default_factory=lambda: Histogram(DURATIONS_S))
    commits_envelopes: Histogram = field(default_factory=lambda: Histogram(COUNTS))

    def committed(self, *, envelopes: int, acks: int, took_s: float) -> None:
        """Count a commit."""
        self.disk_refused_at = None
        self.stored += envelopes
        self.acked += acks
        self.commits_s.add(took_s)
        self.commits_envelopes.add(envelopes)

    def commit_failed(self, error: str) -> None:
        """Count a commit that the disk refused."""
        self.disk_refused_at = monotonic()
        self.commit_failures[error] += 1

    @property
    def is_disk_refusing(self) -> bool:
        """Whether the last commit was one that the disk refused, and not long ago."""
        at = self.disk_refused_at
        return at is not None and monotonic() - at < REFUSING_S
