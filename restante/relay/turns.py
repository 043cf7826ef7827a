"""Turns: of each round of the loop a network gets no more than a slice, while others are there too.

The loop runs whatever can run once a round; somebody with many busy connections would be most of
it, and everybody else would wait for all of them. Rule: nothing is held while a connection waits
for anything, and who is alone has all of the time. Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from time import perf_counter
from typing import Final

import trio

SLICE_S: Final = 0.0005
"""Some eight small deposits: what the others wait for one network in a round."""

LOOK_UPS: Final = 4
"""Look-ups of a network under way, while it is alone: beside others it has one. Each costs the loop
as much as a hundred envelopes."""

WOKEN_A_ROUND: Final = 8
"""Of those of a network who wait for a round of theirs: to be woken for nothing costs time, too."""

COMPANY_S: Final = 2.0
"""For so long after a frame of another network nobody is alone."""


class Turns(trio.abc.Instrument):
    """How long each network was served in this round. An instrument of the relay's loop."""

    def __init__(self) -> None:
        self._round = 0
        self._used_s: dict[bytes, float] = {}
        self._doors: dict[bytes, _Door] = {}
        self._waiting: dict[bytes, trio.lowlevel.ParkingLot] = {}
        self._has_waiting = trio.Event()
        self._last: bytes | None = None
        self._shared_until = 0.0

    def after_io_wait(self, timeout: float) -> None:
        """Begin a round."""
        self._round += 1
        if self._used_s:
            self._used_s.clear()

    def begin(self, network: bytes) -> float | None:
        """Return when a piece of work of a network begins; None: not in this round, `wait` first.

        `end` follows.
        """
        now = perf_counter()
        if network != self._last:
            if self._last is not None:
                self._shared_until = now + COMPANY_S
            self._last = network
        if now < self._shared_until and self._used_s.get(network, 0.0) > SLICE_S:
            return None
        return now

    async def wait(self, network: bytes) -> float:
        """Wait for a round in which the network has time left; return when its work begins."""
        while True:
            self._has_waiting.set()
            await self._waiting.setdefault(network, trio.lowlevel.ParkingLot()).park()
            if (began := self.begin(network)) is not None:
                return began

    async def take(self, network: bytes) -> tuple[float, int]:
        """Return when a piece of work of a network begins, and in which round; maybe wait for it.

        `end` follows.
        """
        began = self.begin(network)
        if began is None:
            began = await self.wait(network)
        return began, self._round

    async def run(self) -> None:
        """Wake some of those who wait, of each network, once a round; for ever."""
        while True:
            await self._has_waiting.wait()
            while self._waiting:
                await trio.lowlevel.checkpoint()
                for network, lot in list(self._waiting.items()):
                    lot.unpark(count=WOKEN_A_ROUND)
                    if not lot:
                        del self._waiting[network]
            self._has_waiting = trio.Event()

    def has_company(self) -> bool:
        """Whether more than one network was here of late."""
        return perf_counter() < self._shared_until

    @property
    def round(self) -> int:
        """The number of this round."""
        return self._round

    def end(self, network: bytes, began: float, in_round: int) -> None:
        """Count a piece of work, unless it waited for something: then the round is another."""
        if in_round == self._round:
            used_s = self._used_s.get(network, 0.0)
            self._used_s[network] = used_s + perf_counter() - began

    def charge(self, network: bytes) -> None:
        """Count a whole slice: for work that can't be cut, and is about to be done."""
        self._used_s[network] = self._used_s.get(network, 0.0) + 2 * SLICE_S

    @asynccontextmanager
    async def look_up(self, network: bytes) -> AsyncIterator[None]:
        """Be one of the few who make the store look something up for a network at a time."""
        door = self._doors.get(network)
        if door is None:
            door = self._doors[network] = _Door()
        door.visitors += 1
        try:
            async with door.places, door.one if self.has_company() else nullcontext():
                yield
        finally:
            door.visitors -= 1
            if not door.visitors:
                del self._doors[network]


class _Door:
    """Where those of one network wait for a look-up."""

    __slots__ = ("one", "places", "visitors")

    def __init__(self) -> None:
        self.places = trio.Semaphore(LOOK_UPS)
        self.one = trio.Lock()
        self.visitors = 0
