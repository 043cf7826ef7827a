"""One side of a file's way in a process of its own, for the benchmark.

`python -m benchmarks.files_side send FOLDER NAME CONVERSATION PATH SMALL_PATH`, or
`fetch FOLDER NAME CONVERSATION DIRECTORY`. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import trio

from restante.client.engine import LocalEngine, open_engine
from restante.client.interface import FileState, Message, MessageState
from restante.store.seam import open_loop
from tests.client.world import key_of


def main(arguments: list[str]) -> int:
    """Play one side, and print what it took."""
    side, folder, name, conversation, *more = arguments
    if side == "send":
        trio.run(send, Path(folder), name, conversation, more[0], more[1])
    else:
        trio.run(fetch, Path(folder), name, conversation, more[0])
    return 0


async def send(folder: Path, name: str, to: str, path: str, small: str) -> None:
    """Send a small file, and then the large one."""
    async with open_loop(), open_engine(folder, key_of(name), profile=name) as engine:
        await engine.synchronise(timeout_s=60)
        await relayed(engine, await engine.send_file(to, path=small))
        before_mb = peak_mb()
        began = time.perf_counter()
        sent = await engine.send_file(to, path=path)
        sealed_s = time.perf_counter() - began
        await relayed(engine, sent)
        took_s = time.perf_counter() - began
    tell({"sealed_s": sealed_s, "took_s": took_s, "grown_mb": peak_mb() - before_mb})


async def fetch(folder: Path, name: str, to: str, directory: str) -> None:
    """Fetch the small file, and then the large one, and save that."""
    async with open_loop(), open_engine(folder, key_of(name), profile=name) as engine:
        await engine.synchronise(timeout_s=60)
        large, small = await engine.files(to, start=0, count=2)
        await here(engine, small)
        await engine.file_save(small.id, directory=directory)
        before_mb = peak_mb()
        began = time.perf_counter()
        await here(engine, large)
        took_s = time.perf_counter() - began
        await engine.file_save(large.id, directory=directory)
        saved_s = time.perf_counter() - began - took_s
    tell({"took_s": took_s, "saved_s": saved_s, "grown_mb": peak_mb() - before_mb})


async def relayed(engine: LocalEngine, message: Message) -> None:
    """Wait until the relay has a message, and its file."""
    async with engine.subscribe() as events:
        while (await engine.message(message.id)).state is MessageState.QUEUED:
            await anext(events)


async def here(engine: LocalEngine, message: Message) -> None:
    """Wait until a file is here."""
    async with engine.subscribe() as events:
        now = await engine.file_fetch(message.id)
        while now.file is not None and now.file.state is not FileState.HERE:
            await anext(events)
            now = await engine.message(message.id)


def tell(what: dict[str, Any]) -> None:
    """Say something to whoever started us."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    # Not getrusage: its maximum begins with that of the process that started this one.
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
