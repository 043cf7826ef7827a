"""A relay in a process of its own: `python -m tests.relay.relay_process JOB.json`.

The job names the settings, and may name a point of the code and a pass of it at which the process
kills itself as a power cut would. On stdout it says its address, then each named point it passes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from restante.protocol.address import RelayAddress
from restante.relay import log
from restante.relay.server import running_relay
from restante.relay.settings import read_settings
from restante.store import failpoints
from restante.store.seam import open_loop
from tests.processes import Process, start

START_S = 120
NOWHERE = "nowhere"


# ---- the process --------------------------------------------------------------------------------


def main(job: dict[str, Any]) -> None:
    """Be the relay that the job describes, until SIGTERM or the named point."""
    passes: Counter[str] = Counter()

    def observe(point: str) -> None:
        passes[point] += 1
        # Straight to the pipe: what a buffer holds dies with the process.
        os.write(1, f"{point}\n".encode())
        if point == job["point"] and passes[point] == job["hit"]:
            os.kill(os.getpid(), signal.SIGKILL)

    if job["tells_points"]:
        failpoints.observe(observe)
    trio.run(_serve, job)


async def _serve(job: dict[str, Any]) -> None:
    settings = read_settings(environment={}, **job["settings"])
    log.open_log("debug", json_lines=True)

    def clock() -> float:
        return time.time() + 3600 * float(job["hours_later"])

    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async with open_loop(), running_relay(settings, clock=clock) as relay:
            os.write(1, f"{relay.address}\n".encode())
            async for _ in signals:
                return


# ---- its parent ---------------------------------------------------------------------------------


@dataclass
class RelayProcess:
    """A running relay, as its parent sees it."""

    process: Process
    address: RelayAddress
    passes: Counter[str] = field(default_factory=Counter)
    """How often it came by each named point; complete once `ended` is set."""
    ended: trio.Event = field(default_factory=trio.Event)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        self.process.terminate()
        return await self.wait()

    async def wait(self) -> int:
        """Wait for its end; return its exit code."""
        with trio.fail_after(START_S):
            await self.ended.wait()
            return await trio.to_thread.run_sync(self.process.wait)

    def rss_bytes(self) -> int:
        """How much memory it holds, or 0 where the system doesn't say."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return 0
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


def log_of(directory: Path) -> str:
    """Return what the relays of a directory have logged."""
    return (directory / "log").read_text(encoding="utf-8")


@asynccontextmanager
async def a_relay_process(
    directory: Path,
    *,
    point: str = NOWHERE,
    hit: int = 0,
    hours_later: float = 0,
    tells_points: bool = True,
    **settings: Any,
) -> AsyncIterator[RelayProcess]:
    """Run a relay over `directory`/data for the length of the block; it is killed at its end."""
    job = directory / "job.json"
    chosen = {
        "data": str(directory / "data"),
        "listen": "127.0.0.1:0",
        "open_registration": True,
        **settings,
    }
    content = {
        "point": point,
        "hit": hit,
        "hours_later": hours_later,
        "tells_points": tells_points,
        "settings": chosen,
    }
    job.write_text(json.dumps(content), encoding="utf-8")
    with (directory / "log").open("ab") as log_file:
        process = start(
            "tests.relay.relay_process", str(job), stdout=subprocess.PIPE, stderr=log_file
        )
    try:
        async with trio.open_nursery() as nursery:
            relay = await nursery.start(_listen, process)
            yield relay
            process.kill()
    except BaseException as error:
        error.add_note(f"The relays' log ends with:\n{log_of(directory)[-3000:]}")
        raise
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await trio.to_thread.run_sync(process.wait)
            if process.stdout is not None:
                process.stdout.close()


async def _listen(
    process: Process,
    *,
    task_status: trio.TaskStatus[RelayProcess] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Read what the relay says until it ends."""
    assert process.stdout is not None
    relay: RelayProcess | None = None
    rest = b""
    with trio.CancelScope(deadline=trio.current_time() + START_S) as starting:
        said = trio.lowlevel.FdStream(os.dup(process.stdout.fileno()))
        async for chunk in said:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if relay is not None:
                    relay.passes[line.decode()] += 1
                elif not line.startswith(b"relay: "):
                    relay = RelayProcess(process, RelayAddress.parse(line.decode()))
                    starting.deadline = float("inf")
                    task_status.started(relay)
    assert relay is not None, "the relay didn't start; its log says why"
    relay.ended.set()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
