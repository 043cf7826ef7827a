"""A small town for the demo: a relay on loopback and people with profiles, each a real process.

Everything goes through the `restante` command, as a newcomer would type it. Rule: nothing of the
package is imported here; what is claimed is read back from outside.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RESTANTE = [sys.executable, "-m", "restante"]
DATABASE = "relay.sqlite3"


class DemoError(Exception):
    """Something was not as claimed; the text says what."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with a profile of their own."""

    name: str
    address: str
    environment: dict[str, str]

    def run(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run one command as this person and return its stdout. Raises DemoError if it fails."""
        command = [*RESTANTE, "--profile", self.name, *arguments]
        done = subprocess.run(
            command, input=stdin or b"", capture_output=True, env=self.environment, check=False
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise DemoError(f"{' '.join(arguments[:2])} ended with {done.returncode}: {said}")
        return done.stdout.decode()

    def received(self) -> list[dict[str, object]]:
        """Come online once and return the messages that had not been printed before."""
        lines = [json.loads(line) for line in self.run("tail", "--once", "--json").splitlines()]
        return [line for line in lines if line["type"] == "message"]


@dataclass(frozen=True, kw_only=True)
class Relay:
    """A running relay and its directory."""

    address: str
    data: Path
    environment: dict[str, str]

    def invite(self) -> str:
        """Make an invite for one account, as its operator would."""
        command = [*RESTANTE, "relay", "invite", "new", "--data", str(self.data)]
        done = subprocess.run(command, capture_output=True, env=self.environment, check=True)
        return done.stdout.decode().strip()

    def held(self) -> list[tuple[int, bytes]]:
        """Read the mailboxes from the relay's own file: the size and the bytes of each envelope."""
        database = sqlite3.connect(f"file:{self.data / DATABASE}?mode=ro", uri=True)
        try:
            rows = database.execute(
                "SELECT size_bytes, coalesce(waiting.payload, payloads.payload) FROM waiting"
                " LEFT JOIN payloads ON payloads.number = waiting.shared ORDER BY seq"
            )
            return [(size, payload) for size, payload in rows]
        finally:
            database.close()

    def files_hold(self, needle: bytes) -> bool:
        """Whether any file of the relay holds these bytes."""
        return any(needle in path.read_bytes() for path in self.data.iterdir() if path.is_file())


@contextmanager
def running_relay(place: Path) -> Iterator[Relay]:
    """Run a relay on a free loopback port for the length of the block."""
    environment = {**os.environ, "RESTANTE_HOME": str(place / "home")}
    data = place / "relay"
    command = [*RESTANTE, "relay", "serve", "--listen", "127.0.0.1:0", "--data", str(data)]
    with (place / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--json"], stdout=subprocess.PIPE, stderr=log, env=environment
        )
    try:
        ready = process.stdout.readline() if process.stdout else b""
        if not ready:
            raise DemoError(f"the relay did not start:\n{(place / 'relay.log').read_text()}")
        yield Relay(address=json.loads(ready)["address"], data=data, environment=environment)
    finally:
        process.terminate()
        process.wait(timeout=20)
        if process.stdout:
            process.stdout.close()


def move_in(relay: Relay, name: str) -> Person:
    """Create a profile with an account, by an invite of the relay's operator."""
    person = Person(name=name, address=f"{name}@{relay.address}", environment=relay.environment)
    person.run("init", "--address", person.address, "--invite", relay.invite(), "--no-input")
    return person


def introduce(one: Person, other: Person) -> tuple[str, str]:
    """Swap contact codes, and return them."""
    codes = one.run("contact", "code").strip(), other.run("contact", "code").strip()
    other.run("contact", "add", codes[0], "--name", one.name.capitalize())
    one.run("contact", "add", codes[1], "--name", other.name.capitalize())
    return codes
