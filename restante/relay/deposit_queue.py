"""Deposits that wait for their commit, by where they come from: beside others each has a share.

Who comes while a commit runs waits for all of it, and a commit of a flood's megabytes takes as long
as some fifty of other people's. Rule: what one network deposits keeps its order, and nobody's is
forgotten; who is alone has the whole commit. Pure: no clock. Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

from restante.errors import StoreError
from restante.store.relay_mailboxes import Arrival


class Deposits(Protocol):
    """What a connection deposits with one frame, and how it learns what became of it."""

    @property
    def network(self) -> bytes:
        """By what its depositor is counted."""

    @property
    def arrivals(self) -> Sequence[Arrival]:
        """What was admitted."""

    @property
    def size_bytes(self) -> int:
        """How much memory it holds."""

    @property
    def target_count(self) -> int:
        """How many targets the arrivals have together."""

    def stored(self, sequences: list[int]) -> None:
        """Take what became of each target: a sequence, or 0 for one stored before."""

    def answer(self) -> None:
        """Tell the depositor of it; after everything that was stored with it is on its way."""

    def failed(self, error: StoreError) -> None:
        """Take that nothing of it was stored."""


class Queued(NamedTuple):
    """A frame's deposits in the queue."""

    number: int
    came_at: float
    deposits: Deposits
    size_bytes: int


class DepositQueue:
    """What no commit has taken up yet, and how many bytes each network has in memory."""

    def __init__(self) -> None:
        self._lines: OrderedDict[bytes, deque[Queued]] = OrderedDict()
        self._next_number = 0
        self._bytes_of: Counter[bytes] = Counter()
        self.size_bytes = 0
        """Payload that was put and not `free`d."""

    def __bool__(self) -> bool:
        return bool(self._lines)

    def __iter__(self) -> Iterator[Queued]:
        for line in self._lines.values():
            yield from line

    @property
    def next_number(self) -> int:
        """What the next that is put will be numbered."""
        return self._next_number

    def put(self, deposits: Deposits, *, came_at: float) -> None:
        """Put a frame's deposits behind those of its network."""
        network, size_bytes = deposits.network, deposits.size_bytes
        line = self._lines.get(network)
        if line is None:
            line = self._lines[network] = deque()
        line.append(Queued(self._next_number, came_at, deposits, size_bytes))
        self._next_number += 1
        self._bytes_of[network] += size_bytes
        self.size_bytes += size_bytes

    def take(self, *, most_bytes: int, share_bytes: int) -> list[Queued]:
        """Take what the next commit stores: of each network its share, until there is enough.

        The frame that passes a bound is still taken. Who got nothing is the first next time; who
        has least is the first in the commit, and so the first who is told.
        """
        by_network: list[list[Queued]] = []
        size_bytes = 0
        for network in list(self._lines):
            if size_bytes >= most_bytes:
                break
            line, until = self._lines[network], min(size_bytes + share_bytes, most_bytes)
            taken: list[Queued] = []
            while line and size_bytes < until:
                queued = line.popleft()
                size_bytes += queued.size_bytes
                taken.append(queued)
            if line:
                self._lines.move_to_end(network)
            else:
                del self._lines[network]
            by_network.append(taken)
        by_network.sort(key=len)
        return list(chain.from_iterable(by_network))

    def free(self, taken: list[Queued]) -> None:
        """Note that what was taken is held no more."""
        for queued in taken:
            network = queued.deposits.network
            self._bytes_of[network] -= queued.size_bytes
            if not self._bytes_of[network]:
                del self._bytes_of[network]
            self.size_bytes -= queued.size_bytes

    def bytes_of(self, network: bytes) -> int:
        """Return how much of a network's was put and not `free`d."""
        return self._bytes_of[network]

    def has_taken(self, number: int) -> bool:
        """Whether all that was put before this number has been taken."""
        return all(line[0].number >= number for line in self._lines.values())

    @property
    def oldest_at(self) -> float | None:
        """When the one came that waits for longest."""
        return min((line[0].came_at for line in self._lines.values()), default=None)
