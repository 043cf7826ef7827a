"""Programs in processes of their own, without the second that each takes to import what it needs.

`start` forks a process that has imported the package already (tests/forking), where the system can;
what comes back behaves as `subprocess.Popen` does. Rule: only the import is saved. Where starting
is itself what is tested (lazy imports, an installed wheel, another locale), a program is started
from nothing: so is everything whose environment speaks to the interpreter, and everything under
RESTANTE_FROM_NOTHING=1.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeAlias

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 120.0
"""A machine that is busy with other tests; nothing is measured by it."""

CAN_FORK = (
    sys.platform == "linux"
    and hasattr(os, "pidfd_open")
    and os.environ.get("RESTANTE_FROM_NOTHING") != "1"
)
LOCALE = "C.UTF-8"
"""The one that programs run in; an environment with another one is for the interpreter's start."""


def clean_environment(**more: str) -> dict[str, str]:
    """Make an environment without the tester's own settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RESTANTE_", "PYTHON", "LC_", "LANG", "XDG_"))
        or name.startswith("COVERAGE")
    }
    return {**kept, "LANG": LOCALE, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **more}


Stream = IO[bytes] | int | None


def start(
    module: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = None,
    stderr: Stream = None,
    from_nothing: bool = False,
) -> Process:
    """Run `python -m module arguments` in a process of its own; streams as `Popen` takes them."""
    environment = dict(clean_environment() if env is None else env)
    if CAN_FORK and not from_nothing and not _speaks_to_the_interpreter(environment):
        return _source().fork(module, arguments, environment, (stdin, stdout, stderr))
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )


def _speaks_to_the_interpreter(environment: Mapping[str, str]) -> bool:
    usual = {"PYTHONPATH": str(ROOT), "LANG": LOCALE}
    return any(
        name.startswith(("PYTHON", "LC_", "LANG")) and usual.get(name) != value
        for name, value in environment.items()
    )


class Forked:
    """A forked process, as its parent would see it: what of `Popen` the tests use."""

    def __init__(self, control: socket.socket, streams: Sequence[IO[bytes] | None]) -> None:
        self._control = control
        self._turn = threading.Lock()
        self._told = b""
        self.stdin, self.stdout, self.stderr = streams
        self.returncode: int | None = None
        self.pid = int(self._hear(PATIENCE_S) or 0)

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()

    def __del__(self) -> None:
        self._control.close()

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        if self._turn.acquire(blocking=False):  # or another thread waits for it, and it runs
            try:
                if self.returncode is None and (told := self._hear(0.0)):
                    self.returncode = int(told)
                    self._control.close()
            finally:
                self._turn.release()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return the exit code. Raises subprocess.TimeoutExpired."""
        with self._turn:
            if self.returncode is None:
                told = self._hear(timeout)
                if told is None:
                    raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
                self.returncode = int(told)
                self._control.close()
            return self.returncode

    def communicate(
        self, given: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        """Write to stdin, read the other two to their ends, wait; return what was read."""
        read: dict[int, bytes] = {}

        def write() -> None:
            if self.stdin is not None:
                with suppress(BrokenPipeError):
                    self.stdin.write(given or b"")
                    self.stdin.flush()
                with suppress(BrokenPipeError):
                    self.stdin.close()

        def drain(number: int, stream: IO[bytes] | None) -> None:
            if stream is not None and not stream.closed:
                read[number] = stream.read()
                stream.close()

        jobs = [
            threading.Thread(target=write, daemon=True),
            *(
                threading.Thread(target=drain, args=each, daemon=True)
                for each in ((1, self.stdout), (2, self.stderr))
            ),
        ]
        for job in jobs:
            job.start()
        self.wait(timeout)
        for job in jobs:
            job.join(timeout)
        return read.get(1, b""), read.get(2, b"")

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def _hear(self, timeout: float | None) -> bytes | None:
        """Return the next line from its parent, or None if none comes in time."""
        while b"\n" not in self._told:
            if not select.select([self._control], [], [], timeout)[0]:
                return None
            if not (part := self._control.recv(64)):
                raise RuntimeError("the process that forks others has ended")
            self._told += part
        line, _, self._told = self._told.partition(b"\n")
        return line


Process: TypeAlias = subprocess.Popen[bytes] | Forked


class _Source:
    """The process that forks others, and the way to it."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(theirs.fileno())],
                env=clean_environment(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._channel.settimeout(PATIENCE_S)
        if self._channel.recv(16) != b"ready":
            self.close()
            raise RuntimeError("the process that forks others did not start")
        atexit.register(self.close)

    def fork(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        given: Sequence[Stream],
    ) -> Forked:
        job = {
            "module": module,
            "arguments": list(arguments),
            "environment": dict(environment),
            "directory": os.getcwd(),
        }
        ours, theirs = socket.socketpair()
        streams: list[IO[bytes] | None] = []
        passed = [theirs.detach()]
        try:
            for number, stream in enumerate(given):
                fd, own_end = _ends(number, stream)
                passed.append(fd)
                streams.append(own_end)
            socket.send_fds(self._channel, [json.dumps(job).encode()], passed)
        finally:
            for fd in passed:
                os.close(fd)
        return Forked(ours, streams)

    def close(self) -> None:
        self._channel.close()
        self._process.wait()


def _ends(number: int, stream: Stream) -> tuple[int, IO[bytes] | None]:
    """Return the descriptor for the process, to be closed here, and what the starter keeps."""
    if stream == subprocess.PIPE:
        reading, writing = os.pipe()
        if number == 0:
            return reading, open(writing, "wb")  # the caller's from here on
        return writing, open(reading, "rb")  # as above
    if stream == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_RDWR), None
    if stream is None:
        return os.dup(number), None
    return os.dup(stream if isinstance(stream, int) else stream.fileno()), None


_made: list[_Source] = []
_making = threading.Lock()


def _source() -> _Source:
    """Return this worker's, which the first program makes."""
    with _making:
        if not _made:
            _made.append(_Source())
        return _made[0]
