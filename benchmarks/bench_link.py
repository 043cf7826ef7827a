"""Linking a device to an account with a long history: time, bytes and memory, both sides and relay
on one machine. The two histories are compared row by row."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from benchmarks.history import fill
from benchmarks.link_side import KEY
from restante.client.engine import open_engine

if TYPE_CHECKING:
    from tests.client.world import World

MESSAGES = 100_000
CONVERSATIONS = 25
PATIENCE_S = 600

Row = dict[str, object]


def run() -> Iterator[Row]:
    """Yield the figures of one linking."""
    with tempfile.TemporaryDirectory() as folder:
        yield from trio.run(_measure, Path(folder))


async def _measure(folder: Path) -> list[Row]:
    from tests.client.world import a_world  # only the benchmark's own process

    async with a_world(folder) as world:
        await _prepare(world)
        began = time.perf_counter()
        with trio.fail_after(PATIENCE_S):
            old, new = await trio.to_thread.run_sync(_link, world)
        took = time.perf_counter() - began
        size_mb = (world.profile("old") / "profile.db").stat().st_size / 1e6
        await _compare(world)
    how = f"{MESSAGES} messages in {CONVERSATIONS} conversations, relay and both sides on 2 cores"
    rows: list[Row] = []

    def told(bench: str, value: float, unit: str, more: str = "") -> None:
        text = f"{how}; {more}" if more else how
        rows.append({"bench": f"link.{bench}", "value": round(value, 2), "unit": unit, "how": text})

    told("total", took, "s", "starting both processes, code, digits and all")
    told("history", new["took_s"], "s", "linked, to the last row on the new device")
    told("first_messages", new["first_s"], "s", "linked, to the newest of all conversations there")
    told("rate", MESSAGES / new["took_s"], "messages/s")
    told("bytes", old["bytes"] / 1e6, "MB", f"blobs; the old profile's file has {size_mb:.0f} MB")
    told("bytes_per_message", old["bytes"] / MESSAGES, "B")
    for side, name in ((old, "old"), (new, "new")):
        more = f"the engine alone had {side['idle_mb']:.0f} MB at most"
        told(f"peak_rss_{name}", side["peak_mb"], "MB", more)
    return rows


async def _prepare(world: World) -> None:
    async with open_engine(world.profile("old"), KEY) as engine:
        await engine.register(address=world.address("bench"), invite=None)
        await engine.synchronise(timeout_s=60)
        for number in range(CONVERSATIONS):
            database = engine._context.database  # noqa: SLF001  # a benchmark looks inside
            await fill(database, bytes([number + 1]) * 16, MESSAGES // CONVERSATIONS)


def _link(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    with (
        _side("old", str(world.profile("old"))) as old,
        _side("new", str(world.profile("new")), world.address("bench")) as new,
    ):
        _heard(old)
        _tell(old, _heard(new))  # the code
        _tell(old, _heard(new))  # the digits
        figures = _heard(new)
        return _heard(old), figures


def _side(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.link_side", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError("one side of the linking ended")
    said: dict[str, Any] = json.loads(line)
    return said


def _tell(process: subprocess.Popen[str], what: dict[str, Any]) -> None:
    if process.stdin:
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()


async def _compare(world: World) -> None:
    """Raise RuntimeError unless both devices have the same rows."""
    from tests.client.made_history import everything  # as above

    found = []
    for name in ("old", "new"):
        async with open_engine(world.profile(name), KEY) as engine:
            found.append(await engine._context.read(everything))  # noqa: SLF001  # as above
    if found[0]["messages"] != found[1]["messages"]:
        raise RuntimeError("the two histories differ")
