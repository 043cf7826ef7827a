"""What each command loads: the price of starting it, and of every command in a script.

A figure of time belongs to the benchmarks; that a heavy library crept in is a fact, tested here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.town import Person, end

HEAVY = {
    "aiosqlite",
    "alembic",
    "asyncio",
    "cryptography",
    "msgpack",
    "msgspec",
    "nacl",
    "python_socks",
    "rich",
    "segno",
    "sqlalchemy",
    "sqlcipher3",
    "structlog",
    "textual",
    "trio",
    "trio_asyncio",
    "trio_websocket",
}


def loaded(person: Person, *arguments: str, codes: tuple[int, ...] = (0,)) -> set[str]:
    """Run a command and return the top names of what it imported."""
    done = person.run(*arguments, PYTHONPROFILEIMPORTTIME="1")
    assert done.code in codes, done.err
    modules = re.findall(r"^import time:.*\| +([\w.]+)$", done.err, re.MULTILINE)
    assert "restante.cli" in modules
    return {module.partition(".")[0] for module in modules} | {
        module for module in modules if module.startswith("restante.")
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("send", "--help"),
        ("contact", "--help"),
        ("contact", "add", "--help"),
        ("relay", "serve", "--help"),
        ("chat", "--help"),
        ("daemon", "--help"),
    ],
)
def test_help_loads_no_heavy_library(stranger: Person, arguments: tuple[str, ...]) -> None:
    names = loaded(stranger, *arguments)
    assert not names & HEAVY
    assert "platformdirs" not in names  # RESTANTE_HOME is set, so nobody asked for it


def test_a_usage_error_loads_no_heavy_library(stranger: Person) -> None:
    assert not loaded(stranger, "sned", codes=(2,)) & HEAVY
    assert not loaded(stranger, "send", "bob", "hi", codes=(1,)) & HEAVY


@pytest.fixture(scope="module")
def attached(friends: tuple[Person, Person]) -> Iterator[Person]:
    """Have alice with a daemon running."""
    alice, _ = friends
    with alice.daemon():
        yield alice


@pytest.mark.parametrize(
    "arguments",
    [
        ("send", "bob", "hi"),
        ("send", "bob", "hi", "--json", "--wait", "queued"),
        ("tail", "--once"),
        ("history", "bob", "--json"),
        ("contact", "ls"),
        ("contact", "code"),
        ("verify", "bob"),
    ],
)
def test_an_attached_command_loads_no_heavy_library(
    attached: Person, arguments: tuple[str, ...]
) -> None:
    names = loaded(attached, *arguments)
    assert not names & HEAVY
    assert "restante.client.attach" in names
    assert "restante.client.engine" not in names
    assert "restante.client.interface" not in names


def test_a_direct_command_loads_no_screen(friends: tuple[Person, Person]) -> None:
    _, bob = friends
    names = loaded(bob, "contact", "ls")
    assert "restante.client.engine" in names
    assert not names & {"textual", "rich", "segno", "structlog", "alembic"}


def test_a_direct_send_loads_only_what_sends(friends: tuple[Person, Person]) -> None:
    _, bob = friends
    names = loaded(bob, "send", "alice", "hi")
    assert {"restante.client.outbox", "restante.client.sealing"} <= names
    assert not names & {
        *("restante.client.archives.filing", "restante.client.backing_up.desk"),
        *("restante.client.bundling.writing", "restante.client.consuming.consumers"),
        *("restante.client.finding.finder", "restante.client.linking.desk"),
        *("restante.client.lifecycle.recovering", "restante.client.lifecycle.verification"),
        *("logging.handlers", "mnemonic", "pickle", "sqlalchemy"),
    }


def test_an_engine_begins_without_what_opens_messages_and_without_its_housekeeping() -> None:
    program = """
import sys
import restante.client.commands.send, restante.client.own_engine, restante.client.running
print(*sorted(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True, timeout=120
    )
    names = set(done.stdout.split())
    assert "restante.client.services" in names
    assert not names & {
        *("restante.client.contents", "restante.client.opening"),
        *("restante.client.files.parts", "restante.client.history_transfer.parts"),
        *("restante.client.groups.admitting", "restante.client.housekeeping"),
        *("restante.client.sending.later", "restante.client.linking.unclaimed"),
        *("mnemonic", "pickle", "tarfile"),
    }


def test_the_relay_loads_nothing_of_the_client_but_what_all_commands_share(
    stranger: Person,
) -> None:
    process = stranger.start(
        *("relay", "serve", "--listen", "127.0.0.1:0", "--json"),
        *("--data", str(stranger.home / "relay")),
        env=stranger.environment() | {"PYTHONPROFILEIMPORTTIME": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.terminate()
    modules = re.findall(rb"\| +(restante\.client\.[\w.]+)$", process.stderr.read(), re.MULTILINE)
    assert end(process) == 0
    assert set(modules) <= {
        b"restante.client.commands",
        b"restante.client.commands.outcome",
        b"restante.client.commands.output",
        b"restante.client.keeping",
        b"restante.client.keeping.key_file",
        b"restante.client.verbs",
        b"restante.client.verbs.invocation",
        b"restante.client.profile",
    }
