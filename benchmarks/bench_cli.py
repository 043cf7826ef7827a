"""What a command costs to start: its wall time as a ratio to `python -c pass`, taken side by side.

Rounds alternate between the command and the bare interpreter, and each is the fastest of its
rounds: whatever else the machine does only makes both slower.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RESTANTE = (str(Path(sys.executable).with_name("restante")),)
BARE = (sys.executable, "-c", "pass")
ROUNDS = 12


def run() -> Iterator[dict[str, object]]:
    """Yield the ratio of each command, and the bare interpreter's own time."""
    with tempfile.TemporaryDirectory(prefix="restante-bench-") as place:
        environment = {**os.environ, "RESTANTE_HOME": place}
        yield from _row("help", (*RESTANTE, "--help"), environment, "no profile")
        with _relay(Path(place), environment) as address:
            for name in ("alice", "bob"):
                _do(environment, "--profile", name, "init", "--address", f"{name}@{address}")
            send = (*RESTANTE, "--profile", "alice", "send", f"bob@{address}", "hello", "--wait")
            _do(environment, *send[1:], "relayed")
            _do(environment, "--profile", "bob", "tail", "--once")
            _do(environment, "--profile", "bob", "contact", "accept", f"alice@{address}")
            _do(environment, "--profile", "alice", "tail", "--once")
            where = "relay and database on this machine"
            yield from _row(
                "send_direct", (*send, "relayed"), environment, f"{where}, no engine running"
            )
            with _daemon(environment):
                yield from _row(
                    "send_attached_queued",
                    (*send, "queued"),
                    environment,
                    "a daemon runs; durable in its outbox",
                )
                yield from _row(
                    "send_attached_relayed",
                    (*send, "relayed"),
                    environment,
                    f"{where}, a daemon runs; durable at the relay",
                )


def _row(
    name: str, command: tuple[str, ...], environment: dict[str, str], what: str
) -> Iterator[dict[str, object]]:
    bare_s, taken_s = [], []
    for _ in range(ROUNDS):
        bare_s.append(_wall_s(BARE, environment))
        taken_s.append(_wall_s(command, environment))
    yield {
        "bench": f"cli.{name}",
        "value": round(min(taken_s) / min(bare_s), 2),
        "unit": "x python -c pass",
        "how": f"{what}; fastest of {ROUNDS} each, alternating: {min(taken_s) * 1000:.0f} ms to "
        f"{min(bare_s) * 1000:.1f} ms",
    }


def _wall_s(command: tuple[str, ...], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def _do(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run(
        [*RESTANTE, *arguments], env=environment, check=True, capture_output=True, timeout=120
    )


@contextmanager
def _started(command: tuple[str, ...], environment: dict[str, str]) -> Iterator[dict[str, object]]:
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield json.loads(process.stdout.readline() if process.stdout else b"")
        finally:
            process.terminate()


@contextmanager
def _relay(place: Path, environment: dict[str, str]) -> Iterator[str]:
    options = ("--listen", "127.0.0.1:0", "--data", str(place / "relay"), "--open-registration")
    with _started((*RESTANTE, "relay", "serve", "--json", *options), environment) as listening:
        yield str(listening["address"])


@contextmanager
def _daemon(environment: dict[str, str]) -> Iterator[None]:
    with _started((*RESTANTE, "--profile", "alice", "daemon", "--json"), environment):
        yield
