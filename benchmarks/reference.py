"""What this machine can do at all, taken in the same run as the figures that lean on it.

Rule: nothing of Restante is imported here; only what it stands on: the disk's fsync, the socket
library's frames, one core's hashing.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio
import trio_websocket

if TYPE_CHECKING:
    from collections.abc import Iterator

SPAN_S = 2.0


def run() -> Iterator[dict[str, object]]:
    """Yield the machine and its reference figures."""
    yield {
        "bench": "machine.cores",
        "value": os.cpu_count() or 0,
        "unit": "cores",
        "how": f"{platform.system()} {platform.machine()}, {_processor()}, "
        f"{platform.python_implementation()} {platform.python_version()}",
    }
    yield {
        "bench": "reference.fsync",
        "value": round(_fsyncs_per_s()),
        "unit": "fsyncs/s",
        "how": f"append 4096 B and fsync, one file in {tempfile.gettempdir()}, {SPAN_S:.0f} s",
    }
    yield {
        "bench": "reference.echo",
        "value": round(trio.run(_echoes_per_s)),
        "unit": "frames/s",
        "how": "trio-websocket on loopback, plain, 4096 B, both ends in one process, one frame "
        f"under way at a time, {SPAN_S:.0f} s",
    }
    yield {
        "bench": "reference.sha256",
        "value": round(_hashed_mb_per_s()),
        "unit": "MB/s",
        "how": f"hashlib.sha256 over 1 MiB blocks, one core, {SPAN_S:.0f} s",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _fsyncs_per_s() -> float:
    block = bytes(4096)
    count = 0
    with tempfile.NamedTemporaryFile() as file:
        started = time.perf_counter()
        while time.perf_counter() - started < SPAN_S:
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
            count += 1
        return count / (time.perf_counter() - started)


def _hashed_mb_per_s() -> float:
    block = bytes(1 << 20)
    count = 0
    started = time.perf_counter()
    while time.perf_counter() - started < SPAN_S:
        hashlib.sha256(block).digest()
        count += 1
    return count * len(block) / 1e6 / (time.perf_counter() - started)


async def _echoes_per_s() -> float:
    async def echo(request: trio_websocket.WebSocketRequest) -> None:
        connection = await request.accept()
        try:
            while True:
                await connection.send_message(await connection.get_message())
        except trio_websocket.ConnectionClosed:
            return

    block = bytes(4096)
    count = 0
    async with trio.open_nursery() as nursery:
        server = await nursery.start(
            partial(trio_websocket.serve_websocket, echo, "127.0.0.1", 0, None)
        )
        async with trio_websocket.open_websocket(
            "127.0.0.1", server.port, "/", use_ssl=False
        ) as connection:
            started = time.perf_counter()
            while time.perf_counter() - started < SPAN_S:
                await connection.send_message(block)
                await connection.get_message()
                count += 1
            rate = count / (time.perf_counter() - started)
        nursery.cancel_scope.cancel()
    return rate
