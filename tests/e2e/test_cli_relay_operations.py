"""What an operator does with a relay, command by command, as data that the schema describes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_cli_json import Check, check
from tests.e2e.town import OPERATIONS, Done, Person, Relay, a_relay
from tests.processes import PATIENCE_S, start

__all__ = ["check"]


def run(*arguments: object) -> Done:
    """Run a command of the relay's."""
    process = start(
        "restante",
        "relay",
        *map(str, arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = process.communicate(timeout=PATIENCE_S)
    return Done(code=process.returncode or 0, out=out.decode(), err=err.decode())


def would(done: Done) -> str:
    """Return what a command that was only tried says that it would do."""
    assert done.ok().out.startswith("Would ")
    return done.out


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    """Have a relay of this test's own, closed to whom nobody invites."""
    with a_relay(tmp_path / "relay", "-q") as relay:
        yield relay


def test_an_operators_day(relay: Relay, tmp_path: Path, check: Check) -> None:
    seen: set[str] = set()

    def take(done: Done) -> dict[str, Any]:
        for record in done.ok().records:
            check(record)
            seen.add(record["type"])
        return done.records[0]

    data = relay.data
    assert relay.process is not None
    alice = Person(name="alice", home=tmp_path / "alice")
    invite = json.loads(relay.invite("--json"))
    alice.run("init", "--address", alice.address(relay), "--invite", invite["code"]).ok()

    made = take(run("invite", "new", "--quota", "2G", "--data", data, "--json"))
    assert made["quota_bytes"] == 2 * 1024**3
    assert take(run("invite", "ls", "--data", data, "--json"))["uses_left"] == 1
    assert "1 more" in would(run("invite", "revoke", made["code"], "--data", data, "--dry-run"))
    assert run("invite", "ls", "--data", data, "--json").ok().records != []
    take(run("invite", "revoke", made["code"], "--data", data, "--json"))
    assert "no invite" in run("invite", "revoke", "none", "--dry-run", "--data", data).failed(1)
    assert run("invite", "ls", "--data", data, "--json").ok().records == []
    assert "no size" in run("invite", "new", "--quota", "much", "--data", data).failed(2)
    assert take(run("accounts", "ls", "--data", data, "--json"))["name"] == "alice"
    shown = take(run("accounts", "show", "alice", "--data", data, "--json"))
    assert len(shown["listed"]) == 1
    assert "no account" in run("accounts", "show", "nobody", "--data", data).failed(1)
    take(run("accounts", "block", "alice", "--data", data, "--json"))
    assert "blocked this account" in alice.run("tail", "--once").failed(3)
    take(run("accounts", "unblock", "alice", "--data", data, "--json"))
    alice.run("tail", "--once").ok()
    audited = alice.run("relay", "audit", "--json").ok().records
    for record in audited:
        check(record)
        seen.add(record["type"])
    assert audited[-1]["findings"] == []
    assert {"accounts", "devices", "waiting"} <= {each["table"] for each in audited[:-1]}
    found = run("doctor", "--data", data, "--json").ok().records
    for record in found:
        check(record)
        seen.add(record["type"])
    assert found[-1]["check"] == "message"
    assert {each["state"] for each in found} <= {"ok", "warning", "skipped"}
    left = run("accounts", "ls", "--data", data, "--json").ok().records
    assert [each["name"] for each in left] == ["alice"], "the canaries are gone"
    assert run("invite", "ls", "--data", data, "--json").ok().records == []
    assert "--yes" in run("accounts", "delete", "alice", "--data", data).failed(2)

    backup = tmp_path / "a.backup"
    assert take(run("backup", backup, "--data", data, "--json"))["accounts"] == 1
    assert take(run("restore", backup, "--verify", "--json"))["verified_only"] is True

    assert take(run("stats", "--data", data, "--json"))["running"] is True
    key = take(run("wake-key", "--data", data, "--json"))["key"]
    assert take(run("wake-key", "--data", data, "--json"))["key"] == key
    assert "no relay" in run("wake-key", "--data", tmp_path / "nowhere").failed(1)
    assert "end the relay" in would(run("drain", "--over", "0", "--data", data, "--dry-run"))
    assert run("stats", "--data", data, "--json").ok().records[0]["running"] is True
    take(run("drain", "--over", "0", "--data", data, "--json"))
    assert relay.process.wait(PATIENCE_S) == 0
    assert take(run("stats", "--data", data, "--json"))["running"] is False
    assert "nothing to drain" in run("drain", "--data", data).failed(1)
    assert "nothing to drain" in run("drain", "--data", data, "--dry-run").failed(1)
    assert "--verify" in run("restore", backup).failed(2)
    assert "nothing is written over" in run("restore", backup, "--data", data).failed(1)
    assert take(run("restore", backup, "--data", tmp_path / "new", "--json"))["accounts"] == 1
    assert take(run("upgrade", "--check", "--data", tmp_path / "new", "--json"))["copy"] is None
    assert "do nothing" in would(run("upgrade", "--data", tmp_path / "new", "--dry-run"))
    take(run("accounts", "delete", "alice", "--yes", "--data", data, "--json"))
    # An epoch is begun on a server alone: tests/relay/test_backup.py.
    assert seen == OPERATIONS - {"epoch"} | {"invite"}
