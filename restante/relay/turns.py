"""Turns: of the loop's time a network gets no more than a share, while others are there too.

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

SHARE: Final = 0.2
"""Of the time, beside others: two thousand small envelopes a second, which is as many as a network
may deposit. With a third of it the others' came twice as late."""

SLICE_S: Final = 0.00025
"""Some four small deposits: what the others wait for one network at a time."""

_AHEAD_S: Final = SLICE_S / SHARE - SLICE_S
"""How far a network may be ahead of its share: by a slice."""

MOST_AHEAD_S: Final = 0.05
"""How long a network waits at the most: a fan-out to a thousand devices is one piece of work."""

GREETING_S: Final = 0.001
"""What a connection costs to greet, or a step of a handshake in TLS."""

LOOK_UPS: Final = 4
"""Look-ups of a network under way, while it is alone: beside others it has one. Each costs the loop
as much as a hundred envelopes."""

LOOK_UP_S: Final = 0.0005
"""What one costs the loop. By the clock it takes longer the more others do meanwhile."""

WOKEN_A_ROUND: Final = 4
"""Of those of a network who wait for its time: to be woken for nothing costs time, too."""

PAUSE_S: Final = 0.001
"""Between two looks at who waits, if there is nobody to wake."""

COMPANY_S: Final = 2.0
"""For so long after a frame of another network nobody is alone."""

MOST_REMEMBERED: Final = 4096
"""Networks, before those are forgotten that are behind their share."""

_GREETINGS: Final = b"greetings of "
"""Before a network: the account of its greetings."""


class Turns(trio.abc.Instrument):
    """How long each network was served of late. An instrument of the relay's loop."""

    def __init__(self) -> None:
        self._round = 0
        self._free_at: dict[bytes, float] = {}
        """When each would have used what it has, at its share of the time."""
        self._doors: dict[bytes, _Door] = {}
        self._waiting: dict[bytes, trio.lowlevel.ParkingLot] = {}
        self._has_waiting = trio.Event()
        self._last: bytes | None = None
        self._shared_until = 0.0
        self._began, self._began_in = 0.0, 0

    def after_io_wait(self, timeout: float) -> None:
        """Begin a round."""
        self._round += 1

    def begin(self, network: bytes) -> float | None:
        """Return when a piece of work of a network begins; None: not now, `wait` first.

        `end` follows.
        """
        now = perf_counter()
        self._meet(network, now)
        if not self._may_go(network, now):
            return None
        self._began, self._began_in = now, self._round
        return now

    def _meet(self, network: bytes, now: float) -> None:
        if network != self._last:
            if self._last is not None:
                self._shared_until = now + COMPANY_S
            self._last = network

    def _may_go(self, account: bytes, now: float) -> bool:
        return now >= self._shared_until or self._free_at.get(account, 0.0) <= now + _AHEAD_S

    async def wait(self, network: bytes) -> float:
        """Wait until the network has time left; return when its work begins."""
        while True:
            await self._park(network)
            if (began := self.begin(network)) is not None:
                return began

    async def _park(self, account: bytes) -> None:
        self._has_waiting.set()
        await self._waiting.setdefault(account, trio.lowlevel.ParkingLot()).park()

    async def take(self, network: bytes) -> tuple[float, int]:
        """Return when a piece of work of a network begins, and in which round; maybe wait for it.

        `end` follows.
        """
        began = self.begin(network)
        if began is None:
            began = await self.wait(network)
        return began, self._round

    async def run(self) -> None:
        """Wake some of those who wait, of each network that has time left; for ever."""
        while True:
            await self._has_waiting.wait()
            while self._waiting:
                now, pause_s = perf_counter(), PAUSE_S
                for account, lot in list(self._waiting.items()):
                    if self._may_go(account, now):
                        pause_s = 0.0
                        lot.unpark(count=WOKEN_A_ROUND)
                        if not lot:
                            del self._waiting[account]
                await trio.sleep(pause_s)
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
            self.spend(network, perf_counter() - began)

    def pause(self, network: bytes) -> None:
        """Count what was done so far of a piece of work that is about to wait for something."""
        if self._began_in == self._round:
            self.spend(network, perf_counter() - self._began)

    async def greet(self, network: bytes) -> None:
        """Wait until a network has time for a greeting, and count it: it can't be cut.

        Greetings have a share of their own: who comes with many devices isn't served later for it.
        """
        account = _GREETINGS + network
        self._meet(network, perf_counter())
        while not self._may_go(account, perf_counter()):
            await self._park(account)
        self.spend(account, GREETING_S)

    def spend(self, account: bytes, spent_s: float) -> None:
        """Count time that was spent: for a network, or for its greetings."""
        now, free_at = perf_counter(), self._free_at
        since = free_at.get(account, 0.0)
        free_at[account] = min(max(since, now) + spent_s / SHARE, now + MOST_AHEAD_S)
        if len(free_at) > MOST_REMEMBERED:
            self._free_at = {one: at for one, at in free_at.items() if at > now}

    @asynccontextmanager
    async def look_up(self, network: bytes) -> AsyncIterator[None]:
        """Be one of the few who make the store look something up for a network at a time."""
        door = self._doors.get(network)
        if door is None:
            door = self._doors[network] = _Door()
        door.visitors += 1
        try:
            async with door.places, door.one if self.has_company() else nullcontext():
                await self.take(network)
                self.spend(network, LOOK_UP_S)
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
