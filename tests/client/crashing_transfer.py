"""One side of a transfer, in a process that is killed at a named point: `crashing_transfer.py JOB`.

Runs somebody's engine until nothing is on its way any more. At the job's `point`, on its `hit`-th
pass, it kills itself as `kill -9` would: nothing is flushed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import trio

from restante.client.engine import LocalEngine, open_engine
from restante.client.history_transfer.awaiting import is_history_awaited
from restante.store import failpoints
from restante.store.client_rows import Rows
from restante.store.client_transfers import IN, OUT, transfers
from restante.store.seam import open_loop
from tests.client.small_parts import SMALL
from tests.client.world import eventually, key_of


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    passes: Counter[str] = Counter()

    def observe(point: str) -> None:
        passes[point] += 1
        if point == job["point"] and passes[point] == job["hit"]:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.observe(observe)
    trio.run(play, Path(job["directory"]), job["name"], job["patience_s"])


async def play(directory: Path, name: str, patience_s: float) -> None:
    async with (
        open_loop(),
        open_engine(directory, key_of(name), profile=name, tuning=SMALL) as engine,
    ):
        await eventually(engine, lambda: over(engine), patience_s=patience_s)
        # What was taken, or given up, is told before the process may end.
        assert await engine.synchronise(timeout_s=patience_s)


async def over(engine: LocalEngine) -> bool:
    def look(rows: Rows) -> bool:
        is_moving = transfers(rows, IN) or transfers(rows, OUT)
        return not is_moving and not is_history_awaited(rows)

    return await engine._context.read(look)


if __name__ == "__main__":
    main()
