"""One side of a file's way, in a process that is killed at a named point: `crashing_files.py JOB`.

Sends what the job names, if anything, and runs somebody's engine until no file of theirs is on its
way. At the job's `point`, on its `hit`-th pass, it kills itself as `kill -9` would.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import trio

from restante.client.engine import LocalEngine, open_engine
from restante.store import client_files as store
from restante.store import failpoints
from restante.store.client_rows import Rows
from restante.store.seam import open_loop
from tests.client.world import QUICK, eventually, key_of


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    passes: Counter[str] = Counter()

    def observe(point: str) -> None:
        passes[point] += 1
        if point == job["point"] and passes[point] == job["hit"]:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.observe(observe)
    trio.run(play, job)


async def play(job: dict[str, Any]) -> None:
    name = job["name"]
    async with (
        open_loop(),
        open_engine(Path(job["directory"]), key_of(name), profile=name, tuning=QUICK) as engine,
    ):
        if job["sends"]:
            await engine.send_file(job["to"], path=job["sends"], message_id=job["message"])
        await eventually(engine, lambda: over(engine))


async def over(engine: LocalEngine) -> bool:
    def left(rows: Rows) -> int:
        under_way = (store.NEW, store.SENDING, store.FETCHING)
        return sum(store.count_files(rows, state) for state in under_way)

    return await engine.synchronise(timeout_s=30) and not await engine._context.read(left)


if __name__ == "__main__":
    main()
