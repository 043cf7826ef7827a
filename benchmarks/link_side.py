"""One side of a linking in a process of its own, for the benchmark.

`python -m benchmarks.link_side old FOLDER`, or `new FOLDER ADDRESS`. Speaks in JSON lines: what the
other side must be told goes out, what it said comes in.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import trio

from restante.client.engine import LocalEngine, open_engine
from restante.client.history_transfer.awaiting import is_history_awaited
from restante.client.interface import LinkState, TransferProgress
from restante.store.client_rows import Rows
from restante.store.client_transfer_rows import message_total
from restante.store.client_transfers import OUT, transfers
from restante.store.seam import open_loop

KEY = b"the key of a benchmark".ljust(32, b".")


def main(arguments: list[str]) -> int:
    """Play one side, and print what it took."""
    side, folder, *address = arguments
    if side == "old":
        trio.run(old, Path(folder))
    else:
        trio.run(new, Path(folder), address[0])
    return 0


async def old(folder: Path) -> None:
    """Approve the new device, and give it everything."""
    async with open_loop(), open_engine(folder, KEY) as engine:
        await engine.synchronise(timeout_s=60)
        idle_mb = _peak_mb()
        tell({"ready": True})
        await engine.link_open((await heard())["code"])
        digits = (await heard())["digits"]
        began = time.perf_counter()
        async with engine.subscribe() as events:
            await engine.link_confirm(digits)
            sent = 0
            async for event in events:
                if isinstance(event, TransferProgress):
                    sent = event.done_bytes
                    if event.is_complete and not await read(engine, lambda r: transfers(r, OUT)):
                        break
        took = time.perf_counter() - began
        tell({"took_s": took, "bytes": sent, "idle_mb": idle_mb, "peak_mb": _peak_mb()})


async def new(folder: Path, address: str) -> None:
    """Be linked, and take everything."""
    async with open_loop(), open_engine(folder, KEY) as engine, engine.subscribe() as events:
        tell({"code": (await engine.link_begin(address=address, name="new")).code})
        await until(events, engine, LinkState.COMPARE)
        state = await engine.link_state()
        tell({"digits": None if state is None else state.digits})
        await until(events, engine, LinkState.LINKED)
        idle_mb, began, first_s = _peak_mb(), time.perf_counter(), 0.0
        while await read(engine, is_history_awaited):
            if not first_s and await read(engine, message_total):
                first_s = time.perf_counter() - began
            await anext(events)
        took = time.perf_counter() - began
        tell({"took_s": took, "first_s": first_s, "idle_mb": idle_mb, "peak_mb": _peak_mb()})
        await engine.synchronise(timeout_s=60)


async def until(events: Any, engine: LocalEngine, wanted: LinkState) -> None:
    """Wait until a linking is in a state."""
    while (state := await engine.link_state()) is None or state.state is not wanted:
        await anext(events)


async def read(engine: LocalEngine, work: Any) -> Any:
    """Read from the profile's database."""

    def reading(rows: Rows) -> Any:
        return work(rows)

    return await engine._context.read(reading)  # noqa: SLF001  # a benchmark looks inside


async def heard() -> dict[str, Any]:
    """Wait for what the other side says."""
    said: dict[str, Any] = json.loads(await trio.to_thread.run_sync(sys.stdin.readline))
    return said


def tell(what: dict[str, Any]) -> None:
    """Say something to whoever started us."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _peak_mb() -> float:
    # Not getrusage: its maximum begins with that of the process that started this one.
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
