"""A file of a gibibyte from one person to another: time, and how much memory it takes beside what a
small one does. Relay and both sides are on one machine; the copy is compared byte by byte."""

from __future__ import annotations

import filecmp
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trio
from msgspec import structs

SIZE_BYTES = 1024**3
SMALL_BYTES = 1024**2
PATIENCE_S = 900

Row = dict[str, object]


def run() -> Iterator[Row]:
    """Yield the figures of one file."""
    with tempfile.TemporaryDirectory() as folder:
        yield from trio.run(_measure, Path(folder))


async def _measure(folder: Path) -> list[Row]:
    from tests.client.relays import GENEROUS  # only the benchmark's own process
    from tests.client.world import a_world, introduce

    large, small, saved = folder / "large.bin", folder / "small.bin", folder / "saved"
    await trio.to_thread.run_sync(_make, large, small, saved)
    limits = structs.replace(GENEROUS, blob_parts_per_account=10_000, fetches_per_network=10_000)
    async with a_world(folder, limits=limits) as world:
        async with world.online("alice") as alice, world.online("bob") as bob:
            to_bob, to_alice = await introduce(alice, bob)
        with trio.fail_after(PATIENCE_S):
            sends = ("send", world.profile("alice"), "alice", to_bob, large, small)
            out = await trio.to_thread.run_sync(_side, *sends)
            fetches = ("fetch", world.profile("bob"), "bob", to_alice, saved)
            back = await trio.to_thread.run_sync(_side, *fetches)
    is_equal = await trio.to_thread.run_sync(
        lambda: filecmp.cmp(large, saved / "large.bin", shallow=False)
    )
    if not is_equal:
        raise RuntimeError("another file arrived than was sent")
    size_mb = SIZE_BYTES / 1e6
    how = f"{SIZE_BYTES // 1024**2} MiB, relay and both sides on one machine"
    rows: list[Row] = []

    def told(bench: str, value: float, unit: str, more: str) -> None:
        text = f"{how}; {more}"
        rows.append(
            {"bench": f"files.{bench}", "value": round(value, 1), "unit": unit, "how": text}
        )

    told("seal", size_mb / out["sealed_s"], "MB/s", "read, sealed, hashed and on the disk")
    told("send", size_mb / out["took_s"], "MB/s", "from the call to the message at the relay")
    told("fetch", size_mb / back["took_s"], "MB/s", "fetched, opened and compared")
    told("save", size_mb / back["saved_s"], "MB/s", "opened into a directory")
    told("grown_sender", out["grown_mb"], "MB", "peak memory beyond that with a file of 1 MiB")
    told("grown_reader", back["grown_mb"], "MB", "peak memory beyond that with a file of 1 MiB")
    return rows


def _make(large: Path, small: Path, saved: Path) -> None:
    saved.mkdir()
    chunk = bytes(range(256)) * 4096
    with large.open("wb") as file:
        for number in range(SIZE_BYTES // len(chunk)):
            file.write(number.to_bytes(8, "big") + chunk[8:])
    small.write_bytes(chunk[:SMALL_BYTES])


def _side(*arguments: object) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.files_side", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
        timeout=PATIENCE_S,
    )
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said
