"""Acks go together, and no deposit waits for them; those that a disk refuses are tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from restante.errors import StoreError
from restante.protocol.ids import EnvelopeId
from restante.relay.server import RunningRelay
from restante.relay.writer import ACK_LINGER_S, ACKS_AT_ONCE, MAX_REFUSALS, Writer
from restante.store.errors import DiskFull
from restante.store.quick_lock import QuickLock
from restante.store.relay_mailboxes import Arrival, Removed
from restante.store.relay_store import Mailboxes
from tests.relay.wire import anonymous, deposit, item, registered, relay_at, sql

pytestmark = pytest.mark.usefixtures("engine")

PATIENCE_S = 20


class FullAtFirst:
    """The mailboxes of a relay, on a disk that refuses the first commits."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        *,
        times: float = 0,
        refuses_arrivals: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self._mailboxes = mailboxes
        self._meanwhile = meanwhile
        self._times_left = times
        self._refuses_arrivals = refuses_arrivals
        self.refused = 0
        self.acks: list[int] = []
        """How many went with each commit."""

    async def commit(
        self, arrivals: Sequence[Arrival], acks: Collection[Removed], *, hour: int
    ) -> list[int]:
        """Refuse, or commit."""
        if self._times_left > 0 or (arrivals and self._refuses_arrivals):
            self._times_left -= 1
            self.refused += 1
            await trio.lowlevel.checkpoint()
            raise DiskFull
        self._meanwhile()
        self.acks.append(len(acks))
        return await self._mailboxes.commit(arrivals, acks, hour=hour)

    async def upkeep(self, *, hour: int) -> None:
        """Do what is to be done between commits."""
        await self._mailboxes.upkeep(hour=hour)


@asynccontextmanager
async def a_writer(
    relay: RunningRelay, disk: FullAtFirst, *, ack_linger_s: float = ACK_LINGER_S
) -> AsyncIterator[Writer]:
    mailboxes: Any = disk
    writer = Writer(
        mailboxes,
        clock=relay.services.clock,
        counting=QuickLock(),
        on_removed=lambda _: None,
        after_commit=lambda: None,
        retry_pause_s=0.01,
        ack_linger_s=ack_linger_s,
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        yield writer
        nursery.cancel_scope.cancel()


async def waiting(relay: RunningRelay) -> list[Removed]:
    rows = await sql(relay, "SELECT seq, device, lane, size_bytes FROM waiting")
    return [Removed(*row, None) for row in rows]


async def test_acks_go_together_and_no_deposit_waits_for_them(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            await deposit(wire, item(bob))
        (acked,) = await waiting(relay)
        disk = FullAtFirst(relay.services.mailboxes)
        async with a_writer(relay, disk, ack_linger_s=float("inf")) as writer:
            writer.ack([acked])
            stored = Stored(acked.device)
            writer.deposit(stored)
            with trio.fail_after(PATIENCE_S):
                await stored.sequences.wait()
                assert disk.acks == [0]
                await writer.barrier()
                assert disk.acks == [0, 1], "who subscribes again waits for them"
                writer.ack([acked] * ACKS_AT_ONCE)
                while len(disk.acks) < 3:
                    await trio.lowlevel.checkpoint()
        assert disk.acks == [0, 1, ACKS_AT_ONCE]


async def test_an_ack_that_nothing_follows_is_committed_by_itself(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            await deposit(wire, item(bob))
        async with a_writer(relay, FullAtFirst(relay.services.mailboxes)) as writer:
            writer.ack(await waiting(relay))
            with trio.fail_after(PATIENCE_S):
                while await waiting(relay):
                    await trio.lowlevel.checkpoint()


async def test_refused_acks_are_tried_again_though_nothing_else_comes(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            await deposit(wire, item(bob), item(bob))
        disk = FullAtFirst(relay.services.mailboxes, times=MAX_REFUSALS - 1)
        async with a_writer(relay, disk) as writer:
            writer.ack(await waiting(relay))
            with trio.fail_after(PATIENCE_S):
                await writer.barrier()
            assert disk.refused == MAX_REFUSALS - 1
            assert await waiting(relay) == [], "a barrier passes when they are committed"


async def test_a_disk_that_stays_full_keeps_nobody_waiting_for_ever(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            await deposit(wire, item(bob))
        disk = FullAtFirst(relay.services.mailboxes, times=float("inf"))
        async with a_writer(relay, disk) as writer:
            writer.ack(await waiting(relay))
            with trio.fail_after(PATIENCE_S):
                await writer.barrier()
            assert disk.refused >= MAX_REFUSALS
            assert len(await waiting(relay)) == 1


class Stored:
    """A deposit that notes when it is stored."""

    def __init__(self, device: int) -> None:
        self.network = b"one"
        self.arrivals = [an_arrival(device)]
        self.size_bytes = self.target_count = 1
        self.sequences = trio.Event()

    def stored(self, sequences: list[int]) -> None:
        assert sequences
        self.sequences.set()

    def answer(self) -> None:
        pass

    def failed(self, error: StoreError) -> None:
        raise AssertionError from error


def an_arrival(device: int) -> Arrival:
    return Arrival(
        id=EnvelopeId(bytes(16)),
        payload=b"x",
        expires_hour=2**30,
        is_retry=False,
        targets=((device, 0),),
    )


class Flood:
    """Deposits that come again as soon as they are refused."""

    def __init__(self, writer: Writer, arrival: Arrival) -> None:
        self._writer = writer
        self.network = b"flood"
        self.arrivals = [arrival]
        self.size_bytes = len(arrival.payload)
        self.target_count = 1
        self.refused = 0

    def stored(self, sequences: list[int]) -> None:
        raise AssertionError(sequences)

    def answer(self) -> None:
        pass

    def failed(self, error: StoreError) -> None:
        self.refused += 1
        self._writer.deposit(self)


async def test_what_frees_room_is_not_refused_for_what_needs_some(tmp_path: Path) -> None:
    async with relay_at(tmp_path) as relay:
        bob = await registered(relay, "bob")
        async with anonymous(relay) as wire:
            await deposit(wire, item(bob))
        (acked,) = await waiting(relay)
        disk = FullAtFirst(relay.services.mailboxes, refuses_arrivals=True)
        async with a_writer(relay, disk) as writer:
            flood = Flood(writer, an_arrival(acked.device))
            writer.deposit(flood)
            writer.ack([acked])
            with trio.fail_after(PATIENCE_S):
                while await waiting(relay):
                    await trio.lowlevel.checkpoint()
            assert flood.refused > 0


async def test_what_comes_with_every_commit_holds_up_nobody_who_waits_for_one(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        gone = [Removed(2**40, 1, 0, 1, None)]
        disk = FullAtFirst(relay.services.mailboxes, meanwhile=lambda: writer.ack(gone))
        async with a_writer(relay, disk) as writer:
            writer.ack(gone)
            with trio.fail_after(PATIENCE_S):
                await writer.barrier()
