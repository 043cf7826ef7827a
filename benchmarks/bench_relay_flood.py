"""A flood from one address: how much later the others' envelopes come.

The relay has its own limits here, as an operator gets them. The others are alone, then beside a
program that works as hard and floods nobody, then beside floods, by turns and all in one run; the
figure is how many times later the slowest of a hundred of their envelopes comes than beside that
program: two cores of a shared machine slow each other down, whatever runs on them. The relay has a
core, and goes before other work there; the others and the flood share the other core, and the
flood gives way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import trio

from benchmarks.relay_load import (
    Deposits,
    Line,
    Receiver,
    Recipient,
    anonymous,
    next_arrival,
    percentile,
)
from benchmarks.relay_side import go_first, recipients, running_relay, take_load_core
from restante.protocol.address import RelayAddress

SPAN_S: Final = float(os.environ.get("RESTANTE_BENCH_SPAN_S", "2"))
ROUNDS: Final = int(os.environ.get("RESTANTE_BENCH_ROUNDS", "5"))
PAIRS: Final = 8
RATE: Final = 200
"""Envelopes of the others a second, in all: people, not a load."""

FLOODS: Final = ("deposits", "requests", "connects")
FLOODS_OF_TLS: Final = ("hellos",)


def run() -> Iterator[dict[str, Any]]:
    """Yield all rows."""
    take_load_core()
    go_first()
    yield from trio.run(_measured, FLOODS, False)
    yield from trio.run(_measured, FLOODS_OF_TLS, True)


async def _measured(floods: tuple[str, ...], tls: bool) -> list[dict[str, Any]]:
    alone: list[float] = []
    busy: list[float] = []
    waits: dict[str, list[float]] = {}
    async with (
        running_relay(4096, own_limits=True, tls=tls) as (address, _),
        trio.open_nursery() as nursery,
    ):
        *people, victim = await recipients(address, PAIRS + 1)
        pairs = [_Pair(who) for who in people]
        for pair in pairs:
            await nursery.start(pair.receiver.run, address)
        await _p99(pairs, address, 1)
        for _ in range(ROUNDS):
            alone.append(await _p99(pairs, address, SPAN_S))
            async with _flood("nothing", address, victim):
                busy.append(await _p99(pairs, address, SPAN_S))
            for kind in floods:
                async with _flood(kind, address, victim):
                    for when in (f"{kind}.at_once", kind):
                        waits.setdefault(when, []).append(await _p99(pairs, address, SPAN_S))
        nursery.cancel_scope.cancel()
    return [*_ratios(waits, busy), *_bases(alone, busy, "tls." if tls else "")]


def _ratios(waits: dict[str, list[float]], busy: list[float]) -> Iterator[dict[str, Any]]:
    for when, slowest in waits.items():
        kind, _, at_once = when.partition(".")
        how = f"p99 of the others beside a flood of {kind} from one address, to p99 without it"
        how += "; its first seconds" if at_once else ""
        times = [flooded / quiet for flooded, quiet in zip(slowest, busy, strict=True)]
        yield _row(when, percentile(times, 0.5), "times", how)
        yield _row(f"{when}.best", min(times), "times", f"{how}; the best of {ROUNDS} rounds")


def _bases(alone: list[float], busy: list[float], over: str) -> Iterator[dict[str, Any]]:
    how = f"p99 of the others, {RATE} a second"
    yield _row(f"{over}alone", percentile(alone, 0.5) * 1000, "ms", f"{how}, alone")
    without = f"{how}, beside a program that floods nobody: the base of the others"
    yield _row(f"{over}without", percentile(busy, 0.5) * 1000, "ms", without)


class _Pair:
    """Somebody who is written to, and how late it comes."""

    def __init__(self, who: Recipient) -> None:
        self.receiver = Receiver(who)
        self._deposits = Deposits(who, items=1, size_bytes=4096)

    async def one(self, line: Line) -> float:
        already = self.receiver.received
        sent_at = trio.current_time()
        await line.stream.send_all(self._deposits.next(already % 2**31 + 1))
        await line.frames()
        while self.receiver.received == already:
            await next_arrival()
        return max(self.receiver.last_at - sent_at, 0)


async def _p99(pairs: list[_Pair], address: RelayAddress, span_s: float) -> float:
    waits: list[float] = []

    async def send(index: int) -> None:
        async with anonymous(address) as line:
            begun = trio.current_time()
            for number in range(int(span_s * RATE / PAIRS)):
                await trio.sleep_until(begun + (index + number * PAIRS) / RATE)
                waits.append(await pairs[index].one(line))

    async with trio.open_nursery() as sending:
        for index in range(PAIRS):
            sending.start_soon(send, index)
    return percentile(waits, 0.99)


@asynccontextmanager
async def _flood(kind: str, address: RelayAddress, victim: Recipient) -> AsyncIterator[None]:
    process = await trio.lowlevel.open_process(
        [
            *(sys.executable, "-m", "benchmarks.flood_side", kind),
            *(f"127.0.0.1:{address.port}", victim.mailbox.hex(), victim.token.hex()),
        ],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the flood's output is not read")
        await process.stdout.receive_some(64)  # to start a program is no part of its flood
        yield
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


def _row(name: str, value: float, unit: str, how: str) -> dict[str, Any]:
    return {"bench": f"relay.flood.{name}", "value": round(value, 2), "unit": unit, "how": how}
