"""A client process that is killed at a named point: `crashing_engine.py JOB.json`.

Plays one scene with a real engine and prints, as JSON, how often each named point was passed. At
the job's `point`, on its `hit`-th pass, it kills itself as `kill -9` would: nothing is flushed.
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
from restante.client.interface import ImportedText
from restante.store import failpoints
from restante.store.seam import open_loop
from tests.client.world import QUICK, key_of

passes: Counter[str] = Counter()


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))

    def observe(point: str) -> None:
        passes[point] += 1
        if point == job["point"] and passes[point] == job["hit"]:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.observe(observe)
    trio.run(play, job)
    print(json.dumps({"passes": passes}))  # noqa: T201  # the answer to whoever started us


async def play(job: dict[str, str]) -> None:
    async with (
        open_loop(),
        open_engine(
            Path(job["directory"]), key_of(job["name"]), profile=job["name"], tuning=QUICK
        ) as engine,
    ):
        scenes = {
            "register": register,
            "send": send,
            "receive": receive,
            "rename": rename,
            "back_up": back_up,
            "restore": restore,
            "take_in": take_in,
        }
        scene = scenes[job["scene"]]
        await scene(engine, job)


async def register(engine: LocalEngine, job: dict[str, str]) -> None:
    if (await engine.status()).address is None:
        await engine.register(address=job["address"], invite=None)
    assert await engine.synchronise(timeout_s=60)


async def send(engine: LocalEngine, job: dict[str, str]) -> None:
    key = await engine.resolve(job["to"])
    for number, text in enumerate(job["texts"]):
        # The same ids every time: a script that was interrupted runs again.
        message_id = f"{int(job['run']):016x}{number:016x}"
        await engine.send(key, text, message_id=message_id)
    assert await engine.synchronise(timeout_s=60)


async def receive(engine: LocalEngine, job: dict[str, str]) -> None:
    assert await engine.synchronise(timeout_s=60)


async def rename(engine: LocalEngine, job: dict[str, str]) -> None:
    await engine.contact_rename(job["key"], job["petname"])
    assert await engine.synchronise(timeout_s=60)


async def back_up(engine: LocalEngine, job: dict[str, str]) -> None:
    await engine.backup_create(job["file"])


async def restore(engine: LocalEngine, job: dict[str, str]) -> None:
    await engine.backup_restore(job["file"], words=job["words"], kit=job["kit"] or None)


async def take_in(engine: LocalEngine, job: dict[str, str]) -> None:
    key = await engine.resolve("self")
    for batch in job["batches"]:
        await engine.import_texts(key, a_batch(batch))


def a_batch(names: str) -> list[ImportedText]:
    """A text for each letter, in a minute of its own."""
    return [
        ImportedText(source=f"file {each}", is_me=True, sent_at=a_minute(each), body=each)
        for each in names
    ]


def a_minute(name: str) -> str:
    return f"2020-12-31T21:{ord(name) % 60:02}:00Z"


if __name__ == "__main__":
    main()
