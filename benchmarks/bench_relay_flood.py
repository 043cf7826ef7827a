"""A flood from one address: how much later the others' envelopes come.

The relay has its own limits here, as an operator gets them. The others are alone, then beside a
flood, by turns and all in one run; the figure is how many times later the slowest of a hundred of
their envelopes comes, the middle one of the rounds. The flood and the measure share a core, the
flood giving way; the relay has the other.
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
from benchmarks.relay_side import recipients, running_relay, take_load_core
from restante.protocol.address import RelayAddress

SPAN_S: Final = float(os.environ.get("RESTANTE_BENCH_SPAN_S", "2"))
ROUNDS: Final = 5
PAIRS: Final = 8
RATE: Final = 200
"""Envelopes of the others a second, in all: people, not a load."""

FLOODS: Final = ("deposits", "requests", "connects")


def run() -> Iterator[dict[str, Any]]:
    """Yield all rows."""
    take_load_core()
    yield from trio.run(_measured)


async def _measured() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    async with running_relay(4096, own_limits=True) as (address, _), trio.open_nursery() as nursery:
        *people, victim = await recipients(address, PAIRS + 1)
        pairs = [_Pair(who) for who in people]
        for pair in pairs:
            await nursery.start(pair.receiver.run, address)
        await _p99(pairs, address, 1)
        quiet: list[float] = []
        for kind in FLOODS:
            at_once: list[float] = []
            later: list[float] = []
            for _ in range(ROUNDS):
                alone = await _p99(pairs, address, SPAN_S)
                quiet.append(alone)
                async with _flood(kind, address, victim):
                    at_once.append(await _p99(pairs, address, SPAN_S) / alone)
                    later.append(await _p99(pairs, address, SPAN_S) / alone)
            how = f"p99 of the others beside a flood of {kind} from one address, to p99 alone"
            middle = percentile(at_once, 0.5)
            rows.append(_row(f"{kind}.at_once", middle, "times", f"{how}; its first seconds"))
            rows.append(_row(kind, percentile(later, 0.5), "times", how))
        middle = percentile(quiet, 0.5) * 1000
        rows.append(_row("alone", middle, "ms", f"p99 of the others alone, {RATE} a second"))
        nursery.cancel_scope.cancel()
    return rows


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
