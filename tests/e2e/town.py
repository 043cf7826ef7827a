"""A relay and people, each command a process of its own, as users have them.

Rule: everything goes through `python -m restante` (tests/processes); nothing is imported from the
package.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.processes import PATIENCE_S, Process, clean_environment, start

PROGRAM = (sys.executable, "-m", "restante")

OPERATIONS = {
    *("backup", "restored", "upgrade", "open_invite", "invite_revoked"),
    *(
        "relay_account",
        "account_changed",
        "relay_stats",
        "drained",
        "wake_key",
        "held",
        "audit",
        "finding",
        "epoch",
    ),
}
"""Types of objects that the relay's operator is shown."""

BACKUPS = {
    *("backup_made", "backup_checked", "backup_restored"),
    *("backup_file", "backup_schedule", "backup_timer", "exported", "imported", "left_out"),
    *("bundle_made", "bundle_taken"),
}
"""Types of objects that `restante backup`, `export`, `import` and `bundle` print."""

IN_EXPORTS = {"export", "export_conversation", "export_end"}
"""Types of objects in an export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON objects of stdout; every line must be one."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self) -> dict[str, Any]:
        """The one JSON object of stdout."""
        (only,) = self.records
        return only

    def ok(self) -> Done:
        """Require success."""
        assert self.code == 0, f"exit {self.code}: {self.err}"
        assert "Traceback" not in self.err
        return self

    def failed(self, code: int) -> str:
        """Require an exit code and one sentence on stderr, and return the sentence."""
        assert self.code == code, f"exit {self.code} instead of {code}: {self.out}{self.err}"
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].endswith((".", "--help", "restart", "CODE")) or " " in lines[0]
        assert "Traceback" not in self.err
        return lines[0]


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody with a profile of their own."""

    name: str
    home: Path
    environ: dict[str, str] = field(default_factory=dict)
    ready: dict[str, Any] = field(default_factory=dict)
    """What the last daemon said when it was."""
    from_nothing: bool = False
    """Whether each command is a new interpreter, not a fork of one that has imported already."""

    @property
    def directory(self) -> Path:
        """The profile's directory."""
        return self.home / "profiles" / "default"

    def environment(self) -> dict[str, str]:
        """What this person's commands see."""
        return clean_environment(RESTANTE_HOME=str(self.home), **self.environ)

    def run(
        self, *arguments: str, stdin: bytes | None = None, reads_as: str = "utf-8", **environ: str
    ) -> Done:
        """Run one command to its end."""
        process = self.start(*arguments, env=self.environment() | environ, stdin=subprocess.PIPE)
        out, err = communicate(process, stdin)
        return Done(code=process.wait(), out=out.decode(reads_as), err=err.decode("utf-8"))

    def start(self, *arguments: str, **options: Any) -> Process:
        """Start a command and return it running, with pipes."""
        given: dict[str, Any] = {
            "env": self.environment(),
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "from_nothing": self.from_nothing,
        }
        return start("restante", *arguments, **(given | options))

    @contextmanager
    def daemon(self, *arguments: str) -> Iterator[Process]:
        """Have a daemon that serves, for the length of the block."""
        process = self.start("daemon", "--json", *arguments)
        try:
            self.ready = json.loads(read_line(process.stdout))
            assert self.ready["type"] == "ready"
            yield process
        finally:
            end(process)

    def address(self, relay: Relay) -> str:
        """The address at a relay."""
        return f"{self.name}@{relay.address}"


@dataclass(slots=True, kw_only=True)
class Relay:
    """A relay in a process of its own, by the command line; can be stopped and started again."""

    data: Path
    options: tuple[str, ...] = ()
    address: str = ""
    listening: dict[str, Any] = field(default_factory=dict)
    """What it said when it listened."""
    process: Process | None = None

    def start(self) -> None:
        """Start it, on the same port as before if there was one, and wait until it listens."""
        listen = self.address.partition("#")[0] or "127.0.0.1:0"
        command = ["relay", "serve", "--json", "--listen", listen, "--data", str(self.data)]
        self.process = start(
            "restante",
            *command,
            *self.options,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.listening = json.loads(read_line(self.process.stdout))
        self.address = self.listening["address"]

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            end(self.process, signal.SIGKILL)
            self.process = None

    def invite(self, *options: str) -> str:
        """Make an invite beside the running relay."""
        made = start(
            *("restante", "relay", "invite", "new", "--data", str(self.data), *options),
            stdout=subprocess.PIPE,
        )
        out, _ = communicate(made)
        assert made.wait() == 0
        return out.decode("ascii").strip()


@contextmanager
def a_relay(data: Path, *options: str) -> Iterator[Relay]:
    """Have a relay for the length of the block; open to everybody unless options say otherwise."""
    relay = Relay(data=data, options=options or ("--open-registration",))
    relay.start()
    try:
        yield relay
    finally:
        relay.kill()


def settle(relay: Relay, home: Path, *names: str) -> list[Person]:
    """Let people register, each with a profile of their own."""
    people = [Person(name=name, home=home / name) for name in names]
    for person in people:
        person.run("init", "--no-input", "--address", person.address(relay)).ok()
    return people


def introduce(first: Person, second: Person) -> None:
    """Let two people swap contact codes."""
    codes = [one.run("contact", "code").ok().out.strip() for one in (first, second)]
    first.run("contact", "add", codes[1], "--name", second.name).ok()
    second.run("contact", "add", codes[0], "--name", first.name).ok()


def read_line(stream: IO[bytes] | None) -> str:
    """Read a line of a running program; fails when it ends or takes too long."""
    assert stream is not None
    deadline = time.monotonic() + PATIENCE_S
    line = b""
    while not line.endswith(b"\n"):
        ready = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0]
        assert ready, "the program said nothing"
        byte = os.read(stream.fileno(), 1)
        assert byte, f"the program ended after {line!r}"
        line += byte
    return line.decode("utf-8")


def communicate(process: Process, given: bytes | None = None) -> tuple[bytes, bytes]:
    """Let a program run to its end, or end it when that takes too long."""
    try:
        return process.communicate(given, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def end(process: Process, number: signal.Signals = signal.SIGTERM) -> int:
    """End a running program by a signal and return its exit code."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        code = process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(PATIENCE_S)
        raise
    finally:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    return code
