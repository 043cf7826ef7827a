"""A commit is everybody's: beside others a network has a share of it, and waits with the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio

from restante.errors import StoreError
from restante.protocol.ids import EnvelopeId
from restante.relay.deposit_queue import DepositQueue
from restante.relay.writer import MAX_WAITING_OF_ONE_BYTES, SHARE_BYTES, Writer
from restante.store.quick_lock import QuickLock
from restante.store.relay_mailboxes import Arrival, Removed

PATIENCE_S = 20
SMALL = 4096


class OneFrame:
    """What a frame deposits."""

    def __init__(self, network: bytes, number: int = 0, size_bytes: int = SMALL) -> None:
        self.network, self.number = network, number
        payload, envelope = bytes(size_bytes), EnvelopeId(number.to_bytes(16, "big"))
        self.arrivals = [
            Arrival(id=envelope, payload=payload, expires_hour=1, is_retry=False, targets=((1, 0),))
        ]
        self.size_bytes, self.target_count = size_bytes, 1
        self.is_stored = trio.Event()

    def stored(self, sequences: list[int]) -> None:
        assert len(sequences) == 1
        self.is_stored.set()

    def answer(self) -> None:
        pass

    def failed(self, error: StoreError) -> None:
        raise error


def put(queue: DepositQueue, network: bytes, count: int, *, size_bytes: int = SMALL) -> None:
    for number in range(count):
        queue.put(OneFrame(network, number, size_bytes), came_at=float(number))


def taken(queue: DepositQueue, *, most: int = 100 * SMALL, share: int) -> list[tuple[bytes, int]]:
    found: list[tuple[bytes, int]] = []
    for queued in queue.take(most_bytes=most, share_bytes=share):
        frame: Any = queued.deposits
        found.append((frame.network, frame.number))
    return found


def test_each_network_has_its_share_in_its_order() -> None:
    queue = DepositQueue()
    put(queue, b"flood", 5)
    put(queue, b"bob", 1)
    assert taken(queue, share=2 * SMALL) == [(b"bob", 0), (b"flood", 0), (b"flood", 1)]
    assert taken(queue, share=2 * SMALL) == [(b"flood", 2), (b"flood", 3)]
    assert taken(queue, share=2 * SMALL) == [(b"flood", 4)]
    assert not queue


def test_who_got_nothing_is_the_first_next_time() -> None:
    queue = DepositQueue()
    for network in (b"one", b"two", b"three"):
        put(queue, network, 2)
    assert taken(queue, most=2 * SMALL, share=SMALL) == [(b"one", 0), (b"two", 0)]
    assert taken(queue, most=2 * SMALL, share=SMALL) == [(b"three", 0), (b"one", 1)]


def test_a_frame_larger_than_the_share_is_taken_in_its_turn() -> None:
    queue = DepositQueue()
    put(queue, b"large", 2, size_bytes=5 * SMALL)
    put(queue, b"bob", 1)
    assert taken(queue, share=SMALL) == [(b"large", 0), (b"bob", 0)]
    assert taken(queue, share=SMALL) == [(b"large", 1)]


def test_what_is_taken_takes_memory_until_it_is_freed() -> None:
    queue = DepositQueue()
    put(queue, b"bob", 2)
    (queued, _) = queue.take(most_bytes=SMALL * 2, share_bytes=SMALL * 2)
    assert queue.has_taken(queue.next_number)
    assert (queue.size_bytes, queue.bytes_of(b"bob")) == (2 * SMALL, 2 * SMALL)
    queue.free([queued])
    assert (queue.size_bytes, queue.bytes_of(b"bob")) == (SMALL, SMALL)


class Notebook:
    """Mailboxes that note the commits and store nothing; each waits until it may be over."""

    def __init__(self) -> None:
        self.commits: list[list[int]] = []
        self.goes_on = trio.Event()

    async def commit(
        self, arrivals: Sequence[Arrival], acks: Collection[Removed], *, hour: int
    ) -> list[int]:
        """Note the sizes of a commit."""
        self.commits.append([len(arrival.payload) for arrival in arrivals])
        await self.goes_on.wait()
        return [1] * len(arrivals)

    async def upkeep(self, *, hour: int) -> None:
        """Do nothing between commits."""


@asynccontextmanager
async def a_writer(mailboxes: Any, *, has_company: bool) -> AsyncIterator[Writer]:
    writer = Writer(
        mailboxes,
        clock=lambda: 0.0,
        counting=QuickLock(),
        on_removed=lambda _: None,
        after_commit=lambda: None,
        has_company=lambda: has_company,
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        yield writer
        nursery.cancel_scope.cancel()


async def _commits_until_bob(*, has_company: bool) -> list[list[int]]:
    """Return the commits up to the one of somebody who comes while a flood's first is under way."""
    notebook = Notebook()
    async with a_writer(notebook, has_company=has_company) as writer:
        for number in range(10 * SHARE_BYTES // SMALL):
            writer.deposit(OneFrame(b"flood", number))
        while not notebook.commits:
            await trio.lowlevel.checkpoint()
        bob = OneFrame(b"bob", 0, size_bytes=1)
        writer.deposit(bob)
        notebook.goes_on.set()
        with trio.fail_after(PATIENCE_S):
            await bob.is_stored.wait()
        return notebook.commits


async def test_beside_others_a_flood_has_no_more_than_its_share_of_a_commit() -> None:
    first, second, *_ = await _commits_until_bob(has_company=True)
    assert sum(first) == SHARE_BYTES
    assert second.count(1) == 1, "who came meanwhile is in the very next one"
    assert sum(second) == SHARE_BYTES + 1


async def test_who_is_alone_has_the_whole_commit() -> None:
    first, *_ = await _commits_until_bob(has_company=False)
    assert sum(first) == 10 * SHARE_BYTES


async def test_a_barrier_waits_for_all_shares_of_what_was_put_before_it() -> None:
    notebook = Notebook()
    notebook.goes_on.set()
    async with a_writer(notebook, has_company=True) as writer:
        flood = [OneFrame(b"flood", number) for number in range(5 * SHARE_BYTES // SMALL)]
        for frame in flood:
            writer.deposit(frame)
        with trio.fail_after(PATIENCE_S):
            await writer.barrier()
        assert all(frame.is_stored.is_set() for frame in flood)
        assert len(notebook.commits) == 5


async def test_who_has_too_much_waiting_waits_and_nobody_else_does() -> None:
    notebook = Notebook()
    async with a_writer(notebook, has_company=True) as writer:
        for number in range(MAX_WAITING_OF_ONE_BYTES // SMALL + 1):
            writer.deposit(OneFrame(b"flood", number))
        assert writer.is_crowded(b"flood")
        assert not writer.is_crowded(b"bob")
        notebook.goes_on.set()
        with trio.fail_after(PATIENCE_S):
            await writer.room(b"flood")
        assert not writer.is_crowded(b"flood")


class Steps(trio.abc.Instrument):
    """How often tasks of one name were run."""

    def __init__(self, name: str) -> None:
        self._name, self.count = name, 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Count a step."""
        self.count += task.name.endswith(self._name)


async def test_as_many_connections_are_woken_as_a_commit_has_taken_frames() -> None:
    notebook, connections, steps = Notebook(), 64, Steps(".connection")
    notebook.goes_on.set()
    async with a_writer(notebook, has_company=True) as writer:
        for number in range(MAX_WAITING_OF_ONE_BYTES // SMALL + 1):
            writer.deposit(OneFrame(b"flood", number))

        async def connection() -> None:
            await writer.room(b"flood")
            writer.deposit(OneFrame(b"flood"))

        trio.lowlevel.add_instrument(steps)
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as flood:
                for _ in range(connections):
                    flood.start_soon(connection)
        trio.lowlevel.remove_instrument(steps)
    assert connections < steps.count <= 3 * connections, "else most were woken for nothing"
