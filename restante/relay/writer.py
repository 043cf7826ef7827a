"""The one task that writes envelopes: everything that came while the last commit ran is the next.

Connections put deposits and acks here without waiting; one transaction stores and deletes them
all, durably; then each is told. Rule: nothing is answered or delivered before its commit, and an
ack is kept until it is committed. Upkeep (expiry, folding of deposit ids) runs between commits.
Spec: docs/relay.md, section 3.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

import trio

from restante.errors import StoreError
from restante.protocol.ids import EnvelopeId
from restante.relay import log
from restante.relay.watching.figures import Figures
from restante.store.errors import Busy, DiskFailed, DiskFull, Unreachable
from restante.store.failpoints import reach
from restante.store.relay_mailboxes import HOUR_S, Arrival, Removed

if TYPE_CHECKING:
    from restante.store.relay_store import Mailboxes

MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
"""Of one commit: the next waits meanwhile, so it should not take long."""

MAX_WAITING_BYTES: Final = 32 * 1024 * 1024
"""Deposits in memory that no commit has taken up yet; past them connections are not read."""

RETRY_PAUSE_S: Final = 1.0
"""Before acks that met a full or busy disk are tried again."""

MAX_REFUSALS: Final = 3
"""Of acks that a barrier waits for: on a full disk they wait for long, and reading goes on."""

_REFUSALS: Final = (DiskFull, DiskFailed, Busy, Unreachable)
"""Of a store that may do it later."""


class Deposits(Protocol):
    """What a connection deposits with one frame, and how it learns what became of it."""

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

    def failed(self, error: StoreError) -> None:
        """Take that nothing of it was stored."""


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
        counting: trio.Lock,
        on_removed: Callable[[Removed], None],
        after_commit: Callable[[], None],
        figures: Figures | None = None,
        retry_pause_s: float = RETRY_PAUSE_S,
    ) -> None:
        self._mailboxes = mailboxes
        self._counting = counting
        self._clock = clock
        self._on_removed = on_removed
        self._after_commit = after_commit
        self._retry_pause_s = retry_pause_s
        self._deposits: deque[tuple[float, Deposits]] = deque()
        """With when each came."""
        self._waiting_bytes = 0
        self._acks: list[Removed] = []
        self._are_acks_refused = False
        self._are_acks_alone = False
        self._are_acks_alone = False
        self._taken = 0
        """How many deposits commits have taken up."""
        self._has_work = trio.Event()
        self._has_room = trio.Event()
        self._has_room.set()
        self._barriers: list[_Barrier] = []
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
        self._deposits.append((perf_counter(), deposits))
        self._waiting_bytes += deposits.size_bytes
        if self._waiting_bytes > MAX_WAITING_BYTES and self._has_room.is_set():
            self._has_room = trio.Event()
        self._has_work.set()

    def ack(self, gone: Sequence[Removed]) -> None:
        """Delete delivered envelopes with the next commit."""
        if gone:
            self._acks.extend(gone)
            self._has_work.set()

    @property
    def is_crowded(self) -> bool:
        """Whether `room` would wait."""
        return not self._has_room.is_set()

    async def room(self) -> None:
        """Wait until there is room for another deposit."""
        await self._has_room.wait()

    @property
    def waiting_bytes(self) -> int:
        """Payload that no commit has taken up yet, or that is in the one under way."""
        return self._waiting_bytes

    @property
    def oldest_wait_s(self) -> float:
        """For how long the oldest deposit that is not committed has waited, or such a commit."""
        since = self._committing_since
        if since is None and self._deposits:
            since = self._deposits[0][0]
        return 0.0 if since is None else perf_counter() - since

    def shared_of(self, seq: int) -> int | None:
        """Return the number of the shared payload of an envelope of the last commit, if any."""
        return self._mailboxes.shared_of(seq)

    def pending(self, devices: Iterable[int]) -> dict[int, list[Arrival]]:
        """Return what is put for these devices and not committed; between two commits."""
        found: dict[int, list[Arrival]] = {device: [] for device in devices}
        for _, deposits in self._deposits:
            for arrival in deposits.arrivals:
                for device, lane in arrival.targets:
                    if device in found:
                        found[device].append(arrival._replace(targets=((device, lane),)))
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
        held: list[_Barrier] = []
        try:
            while True:
                await self._has_work.wait()
                self._has_work = trio.Event()
                held += self._barriers
                self._barriers = []
                is_done = await self._commit_all()
                for barrier in held:
                    barrier.refusals += not is_done
                    if is_done or barrier.refusals >= MAX_REFUSALS:
                        barrier.passed.set()
                held = [barrier for barrier in held if not barrier.passed.is_set()]
                if not is_done:
                    self._has_work.set()  # nobody else may ever come
                    await trio.sleep(self._retry_pause_s)
        finally:
            self._is_stopped = True
            for barrier in (*held, *self._barriers):
                barrier.passed.set()

    async def _commit_all(self) -> bool:
        """Commit all that waits by now; False: acks wait on, for the disk refused them.

        What comes meanwhile is of the next round: under load there is always some.
        """
        until = self._taken + len(self._deposits)
        while self._deposits or self._acks:
            async with self._counting:
                is_done = await self._commit()
            if not is_done:
                return False
            await self._mailboxes.upkeep(hour=self.hour)
            if self._taken >= until and not self._are_acks_refused:
                break
        return True

    async def _commit(self) -> bool:
        """Commit what waits; False: the disk refused, and what is left should wait a while.

        Until it returns nobody counts a mailbox: what it has deleted still takes room here.
        """
        taken: list[Deposits] = []
        size_bytes = 0
        # What frees room must not be refused for what needs some: then it goes alone, once.
        is_alone, self._are_acks_alone = self._are_acks_alone, False
        while self._deposits and size_bytes < MAX_BATCH_BYTES and not is_alone:
            came_at, deposits = self._deposits.popleft()
            if not taken:
                self._committing_since = came_at
            taken.append(deposits)
            size_bytes += deposits.size_bytes
        self._taken += len(taken)
        acks, self._acks = self._acks, []
        hour = self.hour
        arrivals = [arrival for deposits in taken for arrival in deposits.arrivals]
        began_at = perf_counter()
        if not taken:
            self._committing_since = began_at
        try:
            result = await self._mailboxes.commit(arrivals, acks, hour=hour)
        except _REFUSALS as error:
            log.warn("commit refused", reason=type(error).__name__, envelopes=len(arrivals))
            self._figures.commit_failed(type(error).__name__)
            self._acks = acks + self._acks
            self._are_acks_refused = bool(acks)
            self._are_acks_alone = bool(acks and taken)
            self._settle_failed(taken, error, size_bytes)
            return bool(taken or (is_alone and self._deposits))
        finally:
            self._committing_since = None
        self._are_acks_refused = False
        self._figures.committed(
            envelopes=len(result) - result.count(0),
            acks=len(acks),
            took_s=perf_counter() - began_at,
        )
        reach("relay: after commit")
        if acks:
            reach("relay: after ack commit")
        self._free(size_bytes)
        at = 0
        for deposits in taken:
            end = at + deposits.target_count
            deposits.stored(result[at:end])
            at = end
        for removed in acks:
            self._on_removed(removed)
        self._after_commit()
        return True

    def _settle_failed(self, taken: list[Deposits], error: StoreError, size_bytes: int) -> None:
        self._free(size_bytes)
        for deposits in taken:
            deposits.failed(error)

    def _free(self, size_bytes: int) -> None:
        self._waiting_bytes -= size_bytes
        if self._waiting_bytes <= MAX_WAITING_BYTES:
            self._has_room.set()

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
            for removed in gone:
                self._on_removed(removed)
        return len(gone)

    async def ack_by_ids(self, device: int, wanted: Iterable[bytes]) -> None:
        """Delete what an earlier connection of the device was delivered, by its ids."""
        ids = frozenset(EnvelopeId(envelope) for envelope in wanted)
        self.ack(await self._mailboxes.find_acked(device, ids))

    async def empty(self, devices: Sequence[int]) -> None:
        """Delete all that waits for devices that are no more."""
        await self._mailboxes.empty(devices)
