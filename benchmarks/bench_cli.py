"""What a command costs to start: its time as a ratio to `python -c pass`, taken side by side.

Rounds alternate between the command and the bare interpreter. By the clock: the medians, as a
person waits. By the processor: what of it this process used itself, the relay and the daemon
excepted, which says the same on a machine that has other work to do. The package is compiled
first, as an installed one is.
"""

from __future__ import annotations

import compileall
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import restante

if TYPE_CHECKING:
    from collections.abc import Iterator

RESTANTE = (str(Path(sys.executable).with_name("restante")),)
BARE = (sys.executable, "-c", "pass")
ROUNDS = 21


def run() -> Iterator[dict[str, object]]:
    """Yield the ratio of each command, and the bare interpreter's own time."""
    with tempfile.TemporaryDirectory(prefix="restante-bench-") as place:
        environment = {**os.environ, "RESTANTE_HOME": place}
        compileall.compile_dir(Path(restante.__file__).parent, quiet=2)
        yield from _rows("help", (*RESTANTE, "--help"), environment, "no profile")
        shell = {**environment, "_RESTANTE_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
        yield from _rows("completion", RESTANTE, {**shell, "COMP_WORDS": "restante se"}, "a verb")
        with relay_in(Path(place), environment) as address:
            for name in ("alice", "bob"):
                do(environment, "--profile", name, "init", "--address", f"{name}@{address}")
            alice = (*RESTANTE, "--profile", "alice")
            send = (*alice, "send", f"bob@{address}", "hello", "--wait")
            do(environment, *send[1:], "relayed")
            do(environment, "--profile", "bob", "tail", "--once")
            do(environment, "--profile", "bob", "contact", "accept", f"alice@{address}")
            do(environment, "--profile", "alice", "tail", "--once")
            here = "relay and database on this machine"
            alone = f"{here}, no engine running"
            yield from _rows("send_direct", (*send, "relayed"), environment, alone)
            yield from _rows("tail_once_direct", (*alice, "tail", "--once"), environment, alone)
            with daemon_of("alice", environment):
                beside = f"{here}, a daemon runs"
                queued = f"{beside}; durable in its outbox"
                yield from _rows("send_attached_queued", (*send, "queued"), environment, queued)
                relayed = f"{beside}; durable at the relay"
                yield from _rows("send_attached_relayed", (*send, "relayed"), environment, relayed)
                listed = (*alice, "contact", "ls")
                yield from _rows("contact_ls_attached", listed, environment, beside)


def _rows(
    name: str, command: tuple[str, ...], environment: dict[str, str], what: str
) -> Iterator[dict[str, object]]:
    bare, taken = [], []
    for _ in range(ROUNDS):
        bare.append(_times_s(BARE, environment))
        taken.append(_times_s(command, environment))
    for which, (unit, by) in enumerate((("", "the clock"), ("_cpu", "the processor"))):
        ours, others = [each[which] for each in taken], [each[which] for each in bare]
        yield {
            "bench": f"cli.{name}{unit}",
            "value": round(median(ours) / median(others), 1),
            "unit": "x python -c pass",
            "how": f"{what}; by {by}, median of {ROUNDS} each, alternating: "
            f"{median(ours) * 1000:.0f} ms to {median(others) * 1000:.1f} ms; fastest "
            f"{min(ours) * 1000:.0f} ms to {min(others) * 1000:.1f} ms",
        }


def _times_s(command: tuple[str, ...], environment: dict[str, str]) -> tuple[float, float]:
    """Return what a command took by the clock, and of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    wall_s, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall_s, used_s


def do(environment: dict[str, str], *arguments: str) -> None:
    """Run a command of Restante to its end."""
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
def relay_in(place: Path, environment: dict[str, str]) -> Iterator[str]:
    """Have a relay for the length of the block; gives its address."""
    options = ("--listen", "127.0.0.1:0", "--data", str(place / "relay"), "--open-registration")
    with _started((*RESTANTE, "relay", "serve", "--json", *options), environment) as listening:
        yield str(listening["address"])


@contextmanager
def daemon_of(name: str, environment: dict[str, str]) -> Iterator[None]:
    """Have a profile's daemon for the length of the block."""
    with _started((*RESTANTE, "--profile", name, "daemon", "--json"), environment):
        yield
