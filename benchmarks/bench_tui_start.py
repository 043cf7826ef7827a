"""What a person waits for: `restante` typed, to the first whole frame, to the chats in it.

Each start is a process of its own on a pseudo-terminal of 160x48, by turns with the least there
is to compare it with: an empty Textual app, and the bare interpreter. By the clock, and by the
processor up to that very moment. Rule: figures of different runs don't compare, ratios do. The
package is compiled first, as an installed one is.
"""

from __future__ import annotations

import compileall
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import restante
from benchmarks.bench_cli import RESTANTE, daemon_of, do, relay_in

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App[None]):
    def compose(self):
        yield Static("ready")

Empty().run()
"""
"""The floor: what Textual takes by itself."""

ROUNDS = 15
ROWS, COLUMNS = 48, 160
PATIENCE_S = 60.0
FRAME = "\N{NO-BREAK SPACE}Palette".encode()
"""Of the last line of the main screen: a frame is written from top to bottom."""

Took = tuple[float, float]
"""Seconds by the clock, and of the processor."""


def run() -> Iterator[dict[str, object]]:
    """Yield what each start takes, and how often the floor that is."""
    with tempfile.TemporaryDirectory(prefix="restante-bench-") as place:
        environment = _environment(place)
        compileall.compile_dir(Path(restante.__file__).parent, quiet=2)
        with relay_in(Path(place), environment) as address:
            _befriend(environment, address)
            with daemon_of("bob", environment):
                yield from _rows(_taken(environment))


def _environment(place: str) -> dict[str, str]:
    given = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    return {**given, **terminal, "RESTANTE_HOME": place}


def _befriend(environment: dict[str, str], address: str) -> None:
    """Give alice and bob accounts, and a chat with each other."""
    for name in ("alice", "bob"):
        do(environment, "--profile", name, "init", "--address", f"{name}@{address}")
    send = ("--profile", "alice", "send", f"bob@{address}", "hello", "--wait", "relayed")
    do(environment, *send)
    do(environment, "--profile", "bob", "tail", "--once")
    do(environment, "--profile", "bob", "contact", "accept", f"alice@{address}")
    do(environment, "--profile", "alice", "tail", "--once")


def _taken(environment: dict[str, str]) -> dict[str, list[Took]]:
    """Start everything by turns, and return what each took, by name."""
    python = sys.executable
    starts: dict[str, tuple[tuple[str, ...], dict[str, bytes]]] = {
        "python": ((python, "-c", "print('ready')"), {"python": b"ready"}),
        "floor": ((python, "-c", EMPTY), {"floor": b"ready"}),
        "alone": (
            (*RESTANTE, "--profile", "alice"),
            {"alone.frame": FRAME, "alone.chats": b"bob@"},
        ),
        "attached": (
            (*RESTANTE, "--profile", "bob"),
            {"attached.frame": FRAME, "attached.chats": b"alice@"},
        ),
    }
    taken: dict[str, list[Took]] = defaultdict(list)
    for number in range(ROUNDS + 1):
        for command, waits_for in starts.values():
            for name, took in _start(command, environment, waits_for).items():
                if number:  # the first finds nothing in memory yet
                    taken[name].append(took)
    return taken


def _start(
    command: tuple[str, ...], environment: dict[str, str], waits_for: dict[str, bytes]
) -> dict[str, Took]:
    """Return when each text was first on the terminal, and end the process in order."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    took: dict[str, Took] = {}
    began, written = time.perf_counter(), b""
    process = subprocess.Popen(
        command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    try:
        while len(took) < len(waits_for):
            ready, _, _ = select.select([ours], [], [], PATIENCE_S)
            chunk = os.read(ours, 1 << 16) if ready else b""
            if not chunk:
                raise TimeoutError(f"{set(waits_for) - set(took)} never came: {written[-2000:]!r}")
            written += chunk
            for name in waits_for.keys() - took.keys():
                if waits_for[name] in written:
                    took[name] = time.perf_counter() - began, _processor_s(process.pid)
        return took
    finally:
        process.send_signal(signal.SIGTERM)
        _drain(ours)
        process.wait(PATIENCE_S)
        os.close(ours)


def _drain(terminal: int) -> None:
    """Read what is said at the end, so that nobody waits for it to be read."""
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:  # the other side is closed
        return


def _processor_s(pid: int) -> float:
    """What a process has used until now; 0 where no such clock is (all but Linux)."""
    try:
        return time.clock_gettime(~pid << 3 | 2)  # the clock that clock_getcpuclockid(3) names
    except (OSError, OverflowError):
        return 0.0


_WHAT = {
    "python": "the interpreter, to a word on the terminal",
    "floor": "an empty Textual app, to its frame",
    "alone": "restante, which is its own engine",
    "attached": "restante, a daemon runs",
    "frame": "to the first whole frame",
    "chats": "to the chats in it",
}


def _rows(taken: dict[str, list[Took]]) -> Iterator[dict[str, object]]:
    for name, took in taken.items():
        what = ", ".join(_WHAT[part] for part in name.split("."))
        for which, (unit, by) in enumerate((("", "by the clock"), ("_cpu", "of the processor"))):
            times, floor = [each[which] for each in took], [each[which] for each in taken["floor"]]
            if not any(times):
                continue
            yield {
                "bench": f"tui_start.{name}{unit}",
                "value": round(median(times) * 1e3, 1),
                "unit": "ms",
                "how": f"{what}, {by}: median of {ROUNDS} by turns, "
                f"{median(times) / median(floor):.2f} x an empty app; fastest "
                f"{min(times) * 1e3:.0f} ms, {min(times) / min(floor):.2f} x",
            }
