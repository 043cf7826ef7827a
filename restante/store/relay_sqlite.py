"""A relay's mailboxes in one SQLite file, for one process.

Rule: each method is one hop to the connection's thread and one transaction there. There is nobody
beside it to tell anything. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from os import statvfs
from pathlib import Path
from time import monotonic
from typing import Final

import trio

from restante.protocol.ids import EnvelopeId
from restante.store.driver import RawConnection
from restante.store.errors import Busy, DiskFailed, DiskFull
from restante.store.failpoints import reach
from restante.store.relay_mailboxes import (
    Arrival,
    MailboxWriter,
    Removed,
    Waiting,
    empty_mailbox,
    expire,
    find_acked,
    ownerless_mailboxes,
    read_waiting,
)
from restante.store.relay_seam import Database
from restante.store.relay_store import Notice, RelayStore

FOLD_EVERY_S: Final = 0.25
"""Pages that many commits write are folded once; and a flood fills 3 MiB of journal meanwhile."""
FOLD_SHARE: Final = 0.1
"""Of the time, so that a slow disk has most of it for commits."""

LOOK_EVERY_S: Final = 1.0
"""At how much room there is: others may fill the disk."""
COMMIT_BYTES: Final = 64 * 1024
"""Of the journal, at the most, that a commit takes besides its payloads: pages it touches."""


class SqliteMailboxes:
    """The one writer's numbers and keys, and the file."""

    reads_past = True

    def __init__(self, db: Database, *, leave_bytes: int = 0) -> None:
        """`leave_bytes`: room on the disk that no deposit takes, and by which acks free some."""
        self._db = db
        self._leave_bytes = leave_bytes
        self._has_room = True
        self._look_at = monotonic()
        self._unlooked_bytes = 0
        self._writer = MailboxWriter()
        self._has_committed = trio.Event()

    async def load(self) -> Sequence[int]:
        """As `Mailboxes.load`."""
        await self._db.read_raw(self._writer.load)
        return await self._db.read_raw(ownerless_mailboxes)

    async def commit(
        self, arrivals: Sequence[Arrival], acks: Collection[Removed], *, hour: int
    ) -> list[int]:
        """As `Mailboxes.commit`."""
        try:
            sequences = await self._db.write_raw(
                partial(self._commit, arrivals=arrivals, acks=acks, hour=hour)
            )
        finally:
            self._has_committed.set()  # also of one that found the disk full: a fold makes room
        self._writer.committed(hour=hour)
        return sequences

    def _commit(
        self,
        raw: RawConnection,
        arrivals: Sequence[Arrival],
        acks: Collection[Removed],
        *,
        hour: int,
    ) -> list[int]:
        if arrivals and self._leave_bytes:
            self._look_at_room(raw, COMMIT_BYTES + sum([len(each.payload) for each in arrivals]))
        if arrivals and not self._has_room:
            raise DiskFull(f"The disk of {self._db.path} has no more room than deposits leave.")
        return self._writer.commit(raw, arrivals, acks, hour=hour)

    def _look_at_room(self, raw: RawConnection, coming_bytes: int) -> None:
        """Look again whether there is room, unless little has come since the last time."""
        self._unlooked_bytes += coming_bytes
        now = monotonic()
        if now < self._look_at and self._unlooked_bytes * 16 < self._leave_bytes:
            return
        self._look_at, self._unlooked_bytes = now + LOOK_EVERY_S, 0
        with suppress(OSError):  # the commit itself says so
            self._has_room = _room_bytes(raw, self._db.path) > self._leave_bytes

    def shared_of(self, seq: int) -> int | None:
        """As `Mailboxes.shared_of`."""
        return self._writer.shared_of(seq)

    async def read(
        self,
        device: int,
        *,
        after_seq: int,
        besides: Collection[int],
        max_items: int,
        max_bytes: int,
        hour: int,
    ) -> list[Waiting]:
        """As `Mailboxes.read`."""
        del besides  # all of it has come before `after_seq`
        return await self._db.read_raw(
            partial(
                read_waiting,
                device=device,
                after_seq=after_seq,
                max_items=max_items,
                max_bytes=max_bytes,
                hour=hour,
            )
        )

    async def find_acked(self, device: int, ids: Collection[EnvelopeId]) -> list[Removed]:
        """As `Mailboxes.find_acked`."""
        return await self._db.read_raw(partial(find_acked, device=device, ids=ids))

    async def expire(self, *, hour: int) -> list[Removed]:
        """As `Mailboxes.expire`."""
        return await self._db.write_raw(partial(expire, hour=hour))

    async def empty(self, devices: Sequence[int]) -> None:
        """As `Mailboxes.empty`."""

        def work(raw: RawConnection) -> None:
            for device in devices:
                empty_mailbox(raw, device)

        if devices:
            await self._db.write_raw(work)

    async def upkeep(self, *, hour: int) -> None:
        """Fold a shelf of deposit ids."""
        ids = self._writer.ids
        if ids.wants_folding(hour=hour):
            try:
                await self._db.write_raw(partial(ids.fold, hour=hour))
            except (DiskFull, DiskFailed, Busy):
                return
            ids.folded()
            reach("relay: after fold")

    async def run(self) -> None:
        """Fold the journal into the file soon after commits.

        A commit does so itself once the journal is long; as all of it takes as long as ten commits,
        and everybody waits meanwhile, little is left for it to do.
        """
        while True:
            await self._has_committed.wait()
            self._has_committed = trio.Event()
            began_at = trio.current_time()
            with suppress(DiskFull, DiskFailed, Busy):  # a commit says so
                await self._db.fold_journal()
            took_s = trio.current_time() - began_at
            await trio.sleep(max(FOLD_EVERY_S, took_s / FOLD_SHARE))

    async def forget_ids(self, *, hour: int) -> None:
        """As `Mailboxes.forget_ids`."""
        while await self._db.write_raw(partial(self._writer.ids.forget, hour=hour)):
            pass


def _room_bytes(raw: RawConnection, path: Path) -> int:
    """Return how much more the file can hold: in pages that deletions have freed, and on the disk.

    The file itself never gets smaller, and grows by what is in the journal alone as yet.
    """
    (free_pages,) = raw.execute("PRAGMA freelist_count").fetchone()
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    (page_bytes,) = raw.execute("PRAGMA page_size").fetchone()
    disk = statvfs(path.parent)
    unfolded_bytes = max(int(pages * page_bytes) - path.stat().st_size, 0)
    return int(free_pages * page_bytes) + disk.f_bavail * disk.f_frsize - unfolded_bytes


class Alone:
    """No other relay: the lock on the directory sees to that."""

    are_possible = False

    def __init__(self) -> None:
        self._send, self.notices = trio.open_memory_channel[Notice](0)

    async def is_alone(self) -> bool:
        """Yes."""
        return True

    async def settled(self) -> None:
        """Nobody waits for it."""

    def arrived(self, devices: Iterable[int]) -> None:
        """There is nobody to tell."""

    def tell(self, notice: Notice) -> None:
        """There is nobody to tell."""

    async def run(self) -> None:
        """There is nobody to listen to."""

    async def hold(self, device: int) -> int:
        """Return 0: the relay itself knows who has subscribed."""
        del device
        return 0

    async def held(self, devices: Sequence[int]) -> dict[int, int]:
        """Nobody holds anything elsewhere."""
        del devices
        return {}

    async def with_mail(self, devices: Sequence[int]) -> list[int]:
        """Whoever is online was handed it."""
        del devices
        return []


def sqlite_store(db: Database, *, leave_bytes: int = 0) -> RelayStore:
    """Return the store over an open file of the current schema. `leave_bytes`: on its disk."""
    mailboxes = SqliteMailboxes(db, leave_bytes=leave_bytes)
    return RelayStore(db=db, mailboxes=mailboxes, neighbours=Alone())
