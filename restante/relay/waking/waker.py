"""The service that wakes devices: what is due, when again, and how often it is tried.

Rule: never in the way of an envelope (an arrival is a look into a set and a queue), bounded in
memory and in connections, and of no use for a flood: a device is woken once for all that came, and
while it doesn't come the pauses grow. Spec: docs/protocol/relay.md, section 13.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import StoreError, WireCode
from restante.relay import log
from restante.relay.buckets import Buckets
from restante.relay.http.asking import AskingError, Said, post_nothing
from restante.relay.refusal import Refusal
from restante.relay.waking.endpoints import (
    BadEndpointError,
    Endpoint,
    chosen_address,
    parse_endpoint,
)
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
AT_ONCE: Final = 16
"""Requests under way: an endpoint that doesn't answer holds one for the deadline."""

DEADLINE_S: Final = 10.0
_LOST: Final = frozenset({404, 410})
"""The subscription is no more. Source: RFC 8030, section 7.3."""

HEADERS: Final = [("TTL", "86400"), ("Urgency", "normal")]
"""As Web Push requires it; ntfy and UnifiedPush don't mind."""


@dataclass(slots=True)
class _Due:
    at: float
    tries: int


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
    ) -> None:
        self._db = db
        self._allows_private = settings.wake_private_allowed
        self._limits = settings.limits
        self._figures = figures
        self._is_here = is_here
        self._tries_after_s = tries_after_s
        self._deadline_s = deadline_s
        self.devices: set[int] = set()
        """Who wants to be woken: all that most arrivals look at."""
        self._due: dict[int, _Due] = {}
        self._order: list[tuple[float, int]] = []
        self._asking: set[int] = set()
        self._pauses: dict[int, tuple[float, float]] = {}
        self._has_work = trio.Event()
        self._per_host = Buckets(
            rate=settings.limits.wakes_per_host, burst=10 * settings.limits.wakes_per_host
        )
        self._tls: ssl.SSLContext | None = None

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
        self._asking.discard(device)

    def _put(self, device: int, due: _Due) -> None:
        if len(self._due) >= self._limits.wakes_waiting:
            self._figures.wakes["dropped"] += 1
            return
        self._due[device] = due
        heappush(self._order, (due.at, device))
        self._has_work.set()

    async def run(self) -> None:
        """Wake who is due, for ever."""
        turns = trio.CapacityLimiter(AT_ONCE)
        async with trio.open_nursery() as nursery:
            while True:
                await self._until_due()
                _, device = heappop(self._order)
                due = self._due.get(device)
                if due is None or due.at > trio.current_time():
                    continue  # it came, or is due at another time
                del self._due[device]
                self._asking.add(device)
                await turns.acquire_on_behalf_of(device)
                nursery.start_soon(self._wake_in_turn, device, due, turns)

    async def _until_due(self) -> None:
        while True:
            self._has_work = trio.Event()
            until = self._order[0][0] if self._order else trio.current_time() + MAX_PAUSE_S
            if until <= trio.current_time():
                return
            with trio.move_on_at(until):
                await self._has_work.wait()

    async def _wake_in_turn(self, device: int, due: _Due, turns: trio.CapacityLimiter) -> None:
        try:
            await self._wake(device, due)
        except StoreError as error:
            log.warn("wake refused", reason=type(error).__name__)
        except Exception as error:  # the boundary: one endpoint's fault stays its own
            self._figures.faults += 1
            log.bug("wake failed", error)
        finally:
            self._asking.discard(device)
            turns.release_on_behalf_of(device)

    async def _wake(self, device: int, due: _Due) -> None:
        if self._is_here(device):
            return
        # What came may have gone already, to a device that is connected to another process.
        text = await self._db.read(lambda tx: due_wake(tx, device))
        if text is None:
            return
        try:
            endpoint = parse_endpoint(text, allows_private=self._allows_private)
            key = endpoint.host.encode()
            if wait_s := self._per_host.take(key, 1, trio.current_time()):
                self._put(device, _Due(trio.current_time() + wait_s, due.tries))
                return
            said = await self._ask(endpoint)
        except BadEndpointError:
            self._figures.wakes["forbidden"] += 1
            return
        except AskingError:
            said = Said(status=0, retry_after_s=0)
        await self._take(device, due, text, said)

    async def _take(self, device: int, due: _Due, text: str, said: Said) -> None:
        """Draw the consequences of an answer; status 0: there was none."""
        now = trio.current_time()
        if 200 <= said.status < 300:
            self._figures.wakes["woken"] += 1
            self._pause(device, now)
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
                self._pause(device, now)
        else:
            self._figures.wakes["refused"] += 1
            self._pause(device, now)

    def _pause(self, device: int, now: float) -> None:
        """Wake it again only after a pause, which grows as long as it doesn't come."""
        if device not in self._asking:
            return  # it came while its endpoint was asked
        _, before_s = self._pauses.pop(device, (0.0, self._limits.wake_every_s / 2))
        self._pauses[device] = (now, min(2 * before_s, MAX_PAUSE_S))
        if len(self._pauses) > MAX_PAUSES:
            del self._pauses[next(iter(self._pauses))]

    async def _ask(self, endpoint: Endpoint) -> Said:
        """Resolve the name once, and ask at that very address. Raises as its parts."""
        if self._tls is None:
            self._tls = await trio.to_thread.run_sync(ssl.create_default_context)
        with trio.move_on_after(self._deadline_s) as scope:
            try:
                found = await trio.socket.getaddrinfo(
                    endpoint.host, endpoint.port, type=trio.socket.SOCK_STREAM
                )
            except OSError:
                raise AskingError("no such name") from None
        if scope.cancelled_caught:
            raise AskingError("too slow")
        address = chosen_address(
            [str(one[4][0]) for one in found], allows_private=self._allows_private
        )
        return await post_nothing(
            address,
            endpoint.port,
            host=endpoint.host,
            authority=endpoint.authority,
            target=endpoint.target,
            headers=HEADERS,
            tls=self._tls,
            deadline_s=self._deadline_s,
        )
