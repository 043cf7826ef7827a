"""Programs that take what arrives: in order, once each, again after a failure, then put aside."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.town import Person, end, read_line

Friends = tuple[Person, Person]

TAKER = """
import json, os, sys
record = json.loads(sys.stdin.read())
assert os.environ["RESTANTE_CONSUMER"] and record["v"] == 1
with open(sys.argv[1], "a") as taken:
    taken.write(json.dumps([record["type"], record["body"]]) + "\\n")
sys.exit(3 if record["body"] in sys.argv[2:] else 0)
"""


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    """A program that notes what it was given, and refuses what it is told to."""
    source = tmp_path / "taker.py"
    source.write_text(TAKER)
    return [sys.executable, str(source), str(tmp_path / "taken")]


def taken(tmp_path: Path) -> Iterator[str]:
    for line in (tmp_path / "taken").read_text().splitlines():
        of, body = json.loads(line)
        if of == "message":
            yield body


def test_a_program_takes_everything_once_and_in_order(
    online: Friends, tmp_path: Path, program: list[str]
) -> None:
    alice, bob = online
    for text in ("1", "2", "3"):
        bob.run("send", "alice", text).ok()
    run = ("tail", "--consumer", "order", "--once", "--exec", *program)
    alice.run(*run).ok()
    assert list(taken(tmp_path)) == ["1", "2", "3"]
    alice.run(*run).ok()
    assert list(taken(tmp_path)) == ["1", "2", "3"]


def test_what_it_refuses_is_tried_again_then_put_aside_and_can_be_retried(
    online: Friends, tmp_path: Path, program: list[str]
) -> None:
    alice, bob = online
    alice.run("tail", "--consumer", "picky", "--once", "--ack", "-q").ok()
    for text in ("good", "bad", "after"):
        bob.run("send", "alice", text).ok()
    run = ("tail", "--consumer", "picky", "--once", "--tries", "2", "--exec", *program, "bad")
    assert alice.run(*run).code == 9
    assert list(taken(tmp_path)) == ["good", "bad", "bad", "after"]
    (dead,) = alice.run("hook", "dead", "ls", "--json").ok().records
    assert (dead["consumer"], dead["error"], dead["received"]["body"]) == ("picky", "exit 3", "bad")
    assert "bad" in alice.run("hook", "dead", "ls").ok().out

    again = ("hook", "dead", "retry", "--tries", "1")
    assert alice.run(*again, *program, "bad").code == 9
    alice.run(*again, "--consumer", "another", *program).ok()
    assert len(alice.run("hook", "dead", "ls", "--json").ok().records) == 1
    alice.run(*again, *program).ok()
    assert alice.run("hook", "dead", "ls").ok().out == ""
    alice.run("hook", "dead", "drop", "picky", str(dead["cursor"])).failed(1)
    assert "picky" in {each["name"] for each in alice.run("hook", "ls", "--json").ok().records}
    alice.run("hook", "forget", "picky").ok()


def test_it_goes_on_where_it_was_killed(
    online: Friends, tmp_path: Path, program: list[str]
) -> None:
    alice, bob = online
    alice.run("tail", "--consumer", "killed", "--once", "--ack", "-q").ok()
    said = ["tail", "--consumer", "killed", "--exec", "--", "sh", "-c", "cat; exec sleep 60"]
    bob.run("send", "alice", "not lost").ok()
    process = alice.start(*said)
    while json.loads(read_line(process.stdout))["body"] != "not lost":
        continue
    assert end(process, signal.SIGKILL) == -signal.SIGKILL
    alice.run("tail", "--consumer", "killed", "--once", "--exec", *program).ok()
    assert list(taken(tmp_path)) == ["not lost"]


def test_a_program_that_is_not_there_acknowledges_nothing(
    online: Friends, tmp_path: Path, program: list[str]
) -> None:
    alice, bob = online
    alice.run("tail", "--consumer", "absent", "--once", "--ack", "-q").ok()
    bob.run("send", "alice", "waits").ok()
    missing = ("tail", "--consumer", "absent", "--once", "--exec", "no-such-program")
    assert "Nothing was acknowledged" in alice.run(*missing).failed(1)
    alice.run("tail", "--consumer", "absent", "--once", "--exec", *program).ok()
    assert list(taken(tmp_path)) == ["waits"]


def test_since_and_chat_choose_and_move_no_place(online: Friends) -> None:
    alice, bob = online
    bob.run("send", "alice", "chosen").ok()
    since = ("tail", "--once", "--since", "-1h", "--json")
    for _ in range(2):
        found = alice.run(*since, "--chat", "bob").ok().records
        assert "chosen" in [each["body"] for each in found]
    assert alice.run("tail", "--once", "--since", "+1h").failed(1)
    for wrong in (("--chat", "bob"), ("--exec",), ("--since", "-1h", "--consumer", "x")):
        alice.run("tail", "--once", *wrong).failed(2)
