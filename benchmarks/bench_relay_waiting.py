"""The relay while much waits: what an envelope costs, and what memory all of them take.

Rule: 300 B payloads, so that a million of them fit any disk; one relay for the whole curve, so that
its points differ in nothing but what waits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import trio

from benchmarks.relay_load import Deposits, Receiver, Recipient, Sender, next_arrival
from benchmarks.relay_side import (
    forget_peak,
    recipients,
    resident_kib,
    row,
    running_relay,
    senders,
    take_load_core,
)
from restante.protocol.address import RelayAddress

SPAN_S = float(os.environ.get("RESTANTE_BENCH_SPAN_S", "4"))
SIZE_BYTES = 300
A_FRAME = 100
AWAY = 16
CURVE = (1_000, 10_000, 100_000, 1_000_000)
DRAINED = 100_000


def run() -> Iterator[dict[str, Any]]:
    """Yield all rows."""
    take_load_core()
    yield from trio.run(_curve)
    yield trio.run(_drain)


async def _curve() -> list[dict[str, Any]]:
    found = []
    async with running_relay(SIZE_BYTES) as (address, pid), trio.open_nursery() as nursery:
        people = await recipients(address, AWAY + 1)
        away, here = people[:AWAY], people[AWAY]
        receiver = Receiver(here)
        await nursery.start(receiver.run, address)
        await receiver.drained.wait()
        before = resident_kib(pid)
        waiting = 0
        for wanted in CURVE:
            waiting += await _leave(address, away, wanted - waiting)
            rate = await _online(address, here, receiver)
            found.append(
                row(
                    f"relay.waiting.{wanted}.online",
                    rate,
                    f"durable and delivered, {A_FRAME} a frame, one pair, while {waiting} "
                    f"envelopes of {SIZE_BYTES} B wait for {AWAY} others",
                )
            )
            found.append(
                row(
                    f"relay.waiting.{wanted}.memory",
                    resident_kib(pid) - before,
                    f"growth of the relay's resident memory since before the first of {waiting}",
                    "KiB",
                )
            )
        nursery.cancel_scope.cancel()
    return found


async def _leave(address: RelayAddress, away: list[Recipient], count: int) -> int:
    """Deposit at least so many for those who are away; return how many."""
    sending_ones = senders(away, items=A_FRAME, size_bytes=SIZE_BYTES)
    async with trio.open_nursery() as nursery:
        for sender in sending_ones:
            nursery.start_soon(sender.run, address, trio.current_time() + 3600)
        while sum(sender.stored for sender in sending_ones) < count:
            await next_arrival()
        nursery.cancel_scope.cancel()
    return sum(sender.stored for sender in sending_ones)


async def _online(address: RelayAddress, here: Recipient, receiver: Receiver) -> float:
    already = receiver.received
    deposits = Deposits(here, items=A_FRAME, size_bytes=SIZE_BYTES)
    sender = Sender(deposits, items=A_FRAME, window=4)
    started = trio.current_time()
    await sender.run(address, started + SPAN_S / 2)
    with trio.fail_after(60):
        while receiver.received - already < sender.stored:
            await next_arrival()
    return sender.stored / (receiver.last_at - started)


async def _drain() -> dict[str, Any]:
    async with running_relay(SIZE_BYTES) as (address, pid), trio.open_nursery() as nursery:
        people = await recipients(address, 1)
        await _leave(address, people, DRAINED)
        receiver = Receiver(people[0])
        before = resident_kib(pid)
        forget_peak(pid)
        await nursery.start(receiver.run, address)
        with trio.fail_after(120):
            await receiver.drained.wait()
        grown = resident_kib(pid, "VmHWM") - before
        nursery.cancel_scope.cancel()
    return row(
        "relay.drain.memory",
        grown,
        f"peak of the relay's resident memory over what it was before, while {receiver.received} "
        f"envelopes of {SIZE_BYTES} B go to one device",
        "KiB",
    )
