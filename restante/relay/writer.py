"""The one task that writes envelopes: everything that came while the last commit ran is the next.

Connections put deposits and acks here without waiting; one transaction stores and deletes them
all, durably; then each is told. Rule: nothing is answered or delivered before its commit, and an
ack is kept until it is committed. Upkeep (expiry, folding of deposit ids) runs between commits.
Spec: docs/relay.md, section 3.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Final, Protocol

import trio

from restante.errors import StoreError
from restante.relay import log
from restante.relay.watching.figures import Figures
from restante.store.driver import RawConnection
from restante.store.errors import Busy, DiskFailed, DiskFull
from restante.store.failpoints import reach
from restante.store.relay_mailboxes import (
    HOUR_S,
    Arrival,
    MailboxWriter,
    Removed,
    empty_mailbox,
    expire,
    find_acked,
    ownerless_mailboxes,
)
from restante.store.seam import Database

MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
"""Of one commit: the next waits meanwhile, so it should not take long."""

MAX_WAITING_BYTES: Final = 32 * 1024 * 1024
"""Deposits in memory that no commit has taken up yet; past them connections are not read."""

RETRY_PAUSE_S: Final = 1.0
"""Before acks that met a full or busy disk are tried again."""


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


class Writer:
    """The group commit. `run` is its task; everything else may be called by any task."""

    def __init__(
        self,
        db: Database,
        *,
        clock: Callable[[], float],
        counting: trio.Lock,
        on_removed: Callable[[Removed], None],
        after_commit: Callable[[], None],
        figures: Figures | None = None,
    ) -> None:
        self._db = db
        self._counting = counting
        self._clock = clock
        self._on_removed = on_removed
        self._after_commit = after_commit
        self._mailboxes = MailboxWriter()
        self._deposits: deque[Deposits] = deque()
        self._waiting_bytes = 0
        self._acks: list[Removed] = []
        self._has_work = trio.Event()
        self._has_room = trio.Event()
        self._has_room.set()
        self._barriers: list[trio.Event] = []
        self._is_stopped = False
        self._figures = figures or Figures()
        self._commit_began_at: float | None = None

    async def load(self) -> None:
        """Read where the numbers stand; before `run`. Also end what a crash has left half done."""
        await self._db.read_raw(self._mailboxes.load)
        await self.empty(await self._db.read_raw(ownerless_mailboxes))

    @property
    def hour(self) -> int:
        """The current hour, by which arrivals and expiries are kept."""
        return int(self._clock()) // HOUR_S

    def deposit(self, deposits: Deposits) -> None:
        """Put envelopes into the next commit."""
        self._deposits.append(deposits)
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
        """For how long the commit under way has been so."""
        began_at = self._commit_began_at
        return 0.0 if began_at is None else perf_counter() - began_at

    def shared_of(self, seq: int) -> int | None:
        """Return the number of the shared payload of an envelope of the last commit, if any."""
        return self._mailboxes.shared_of(seq)

    async def barrier(self) -> None:
        """Wait until all that was put so far has been committed, or was refused."""
        if self._is_stopped:
            return
        done = trio.Event()
        self._barriers.append(done)
        self._has_work.set()
        await done.wait()

    async def run(self) -> None:
        """Commit for ever. Raises StoreError when the database can't be trusted any more."""
        try:
            while True:
                await self._has_work.wait()
                self._has_work = trio.Event()
                barriers, self._barriers = self._barriers, []
                while self._deposits or self._acks:
                    async with self._counting:
                        is_done = await self._commit()
                    if not is_done:
                        await trio.sleep(RETRY_PAUSE_S)
                        break
                    await self._upkeep(self.hour)
                for done in barriers:
                    done.set()
        finally:
            self._is_stopped = True
            for done in self._barriers:
                done.set()

    async def _commit(self) -> bool:
        """Commit what waits; False: the disk refused, and what is left should wait a while.

        Until it returns nobody counts a mailbox: what it has deleted still takes room here.
        """
        taken: list[Deposits] = []
        size_bytes = 0
        while self._deposits and size_bytes < MAX_BATCH_BYTES:
            taken.append(self._deposits.popleft())
            size_bytes += taken[-1].size_bytes
        acks, self._acks = self._acks, []
        hour = self.hour
        arrivals = [arrival for deposits in taken for arrival in deposits.arrivals]
        began_at = self._commit_began_at = perf_counter()
        try:
            result = await self._db.write_raw(
                partial(self._mailboxes.commit, arrivals=arrivals, acks=acks, hour=hour)
            )
        except (DiskFull, DiskFailed, Busy) as error:
            log.warn("commit refused", reason=type(error).__name__, envelopes=len(arrivals))
            self._figures.commit_failed(type(error).__name__)
            self._acks = acks + self._acks
            self._settle_failed(taken, error, size_bytes)
            return bool(taken)
        finally:
            self._commit_began_at = None
        self._mailboxes.committed(hour=hour)
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

    async def _upkeep(self, hour: int) -> None:
        ids = self._mailboxes.ids
        if ids.wants_folding(hour=hour):
            try:
                await self._db.write_raw(partial(ids.fold, hour=hour))
            except (DiskFull, DiskFailed, Busy):
                return
            ids.folded()
            reach("relay: after fold")

    async def expire(self) -> int:
        """Delete what has expired and forget old deposit ids; return how many envelopes went."""
        hour = self.hour
        count = 0
        while gone := await self._expire_some(hour):
            count += gone
        ids = self._mailboxes.ids
        while await self._db.write_raw(partial(ids.forget, hour=hour)):
            pass
        return count

    async def _expire_some(self, hour: int) -> int:
        async with self._counting:
            gone = await self._db.write_raw(partial(expire, hour=hour))
            for removed in gone:
                self._on_removed(removed)
        return len(gone)

    async def ack_by_ids(self, device: int, wanted: frozenset[bytes]) -> None:
        """Delete what an earlier connection of the device was delivered, by its ids."""

        def find(raw: RawConnection) -> list[Removed]:
            return find_acked(raw, device, wanted)  # type: ignore[arg-type]  # ids are bytes

        self.ack(await self._db.read_raw(find))

    async def empty(self, devices: Sequence[int]) -> None:
        """Delete all that waits for devices that are no more."""

        def work(raw: RawConnection) -> None:
            for device in devices:
                empty_mailbox(raw, device)

        if devices:
            await self._db.write_raw(work)
