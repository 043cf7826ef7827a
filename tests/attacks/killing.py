"""A program killed at a named point, and started again."""

from __future__ import annotations

import json
import signal
import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from tests.processes import PATIENCE_S, start

if TYPE_CHECKING:
    from tests.client.world import World


async def play(
    world: World, name: str, *, kill_at: str = "", hit: int = 1, **job: Any
) -> dict[str, int]:
    """Run a scene in a process of its own; return how often each point was passed, once it ends.

    With `kill_at` it must die there, on its `hit`-th pass.
    """
    path = world.directory / "job.json"
    directory = str(world.profile(name))
    job |= {"name": name, "directory": directory, "point": kill_at, "hit": hit}
    path.write_text(json.dumps(job), encoding="utf-8")
    pipe = subprocess.PIPE
    process = start("tests.client.crashing_engine", str(path), stdout=pipe, stderr=pipe)
    out, err = await trio.to_thread.run_sync(partial(process.communicate, timeout=PATIENCE_S))
    if kill_at:
        assert process.returncode == -signal.SIGKILL, f"{kill_at} was never reached: {err!r}"
        return {}
    assert process.returncode == 0, err.decode()
    passes: dict[str, int] = json.loads(out)["passes"]
    return passes
