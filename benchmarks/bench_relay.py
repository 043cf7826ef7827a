"""The relay: deposits a second, durable and delivered, drain, latency, memory of idle connections.

One relay process on one core, the load on another; real fsync; 300 B payloads for comparison with
other servers, 4 KiB as clients send. What it does while much waits: bench_relay_waiting.py.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import Any

import trio

from benchmarks.relay_load import (
    Deposits,
    Line,
    Receiver,
    Sender,
    anonymous,
    next_arrival,
    percentile,
)
from benchmarks.relay_side import (
    recipients,
    resident_kib,
    row,
    running_relay,
    senders,
    take_load_core,
)

SPAN_S = float(os.environ.get("RESTANTE_BENCH_SPAN_S", "4"))
PAIRS = 16
SIZES = (300, 4096)
IDLE_CONNECTIONS = 1000
IDLE_DEVICES = 500


def run() -> Iterator[dict[str, Any]]:
    """Yield all rows."""
    take_load_core()
    for size_bytes in SIZES:
        for items in (1, 10, 100):
            yield trio.run(_online, size_bytes, items, False)
        for items in (1, 10, 100):
            yield trio.run(_offline, size_bytes, items)
        yield trio.run(_drain, size_bytes)
        yield from trio.run(_latency, size_bytes)
        for items in (1, 10, 100):
            yield trio.run(_online, size_bytes, items, True)
    for tls in (False, True):
        yield trio.run(_idle, tls)
        yield trio.run(_idle_devices, tls)


async def _online(size_bytes: int, items: int, tls: bool) -> dict[str, Any]:
    async with running_relay(size_bytes, tls=tls) as (address, _), trio.open_nursery() as nursery:
        people = await recipients(address, PAIRS)
        receivers = [Receiver(who) for who in people]
        for receiver in receivers:
            await nursery.start(receiver.run, address)
        sending_ones = senders(people, items=items, size_bytes=size_bytes)
        started = trio.current_time()
        async with trio.open_nursery() as sending:
            for sender in sending_ones:
                sending.start_soon(sender.run, address, started + SPAN_S)
        stored = sum(sender.stored for sender in sending_ones)
        with trio.fail_after(60):
            while sum(receiver.received for receiver in receivers) < stored:
                await next_arrival()
        seconds = max(receiver.last_at for receiver in receivers) - started
        nursery.cancel_scope.cancel()
    return row(
        f"relay.{'tls' if tls else 'online'}.{size_bytes}B.{items}_a_frame",
        stored / seconds,
        f"durable before the answer and delivered to subscribed devices; {PAIRS} pairs, "
        f"acks of 50 ms together{', TLS 1.3' if tls else ''}",
    )


async def _offline(size_bytes: int, items: int) -> dict[str, Any]:
    async with running_relay(size_bytes) as (address, _):
        people = await recipients(address, PAIRS)
        sending_ones = senders(people, items=items, size_bytes=size_bytes)
        started = trio.current_time()
        async with trio.open_nursery() as sending:
            for sender in sending_ones:
                sending.start_soon(sender.run, address, started + SPAN_S)
        seconds = trio.current_time() - started
    return row(
        f"relay.offline.{size_bytes}B.{items}_a_frame",
        sum(sender.stored for sender in sending_ones) / seconds,
        f"durable before the answer, recipients away; {PAIRS} senders",
    )


async def _drain(size_bytes: int) -> dict[str, Any]:
    async with running_relay(size_bytes) as (address, _), trio.open_nursery() as nursery:
        people = await recipients(address, 1)
        waiting = 100_000 if size_bytes < 4096 else 30_000
        deposits = Deposits(people[0], items=100, size_bytes=size_bytes)
        sender = Sender(deposits, items=100, window=2)
        async with trio.open_nursery() as sending:
            sending.start_soon(sender.run, address, trio.current_time() + 3600)
            while sender.stored < waiting:
                await next_arrival()
            sending.cancel_scope.cancel()
        receiver = Receiver(people[0])
        started = trio.current_time()
        await nursery.start(receiver.run, address)
        with trio.fail_after(120):
            await receiver.drained.wait()
        seconds = receiver.last_at - started
        nursery.cancel_scope.cancel()
    return row(
        f"relay.drain.{size_bytes}B",
        receiver.received / seconds,
        f"{receiver.received} envelopes of one mailbox, delivered and acked, from Subscribe on",
    )


async def _latency(size_bytes: int) -> list[dict[str, Any]]:
    """Deposit 500 a second in all, and see after how long each is delivered."""
    rate = 500
    waits: list[float] = []
    async with running_relay(size_bytes) as (address, _), trio.open_nursery() as nursery:
        people = await recipients(address, PAIRS)
        receivers = [Receiver(who) for who in people]
        for receiver in receivers:
            await nursery.start(receiver.run, address)
            await receiver.drained.wait()

        async def one(index: int, line: Line, deposits: Deposits) -> float:
            already = receivers[index].received
            sent_at = trio.current_time()
            await line.stream.send_all(deposits.next(already + 1))
            await line.frames()
            while receivers[index].received == already:
                await next_arrival()
            return max(receivers[index].last_at - sent_at, 0)

        async def send(index: int) -> None:
            deposits = Deposits(people[index], items=1, size_bytes=size_bytes)
            async with anonymous(address) as line:
                await one(index, line, deposits)  # the first one has its mailbox looked up
                await trio.sleep_until(begun + index / rate)
                for number in range(int(SPAN_S * rate / PAIRS)):
                    await trio.sleep_until(begun + (index + number * PAIRS) / rate)
                    waits.append(await one(index, line, deposits))

        begun = trio.current_time() + 1
        async with trio.open_nursery() as sending:
            for index in range(PAIRS):
                sending.start_soon(send, index)
        nursery.cancel_scope.cancel()
    how = f"from deposit to delivery, durable, {rate} a second over {PAIRS} pairs"
    return [
        {
            "bench": f"relay.latency.{size_bytes}B.p{share}",
            "value": round(percentile(waits, share / 100) * 1000, 2),
            "unit": "ms",
            "how": how,
        }
        for share in (50, 99)
    ]


async def _idle(tls: bool) -> dict[str, Any]:
    async with running_relay(4096, tls=tls) as (address, pid), trio.open_nursery() as nursery:

        async def stay(*, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
            async with anonymous(address):
                task_status.started()
                await trio.sleep_forever()

        await nursery.start(stay)
        before = resident_kib(pid)
        for _ in range(IDLE_CONNECTIONS):
            await nursery.start(stay)
        grown = resident_kib(pid) - before
        nursery.cancel_scope.cancel()
    return row(
        f"relay.idle_connection{'.tls' if tls else ''}",
        grown / IDLE_CONNECTIONS,
        f"growth of the relay's resident memory by {IDLE_CONNECTIONS} anonymous connections",
        "KiB",
    )


async def _idle_devices(tls: bool) -> dict[str, Any]:
    """Have devices connected that have subscribed and drained, as nearly all are nearly always.

    At a relay that has started again: what registering them took is no part of it.
    """
    with tempfile.TemporaryDirectory(prefix="restante-bench-") as place:
        async with running_relay(4096, tls=tls, place=place) as (address, _):
            people = await recipients(address, IDLE_DEVICES + 1)
            authority = address.authority
        async with (
            running_relay(4096, tls=tls, place=place) as (address, pid),
            trio.open_nursery() as nursery,
        ):
            first, *others = [Receiver(who, authority=authority) for who in people]
            await nursery.start(first.run, address)
            await first.drained.wait()
            before = resident_kib(pid)
            for receiver in others:
                await nursery.start(receiver.run, address)
                await receiver.drained.wait()
            grown = resident_kib(pid) - before
            nursery.cancel_scope.cancel()
    return row(
        f"relay.idle_device{'.tls' if tls else ''}",
        grown / IDLE_DEVICES,
        f"growth of the relay's resident memory by {IDLE_DEVICES} subscribed devices",
        "KiB",
    )
