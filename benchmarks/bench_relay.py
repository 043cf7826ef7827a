"""The relay: deposits a second, durable and delivered, drain, latency, memory of idle connections.

One relay process on one core, the load on another; real fsync; 300 B payloads for comparison with
other servers, 4 KiB as clients send.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from benchmarks.relay_load import (
    Deposits,
    Receiver,
    Recipient,
    Sender,
    anonymous,
    next_arrival,
    percentile,
    spread,
)
from restante.protocol.address import RelayAddress

SPAN_S = float(os.environ.get("RESTANTE_BENCH_SPAN_S", "4"))
PAIRS = 16
SIZES = (300, 4096)
UNDER_WAY = 512
"""Envelopes under way over all senders, at one a frame."""

IDLE_CONNECTIONS = 1000
RELAY_CORE, LOAD_CORE = 0, 1
_PROGRAM = ("-m", "benchmarks.relay_process")


def run() -> Iterator[dict[str, Any]]:
    """Yield all rows."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {LOAD_CORE})
    for size_bytes in SIZES:
        for items in (1, 10, 100):
            yield trio.run(_online, size_bytes, items)
        for items in (1, 10, 100):
            yield trio.run(_offline, size_bytes, items)
        yield trio.run(_drain, size_bytes)
        yield from trio.run(_latency, size_bytes)
    yield trio.run(_idle)


@asynccontextmanager
async def _relay(size_bytes: int) -> AsyncIterator[tuple[RelayAddress, int]]:
    with tempfile.TemporaryDirectory(prefix="restante-bench-") as data:
        process = await trio.lowlevel.open_process(
            [sys.executable, *_PROGRAM, data, str(size_bytes), str(RELAY_CORE)],
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.PIPE,
        )
        try:
            if process.stdout is None:
                raise RuntimeError("the relay's output is not read")
            line = await process.stdout.receive_some(4096)
            yield RelayAddress.parse(json.loads(line)["address"]), process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            with trio.CancelScope(shield=True):
                await process.wait()


async def _recipients(address: RelayAddress, count: int) -> list[Recipient]:
    found = [Recipient(name) for name in spread(count)]
    for who in found:
        await who.register(address)
    return found


def _senders(people: list[Recipient], *, items: int, size_bytes: int) -> list[Sender]:
    window = max(UNDER_WAY // PAIRS // items, 4 if size_bytes * items < 100_000 else 2)
    return [
        Sender(Deposits(who, items=items, size_bytes=size_bytes), items=items, window=window)
        for who in people
    ]


async def _online(size_bytes: int, items: int) -> dict[str, Any]:
    async with _relay(size_bytes) as (address, _), trio.open_nursery() as nursery:
        people = await _recipients(address, PAIRS)
        receivers = [Receiver(who) for who in people]
        for receiver in receivers:
            await nursery.start(receiver.run, address)
        senders = _senders(people, items=items, size_bytes=size_bytes)
        started = trio.current_time()
        async with trio.open_nursery() as sending:
            for sender in senders:
                sending.start_soon(sender.run, address, started + SPAN_S)
        stored = sum(sender.stored for sender in senders)
        with trio.fail_after(60):
            while sum(receiver.received for receiver in receivers) < stored:
                await next_arrival()
        seconds = max(receiver.last_at for receiver in receivers) - started
        nursery.cancel_scope.cancel()
    return _row(
        f"relay.online.{size_bytes}B.{items}_a_frame",
        stored / seconds,
        f"durable before the answer and delivered to subscribed devices; {PAIRS} pairs, "
        "acks of 50 ms together",
    )


async def _offline(size_bytes: int, items: int) -> dict[str, Any]:
    async with _relay(size_bytes) as (address, _):
        people = await _recipients(address, PAIRS)
        senders = _senders(people, items=items, size_bytes=size_bytes)
        started = trio.current_time()
        async with trio.open_nursery() as sending:
            for sender in senders:
                sending.start_soon(sender.run, address, started + SPAN_S)
        seconds = trio.current_time() - started
    return _row(
        f"relay.offline.{size_bytes}B.{items}_a_frame",
        sum(sender.stored for sender in senders) / seconds,
        f"durable before the answer, recipients away; {PAIRS} senders",
    )


async def _drain(size_bytes: int) -> dict[str, Any]:
    async with _relay(size_bytes) as (address, _), trio.open_nursery() as nursery:
        people = await _recipients(address, 1)
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
    return _row(
        f"relay.drain.{size_bytes}B",
        receiver.received / seconds,
        f"{receiver.received} envelopes of one mailbox, delivered and acked, from Subscribe on",
    )


async def _latency(size_bytes: int) -> list[dict[str, Any]]:
    """Deposit 500 a second in all, and see after how long each is delivered."""
    rate, waits = 500, []
    async with _relay(size_bytes) as (address, _), trio.open_nursery() as nursery:
        people = await _recipients(address, PAIRS)
        receivers = [Receiver(who) for who in people]
        for receiver in receivers:
            await nursery.start(receiver.run, address)
            await receiver.drained.wait()

        async def send(index: int) -> None:
            deposits = Deposits(people[index], items=1, size_bytes=size_bytes)
            async with anonymous(address) as line:
                begun = trio.current_time() + index / rate
                for number in range(int(SPAN_S * rate / PAIRS)):
                    await trio.sleep_until(begun + number * PAIRS / rate)
                    sent_at = trio.current_time()
                    await line.stream.send_all(deposits.next(number + 1))
                    await line.frames()
                    while receivers[index].received <= number:
                        await next_arrival()
                    waits.append(max(receivers[index].last_at, sent_at) - sent_at)

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


async def _idle() -> dict[str, Any]:
    async with _relay(4096) as (address, pid), trio.open_nursery() as nursery:

        async def stay(*, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
            async with anonymous(address):
                task_status.started()
                await trio.sleep_forever()

        await nursery.start(stay)
        before = _resident_kib(pid)
        for _ in range(IDLE_CONNECTIONS):
            await nursery.start(stay)
        grown = _resident_kib(pid) - before
        nursery.cancel_scope.cancel()
    return {
        "bench": "relay.idle_connection",
        "value": round(grown / IDLE_CONNECTIONS, 1),
        "unit": "KiB",
        "how": f"growth of the relay's resident memory by {IDLE_CONNECTIONS} anonymous connections",
    }


def _resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def _row(bench: str, rate: float, how: str) -> dict[str, Any]:
    return {"bench": bench, "value": round(rate), "unit": "envelopes/s", "how": how}
