"""The one task that writes envelopes: everything that came while the last commit ran is the next.

Connections put deposits and acks here without waiting; one transaction stores and deletes them
all, durably; then each is told. Rule: nothing is answered or delivered before its commit, and an
ack is kept until it is committed. Upkeep (expiry, folding of deposit ids) runs between commits.
Spec: docs/relay.md, section 3.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final

import trio
from msgspec.structs import replace

from restante.errors import StoreError
from restante.protocol.ids import EnvelopeId
from restante.relay import log
from restante.relay.deposit_queue import DepositQueue, Deposits, Queued
from restante.relay.watching.figures import Figures
from restante.store.errors import Busy, DiskFailed, DiskFull, Unreachable
from restante.store.failpoints import reach
from restante.store.relay_mailboxes import HOUR_S, Arrival, Removed

if TYPE_CHECKING:
    from restante.store.quick_lock import QuickLock
    from restante.store.relay_store import Mailboxes

MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
"""Of one commit: the next waits meanwhile, so it should not take long."""

SHARE_BYTES: Final = 32 * 1024
"""Of one network in a commit, while others are there too: what they wait for it is a commit of one
millisecond, not one of fifty."""

MAX_WAITING_BYTES: Final = 32 * 1024 * 1024
"""Deposits in memory that no commit has taken up yet; past them connections are not read."""

MAX_WAITING_OF_ONE_BYTES: Final = 1024 * 1024
"""Of one network, while others are there too; past them its connections are not read."""

ACKS_AT_ONCE: Final = 512
ACK_LINGER_S: Final = 0.02
"""Nobody waits for an ack: so many go with one commit, or those of so long, and the commits between
them, for which somebody waits, are shorter."""

RETRY_PAUSE_S: Final = 1.0
"""Before acks that met a full or busy disk are tried again."""

MAX_REFUSALS: Final = 3
"""Of acks that a barrier waits for: on a full disk they wait for long, and reading goes on."""

_REFUSALS: Final = (DiskFull, DiskFailed, Busy, Unreachable)
"""Of a store that may do it later."""


@dataclass(slots=True)
class _Barrier:
    passed: trio.Event = field(default_factory=trio.Event)
    refusals: int = 0


class Writer:
    """The group commit. `run` is its task; everything else may be called by any task."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        *,
        clock: Callable[[], float],
        counting: QuickLock,
        on_removed: Callable[[Sequence[Removed]], None],
        after_commit: Callable[[], None],
        together: Callable[[], AbstractContextManager[None]] = nullcontext,
        has_company: Callable[[], bool] = lambda: True,
        figures: Figures | None = None,
        retry_pause_s: float = RETRY_PAUSE_S,
        ack_linger_s: float = ACK_LINGER_S,
    ) -> None:
        self._mailboxes = mailboxes
        self._counting = counting
        self._clock = clock
        self._on_removed = on_removed
        self._after_commit = after_commit
        self._retry_pause_s = retry_pause_s
        self._ack_linger_s = ack_linger_s
        self._together = together
        self._has_company = has_company
        self._queue = DepositQueue()
        self._acks: list[Removed] = []
        self._acks_due_at = math.inf
        self._are_acks_refused = False
        self._are_acks_alone = False
        self._has_work = trio.Event()
        self._rooms: dict[bytes, trio.lowlevel.ParkingLot] = {}
        """What the connections of a network wait for that has too much here."""
        self._barriers: list[_Barrier] = []
        self._held: list[_Barrier] = []
        """Those that the round under way is to let pass."""
        self._is_stopped = False
        self._figures = figures or Figures()
        self._committing_since: float | None = None
        """When the oldest came that is in the commit under way."""

    async def load(self) -> None:
        """Read where the numbers stand; before `run`. Also end what a crash has left half done."""
        await self.empty(await self._mailboxes.load())

    @property
    def hour(self) -> int:
        """The current hour, by which arrivals and expiries are kept."""
        return int(self._clock()) // HOUR_S

    def deposit(self, deposits: Deposits) -> None:
        """Put envelopes into the next commit."""
        self._queue.put(deposits, came_at=perf_counter())
        self._has_work.set()

    def ack(self, gone: Sequence[Removed]) -> None:
        """Delete delivered envelopes, soon."""
        if not gone:
            return
        if not self._acks:
            self._acks_due_at = trio.current_time() + self._ack_linger_s
            self._has_work.set()
        self._acks.extend(gone)
        if len(self._acks) >= ACKS_AT_ONCE:
            self._has_work.set()

    @property
    def _are_acks_due(self) -> bool:
        return bool(self._acks) and (
            len(self._acks) >= ACKS_AT_ONCE
            or bool(self._held)
            or trio.current_time() >= self._acks_due_at
        )

    def is_crowded(self, network: bytes) -> bool:
        """Whether `room` would wait."""
        if self._queue.size_bytes > MAX_WAITING_BYTES:
            return True
        own_bytes = self._queue.bytes_of(network)
        return own_bytes > MAX_WAITING_OF_ONE_BYTES and self._has_company()

    async def room(self, network: bytes) -> None:
        """Wait until there is room for another deposit of this network."""
        while self.is_crowded(network):
            await self._rooms.setdefault(network, trio.lowlevel.ParkingLot()).park()

    @property
    def waiting_bytes(self) -> int:
        """Payload that no commit has taken up yet, or that is in the one under way."""
        return self._queue.size_bytes

    @property
    def oldest_wait_s(self) -> float:
        """For how long the oldest deposit that is not committed has waited, or such a commit."""
        came_at = (self._queue.oldest_at, self._committing_since)
        return max((perf_counter() - since for since in came_at if since is not None), default=0.0)

    def shared_of(self, seq: int) -> int | None:
        """Return the number of the shared payload of an envelope of the last commit, if any."""
        return self._mailboxes.shared_of(seq)

    def pending(self, devices: Iterable[int]) -> dict[int, list[Arrival]]:
        """Return what is put for these devices and not committed; between two commits."""
        found: dict[int, list[Arrival]] = {device: [] for device in devices}
        for queued in self._queue:
            for arrival in queued.deposits.arrivals:
                for device, lane in arrival.targets:
                    if device in found:
                        found[device].append(replace(arrival, targets=((device, lane),)))
        return found

    async def barrier(self) -> None:
        """Wait until all that was put so far has been committed, or was refused.

        Acks that are refused are tried again; past `MAX_REFUSALS` they are waited for no more.
        """
        if self._is_stopped:
            return
        barrier = _Barrier()
        self._barriers.append(barrier)
        self._has_work.set()
        await barrier.passed.wait()

    async def run(self) -> None:
        """Commit for ever. Raises StoreError when the database can't be trusted any more."""
        try:
            while True:
                if self._acks:
                    with trio.move_on_at(self._acks_due_at):
                        await self._has_work.wait()
                else:
                    await self._has_work.wait()
                self._has_work = trio.Event()
                self._held += self._barriers
                self._barriers = []
                is_done = await self._commit_all()
                for barrier in self._held:
                    barrier.refusals += not is_done
                    if is_done or barrier.refusals >= MAX_REFUSALS:
                        barrier.passed.set()
                self._held = [barrier for barrier in self._held if not barrier.passed.is_set()]
                if not is_done:
                    self._has_work.set()  # nobody else may ever come
                    await trio.sleep(self._retry_pause_s)
        finally:
            self._is_stopped = True
            for barrier in (*self._held, *self._barriers):
                barrier.passed.set()

    async def _commit_all(self) -> bool:
        """Commit all that waits by now; False: acks wait on, for the disk refused them.

        What comes meanwhile is of the next round: under load there is always some.
        """
        until = self._queue.next_number
        while self._queue or self._are_acks_due:
            async with self._counting:
                is_done = await self._commit()
            if not is_done:
                return False
            await self._mailboxes.upkeep(hour=self.hour)
            if self._queue.has_taken(until) and not self._are_acks_refused:
                break
        return True

    async def _commit(self) -> bool:
        """Commit what waits; False: the disk refused, and what is left should wait a while.

        Until it returns nobody counts a mailbox: what it has deleted still takes room here.
        """
        # What frees room must not be refused for what needs some: then it goes alone, once.
        is_alone, self._are_acks_alone = self._are_acks_alone, False
        taken: list[Queued] = []
        if not is_alone:
            share_bytes = SHARE_BYTES if self._has_company() else MAX_BATCH_BYTES
            taken = self._queue.take(most_bytes=MAX_BATCH_BYTES, share_bytes=share_bytes)
        acks: list[Removed] = []
        if self._are_acks_due:
            acks, self._acks = self._acks, acks
        hour = self.hour
        arrivals = [arrival for queued in taken for arrival in queued.deposits.arrivals]
        began_at = perf_counter()
        self._committing_since = min((queued.came_at for queued in taken), default=began_at)
        try:
            result = await self._mailboxes.commit(arrivals, acks, hour=hour)
        except _REFUSALS as error:
            log.warn("commit refused", reason=type(error).__name__, envelopes=len(arrivals))
            self._figures.commit_failed(type(error).__name__)
            self._acks = acks + self._acks
            self._acks_due_at = -math.inf if acks else self._acks_due_at
            self._are_acks_refused = bool(acks)
            self._are_acks_alone = bool(acks and taken)
            self._settle_failed(taken, error)
            return bool(taken or (is_alone and self._queue))
        finally:
            self._committing_since = None
        self._are_acks_refused = False
        took_s = perf_counter() - began_at
        reach("relay: after commit")
        if acks:
            reach("relay: after ack commit")
        self._tell(taken, result)
        self._figures.committed(
            envelopes=len(result) - result.count(0), acks=len(acks), took_s=took_s
        )
        self._free(taken)
        self._on_removed(acks)
        return True

    def _tell(self, taken: list[Queued], result: list[int]) -> None:
        """Deliver what was stored, and then answer."""
        at = 0
        with self._together():
            for queued in taken:
                end = at + queued.deposits.target_count
                queued.deposits.stored(result[at:end])
                at = end
            self._after_commit()
        with self._together():
            for queued in taken:
                queued.deposits.answer()

    def _settle_failed(self, taken: list[Queued], error: StoreError) -> None:
        self._free(taken)
        for queued in taken:
            queued.deposits.failed(error)

    def _free(self, taken: list[Queued]) -> None:
        self._queue.free(taken)
        freed = Counter(queued.deposits.network for queued in taken)
        for network, room in list(self._rooms.items()):
            if not self.is_crowded(network):
                # As many as there is room for: a flood's connections all at once are a pause.
                is_empty = self._queue.bytes_of(network) <= MAX_WAITING_OF_ONE_BYTES // 2
                room.unpark(count=len(room) if is_empty else freed[network] or len(room))
            if not room:
                del self._rooms[network]

    async def expire(self) -> int:
        """Delete what has expired and forget old deposit ids; return how many envelopes went."""
        hour = self.hour
        count = 0
        while gone := await self._expire_some(hour):
            count += gone
        await self._mailboxes.forget_ids(hour=hour)
        return count

    async def _expire_some(self, hour: int) -> int:
        async with self._counting:
            gone = await self._mailboxes.expire(hour=hour)
            self._on_removed(gone)
        return len(gone)

    async def ack_by_ids(self, device: int, wanted: Iterable[bytes]) -> None:
        """Delete what an earlier connection of the device was delivered, by its ids."""
        ids = frozenset(EnvelopeId(envelope) for envelope in wanted)
        self.ack(await self._mailboxes.find_acked(device, ids))

    async def empty(self, devices: Sequence[int]) -> None:
        """Delete all that waits for devices that are no more."""
        await self._mailboxes.empty(devices)
