"""The service that wakes devices: what is due, when again, and how often it is tried.

Rule: never in the way of an envelope (an arrival is a look into a set and a queue), bounded in
memory and in connections, and of no use for a flood: a device is woken once for all that came, and
while it doesn't come the pauses grow. Spec: docs/protocol/relay.md, section 13.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import StoreError, WireCode
from restante.relay import log
from restante.relay.buckets import Buckets
from restante.relay.http.asking import AskingError, Said
from restante.relay.refusal import Refusal
from restante.relay.waking.asking import Asking, TooSoonError
from restante.relay.waking.endpoints import BadEndpointError, parse_endpoint
from restante.store.relay_wakes import due_wake, forget_wake, put_wake, wakeable

if TYPE_CHECKING:
    from restante.protocol import frames as f
    from restante.relay.registry import Registered
    from restante.relay.settings import Settings
    from restante.relay.watching.figures import Figures
    from restante.store.database import Database

TRIES_AFTER_S: Final = (10.0, 60.0, 300.0)
"""An endpoint that fails is asked again after so long, and then given up until something comes."""

MAX_PAUSE_S: Final = 86_400.0
"""The pauses of a device that doesn't come grow to a day."""

MAX_PAUSES: Final = 65_536
AT_ONCE: Final = 64
"""Requests under way: an endpoint that doesn't answer holds one for the deadline."""

AT_ONCE_PER_HOST: Final = 8
"""Of these at one host: one that doesn't answer holds up nobody else's."""

FAULT_PAUSE_S: Final = 1.0
"""After a bug in choosing who is next: it might come again at once."""

DEADLINE_S: Final = 10.0
_LOST: Final = frozenset({404, 410})
"""The subscription is no more. Source: RFC 8030, section 7.3."""


@dataclass(slots=True)
class _Due:
    at: float
    """When; `inf`: as soon as a request at its host has ended."""
    tries: int


class _Turn:
    """One request of a device; it is no more the device's when that has come meanwhile."""

    __slots__ = ()


class Waker:
    """The service. `run` is its task; `arrived` and `came` may be called by any."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        *,
        figures: Figures,
        is_here: Callable[[int], bool],
        tries_after_s: Sequence[float] = TRIES_AFTER_S,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._db = db
        self._allows_private = settings.wake_private_allowed
        self._limits = settings.limits
        self._figures = figures
        self._is_here = is_here
        self._tries_after_s = tries_after_s
        self.devices: set[int] = set()
        """Who wants to be woken: all that most arrivals look at."""
        self._due: dict[int, _Due] = {}
        self._order: list[tuple[float, int]] = []
        self._asking: dict[int, _Turn] = {}
        """The newest request of each device, unless it came since."""
        self._at_host: Counter[str] = Counter()
        self._held: dict[str, dict[int, None]] = {}
        """By host, who waits until a request there has ended; also some who came since."""
        self._pauses: dict[int, tuple[float, float]] = {}
        self._has_work = trio.Event()
        self._per_host = Buckets(
            rate=settings.limits.wakes_per_host, burst=10 * settings.limits.wakes_per_host
        )
        self._endpoints = Asking(settings, deadline_s=deadline_s, clock=clock)

    async def load(self) -> None:
        """Read who wants to be woken."""
        self.devices = await self._db.read(wakeable)

    @property
    def waiting(self) -> int:
        """How many devices are to be woken."""
        return len(self._due)

    async def register(self, request: f.SetWake, device: Registered) -> None:
        """Keep, change or forget where a device is woken. Raises Refusal, or StoreError."""
        endpoint = request.endpoint
        if endpoint is not None:
            try:
                parse_endpoint(endpoint, allows_private=self._allows_private)
            except BadEndpointError as error:
                raise Refusal(WireCode.FORBIDDEN, str(error)) from None
        number = device.device
        await self._db.write(lambda tx: put_wake(tx, number, endpoint))
        self.came(number)
        if endpoint is None:
            self.devices.discard(number)
        else:
            self.devices.add(number)

    def arrived(self, device: int) -> None:
        """Wake a device of `devices` soon, once for all that comes until then."""
        if device in self._due or device in self._asking:
            return
        now = trio.current_time()
        at = now + self._limits.wake_after_s
        if (pause := self._pauses.get(device)) is not None:
            at = max(at, pause[0] + pause[1])
        self._put(device, _Due(at, 0))

    def came(self, device: int) -> None:
        """Let a device be: it is here."""
        self._due.pop(device, None)
        self._pauses.pop(device, None)
        self._asking.pop(device, None)

    def _put(self, device: int, due: _Due) -> None:
        if len(self._due) >= self._limits.wakes_waiting:
            self._figures.wakes["dropped"] += 1
            return
        self._due[device] = due
        if due.at < inf:
            heappush(self._order, (due.at, device))
            self._has_work.set()

    def _put_again(self, device: int, turn: _Turn, due: _Due) -> None:
        """Let one wait that is not asked now, unless it came: then what arrived since counts."""
        if self._asking.get(device) is turn:
            self._put(device, due)

    async def run(self) -> None:
        """Wake who is due, for ever."""
        places = trio.Semaphore(AT_ONCE)
        async with trio.open_nursery() as nursery:
            while True:
                try:
                    await self._wake_next(nursery, places)
                except Exception as error:  # the boundary: who isn't woken stops no message
                    self._failed(error)
                    await trio.sleep(FAULT_PAUSE_S)

    async def _wake_next(self, nursery: trio.Nursery, places: trio.Semaphore) -> None:
        await self._until_due()
        _, device = heappop(self._order)
        due = self._due.get(device)
        if due is None or due.at > trio.current_time():
            return  # it came, or is due at another time
        del self._due[device]
        # Its request before may be under way still: it came, and went again.
        turn = self._asking[device] = _Turn()
        await places.acquire()
        nursery.start_soon(self._wake_in_turn, device, due, turn, places)

    async def _until_due(self) -> None:
        while True:
            self._has_work = trio.Event()
            until = self._order[0][0] if self._order else trio.current_time() + MAX_PAUSE_S
            if until <= trio.current_time():
                return
            with trio.move_on_at(until):
                await self._has_work.wait()

    async def _wake_in_turn(
        self, device: int, due: _Due, turn: _Turn, places: trio.Semaphore
    ) -> None:
        try:
            await self._wake(device, due, turn)
        except StoreError as error:
            log.warn("wake refused", reason=type(error).__name__)
        except Exception as error:  # the boundary: one endpoint's fault stays its own
            self._failed(error)
        finally:
            if self._asking.get(device) is turn:
                del self._asking[device]
            places.release()

    def _failed(self, error: Exception) -> None:
        self._figures.faults += 1
        log.bug("wake failed", error)

    async def _wake(self, device: int, due: _Due, turn: _Turn) -> None:
        if self._is_here(device):
            return
        # What came may have gone already, to a device that is connected to another process.
        text = await self._db.read(lambda tx: due_wake(tx, device))
        if text is None:
            return
        try:
            endpoint = parse_endpoint(text, allows_private=self._allows_private)
            host = endpoint.host
            if self._at_host[host] >= AT_ONCE_PER_HOST:
                self._put_again(device, turn, _Due(inf, due.tries))
                self._held.setdefault(host, {})[device] = None
                return
            if wait_s := self._per_host.take(host.encode(), 1, trio.current_time()):
                self._put_again(device, turn, _Due(trio.current_time() + wait_s, due.tries))
                return
            self._at_host[host] += 1
            try:
                said = await self._endpoints.ask(endpoint)
            finally:
                self._ended(host)
        except BadEndpointError:
            self._figures.wakes["forbidden"] += 1
            return
        except TooSoonError as error:
            self._put_again(device, turn, _Due(trio.current_time() + error.after_s, due.tries))
            return
        except AskingError:
            said = Said(status=0, retry_after_s=0)
        await self._take(device, due, turn, text, said)

    def _ended(self, host: str) -> None:
        """Count a request less, and let as many be due as there is room for; at its last, all.

        Not all who are due ask: none may be left waiting for a request that nobody makes.
        """
        self._at_host[host] -= 1
        held = self._held.get(host, {})
        under_way = self._at_host[host]
        wanted = AT_ONCE_PER_HOST - under_way if under_way else len(held)
        while held and wanted:
            device = next(iter(held))
            del held[device]
            if (due := self._due.get(device)) is not None and due.at == inf:
                wanted -= 1
                self._put(device, _Due(trio.current_time(), due.tries))
        if not held:
            self._held.pop(host, None)
        if not under_way:
            del self._at_host[host]

    async def _take(self, device: int, due: _Due, turn: _Turn, text: str, said: Said) -> None:
        """Draw the consequences of an answer; status 0: there was none."""
        now = trio.current_time()
        if 200 <= said.status < 300:
            self._figures.wakes["woken"] += 1
            self._pause(device, turn, now)
        elif said.status in _LOST:
            self._figures.wakes["gone"] += 1
            await self._db.write(lambda tx: forget_wake(tx, device, text))
            self.devices.discard(device)
        elif said.status in {0, 429} or said.status >= 500:
            if due.tries < len(self._tries_after_s) and device not in self._due:
                self._figures.wakes["retried"] += 1
                after_s = max(self._tries_after_s[due.tries], said.retry_after_s)
                self._put(device, _Due(now + after_s, due.tries + 1))
            else:
                self._figures.wakes["failed"] += 1
                self._pause(device, turn, now)
        else:
            self._figures.wakes["refused"] += 1
            self._pause(device, turn, now)

    def _pause(self, device: int, turn: _Turn, now: float) -> None:
        """Wake it again only after a pause, which grows as long as it doesn't come."""
        if self._asking.get(device) is not turn:
            return  # it came while its endpoint was asked
        _, before_s = self._pauses.pop(device, (0.0, self._limits.wake_every_s / 2))
        self._pauses[device] = (now, min(2 * before_s, MAX_PAUSE_S))
        if len(self._pauses) > MAX_PAUSES:
            del self._pauses[next(iter(self._pauses))]
