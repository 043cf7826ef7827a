"""The relay beside one with every check left out: rates, drain, latency, memory of connections.

One relay process on one core, the load on another; real fsync; 300 B payloads for comparison with
other servers, 4 KiB as clients send. Each figure is taken by turns of ours (`relay.`) and of the
bare one (`bare.`, benchmarks/bare_relay.py). `ratio.` says how many times as good ours is: above 1
it is faster, or smaller; on a busy machine those of `.processor` hold best. What a relay does while
much waits: bench_relay_waiting.py.

`RESTANTE_BENCH_ROWS=drain` takes only rows whose name contains that.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

import trio

from benchmarks.relay_load import (
    Deposits,
    Line,
    Receiver,
    Recipient,
    Sender,
    anonymous,
    next_arrival,
    percentile,
    stay_awake,
)
from benchmarks.relay_side import (
    Kind,
    processor_s,
    recipients,
    resident_kib,
    row,
    running_relay,
    senders,
    take_load_core,
)
from restante.protocol.address import RelayAddress

SPAN_S = float(os.environ.get("RESTANTE_BENCH_SPAN_S", "1.5"))
WARM_S = 0.3
"""Before it counts: what is looked up once, or compiled once, is no part of a rate."""
TURNS = int(os.environ.get("RESTANTE_BENCH_TURNS", "2"))
ROWS = os.environ.get("RESTANTE_BENCH_ROWS", "")
PAIRS = 16
SIZES = (300, 4096)
IDLE_CONNECTIONS = 1000
IDLE_DEVICES = 500
KINDS: tuple[Kind, ...] = ("relay", "bare")

Measure = Callable[[Kind], Awaitable[list[dict[str, Any]]]]


def run() -> Iterator[dict[str, Any]]:
    """Yield all rows."""
    take_load_core()
    for name, turns, measure in _measures():
        if ROWS in name:
            yield from _by_turns(measure, turns)


def _measures() -> Iterator[tuple[str, int, Measure]]:
    """Yield what is measured: its name, how many turns each relay gets, and how."""
    for size in SIZES:
        for items in (1, 10, 100):
            yield f"online.{size}B.{items}_", TURNS, partial(_online, size, items, False)
        for items in (1, 10, 100):
            yield f"offline.{size}B.{items}_", TURNS, partial(_offline, size, items)
        yield f"drain.{size}B", TURNS, partial(_drain, size)
        yield f"latency.{size}B", TURNS, partial(_latency, size)
        for items in (1, 10, 100):
            yield f"tls.{size}B.{items}_", TURNS, partial(_online, size, items, True)
    for tls in (False, True):  # memory: a second turn has the same
        yield f"idle_connection.{tls}", 1, partial(_idle, tls)
        yield f"idle_device.{tls}", 1, partial(_idle_devices, tls)


def _by_turns(measure: Measure, turns: int) -> Iterator[dict[str, Any]]:
    """Yield the medians of both relays and how they compare, measured by turns."""
    taken = [
        {kind: trio.run(measure, kind) for kind in KINDS}  # ours, bare, ours, bare
        for _ in range(turns)
    ]
    for at in range(len(taken[0]["relay"])):
        ours, bare = (
            {**turn[at], "value": median(each[kind][at]["value"] for each in taken)}
            for kind, turn in taken[0].items()
        )
        yield ours
        yield bare
        parts = (ours["value"], bare["value"])
        best, other = parts if ours["unit"] == "envelopes/s" else parts[::-1]
        yield {
            "bench": "ratio" + ours["bench"].removeprefix("relay"),
            "value": round(best / max(other, 1e-9), 2),
            "unit": "times",
            "how": f"how many times as good ours is; medians of {turns} turns each",
        }


async def _send(
    address: RelayAddress, people: list[Recipient], items: int, size_bytes: int, span_s: float
) -> int:
    """Send for so long, as fast as it is taken; return how many envelopes were stored."""
    sending_ones = senders(people, items=items, size_bytes=size_bytes)
    until = trio.current_time() + span_s
    async with trio.open_nursery() as nursery:
        for sender in sending_ones:
            nursery.start_soon(sender.run, address, until)
    return sum(sender.stored for sender in sending_ones)


def _rate_rows(
    bench: str, how: str, *, count: int, seconds: float, used_s: float
) -> list[dict[str, Any]]:
    """Return the rate, and what an envelope took of a processor: that, others disturb less."""
    each_us = used_s / max(count, 1) * 1e6
    return [
        row(bench, count / seconds, how),
        row(f"{bench}.processor", each_us, f"the relay's processor an envelope; {how}", "us"),
    ]


async def _online(size_bytes: int, items: int, tls: bool, kind: Kind) -> list[dict[str, Any]]:
    async with (
        running_relay(size_bytes, tls=tls, kind=kind) as (address, pid),
        trio.open_nursery() as nursery,
    ):
        people = await recipients(address, PAIRS)
        receivers = [Receiver(who) for who in people]
        for receiver in receivers:
            await nursery.start(receiver.run, address)
        already = await _send(address, people, items, size_bytes, WARM_S)
        started, before_s = trio.current_time(), processor_s(pid)
        stored = await _send(address, people, items, size_bytes, SPAN_S)
        with trio.fail_after(60):
            while sum(receiver.received for receiver in receivers) < already + stored:
                await next_arrival()
        seconds = max(receiver.last_at for receiver in receivers) - started
        used_s = processor_s(pid) - before_s
        nursery.cancel_scope.cancel()
    return _rate_rows(
        f"{kind}.{'tls' if tls else 'online'}.{size_bytes}B.{items}_a_frame",
        f"durable before the answer and delivered to subscribed devices; {PAIRS} pairs, "
        f"acks of 50 ms together{', TLS 1.3' if tls else ''}",
        count=stored,
        seconds=seconds,
        used_s=used_s,
    )


async def _offline(size_bytes: int, items: int, kind: Kind) -> list[dict[str, Any]]:
    async with running_relay(size_bytes, kind=kind) as (address, pid):
        people = await recipients(address, PAIRS)
        await _send(address, people, items, size_bytes, WARM_S)
        started, before_s = trio.current_time(), processor_s(pid)
        stored = await _send(address, people, items, size_bytes, SPAN_S)
        seconds = trio.current_time() - started
        used_s = processor_s(pid) - before_s
    return _rate_rows(
        f"{kind}.offline.{size_bytes}B.{items}_a_frame",
        f"durable before the answer, recipients away; {PAIRS} senders",
        count=stored,
        seconds=seconds,
        used_s=used_s,
    )


async def _drain(size_bytes: int, kind: Kind) -> list[dict[str, Any]]:
    async with (
        running_relay(size_bytes, kind=kind) as (address, pid),
        trio.open_nursery() as nursery,
    ):
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
        started, before_s = trio.current_time(), processor_s(pid)
        await nursery.start(receiver.run, address)
        with trio.fail_after(120):
            await receiver.drained.wait()
        seconds = receiver.last_at - started
        used_s = processor_s(pid) - before_s
        nursery.cancel_scope.cancel()
    return _rate_rows(
        f"{kind}.drain.{size_bytes}B",
        f"{waiting} envelopes of one mailbox, delivered and acked, from Subscribe on",
        count=receiver.received,
        seconds=seconds,
        used_s=used_s,
    )


async def _latency(size_bytes: int, kind: Kind) -> list[dict[str, Any]]:
    """Deposit 500 a second in all, and see after how long each is delivered."""
    rate = 500
    waits: list[float] = []
    async with (
        running_relay(size_bytes, kind=kind) as (address, _),
        trio.open_nursery() as nursery,
    ):
        people = await recipients(address, PAIRS)
        receivers = [Receiver(who) for who in people]
        for receiver in receivers:
            await nursery.start(receiver.run, address)
            await receiver.drained.wait()

        async def one(index: int, line: Line, deposits: Deposits) -> float:
            already = receivers[index].received
            frame = deposits.next(already + 1)
            sent_at = trio.current_time()
            line.send_now(frame)
            await line.frames()
            while receivers[index].received == already:
                await next_arrival()
            return max(receivers[index].last_at - sent_at, 0)

        async def send(index: int) -> None:
            deposits = Deposits(people[index], items=1, size_bytes=size_bytes)
            async with anonymous(address) as line:
                await one(index, line, deposits)  # the first one has its mailbox looked up
                await trio.sleep_until(begun + index / rate)
                for number in range(int(2 * SPAN_S * rate / PAIRS)):
                    await trio.sleep_until(begun + (index + number * PAIRS) / rate)
                    waits.append(await one(index, line, deposits))

        nursery.start_soon(stay_awake)
        begun = trio.current_time() + 1
        async with trio.open_nursery() as sending:
            for index in range(PAIRS):
                sending.start_soon(send, index)
        nursery.cancel_scope.cancel()
    how = f"from deposit to delivery, durable, {rate} a second over {PAIRS} pairs"
    return [
        {
            "bench": f"{kind}.latency.{size_bytes}B.p{share}",
            "value": round(percentile(waits, share / 100) * 1000, 2),
            "unit": "ms",
            "how": how,
        }
        for share in (50, 99)
    ]


async def _idle(tls: bool, kind: Kind) -> list[dict[str, Any]]:
    async with (
        running_relay(4096, tls=tls, kind=kind) as (address, pid),
        trio.open_nursery() as nursery,
    ):

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
    return [
        row(
            f"{kind}.idle_connection{'.tls' if tls else ''}",
            grown / IDLE_CONNECTIONS,
            f"growth of the relay's resident memory by {IDLE_CONNECTIONS} anonymous connections",
            "KiB",
        )
    ]


async def _idle_devices(tls: bool, kind: Kind) -> list[dict[str, Any]]:
    """Have devices connected that have subscribed and drained, as nearly all are nearly always.

    At a relay that has started again: what registering them took is no part of it.
    """
    with tempfile.TemporaryDirectory(prefix="restante-bench-") as place:
        async with running_relay(4096, tls=tls, place=place, kind=kind) as (address, _):
            people = await recipients(address, IDLE_DEVICES + 1)
            authority = address.authority
        async with (
            running_relay(4096, tls=tls, place=place, kind=kind) as (address, pid),
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
    return [
        row(
            f"{kind}.idle_device{'.tls' if tls else ''}",
            grown / IDLE_DEVICES,
            f"growth of the relay's resident memory by {IDLE_DEVICES} subscribed devices",
            "KiB",
        )
    ]
