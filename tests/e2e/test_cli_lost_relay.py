"""The relay goes away in the middle, or the person does: nothing is lost and nothing doubled."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.town import Person, Relay, a_relay, introduce, settle
from tests.processes import Process


def test_a_relay_that_dies_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with a_relay(tmp_path / "relay") as relay:
        relay.kill()
        relay.options = ("--open-registration",)
        relay.start()
        alice, bob = settle(relay, tmp_path, "alice", "bob")
        introduce(alice, bob)
        relay.kill()
        for text in ("one", "two"):
            done = alice.run("send", "bob", text, "--json", "--timeout", "1")
            assert done.code == 7
            message, error = done.records
            assert message["state"] == "queued"
            assert error["code"] == 7
            assert "Do not send it again" in done.err
            assert len(done.err.splitlines()) == 1
        assert alice.run("tail", "--once", "--timeout", "1").code == 7
        assert "Can't reach" in bob.run("tail", "--once", "--timeout", "1").failed(3)

        relay.start()
        alice.run("tail", "--once").ok()
        bodies = [one["body"] for one in bob.run("tail", "--once", "--json").ok().records]
        assert sorted(bodies) == ["one", "two"]
        shown = bob.run("history", "alice", "--json").ok().records
        assert [one["body"] for one in shown] == ["one", "two"]
        assert bob.run("tail", "--once").ok().out == ""


def test_a_relay_killed_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    with a_relay(tmp_path / "relay") as relay:
        alice, bob = settle(relay, tmp_path, "alice", "bob")
        introduce(alice, bob)
        texts = [f"number {number}" for number in range(40)]
        with alice.daemon():
            senders = [
                alice.start("send", "bob", text, "--timeout", "0.5", stdout=subprocess.DEVNULL)
                for text in texts[:8]
            ]
            relay.kill()
            codes = {sender.wait(120) for sender in senders}
            for sender in senders:
                assert sender.stderr is not None
                sender.stderr.close()
            assert codes <= {0, 7}
            for text in texts[8:]:
                assert alice.run("send", "bob", text, "--wait", "queued").code == 0
            relay.start()
            alice.run("tail", "--once").ok()
        arrived = [one["body"] for one in bob.run("tail", "--once", "--json").ok().records]
        assert sorted(arrived) == sorted(texts)


def test_each_wait_ends_with_its_state_and_not_before(relay: Relay, tmp_path: Path) -> None:
    alice, bob = settle(relay, tmp_path, "wanda", "walt")
    introduce(alice, bob)
    states = ["queued", "relayed", "delivered", "read"]
    for state in states[:2]:
        sent = alice.run("send", "walt", state, "--wait", state, "--json").ok().record
        assert states.index(sent["state"]) >= states.index(state)
    done = alice.run("send", "walt", "hello?", "--wait", "delivered", "--timeout", "1", "--json")
    assert done.code == 8
    assert done.records[0]["state"] == "relayed"
    assert done.records[1]["code"] == 8
    for state, options in (("delivered", ()), ("read", ("--mark-read",))):
        wanted = ("--wait", state, "--timeout", "90")
        with alice.start("send", "walt", "there?", *wanted, "--json") as process:
            while process.poll() is None:  # a command that ends sends its receipts without a pause
                bob.run("tail", "--once", *options).ok()
            assert process.stdout is not None
            assert json.loads(process.stdout.read())["state"] == state
        assert process.returncode == 0


# ---- interruptions ------------------------------------------------------------------------------


def wait_until_queued(person: Person, process: Process) -> None:
    """Wait until the sender's engine has its message, seen through a second command."""
    while process.poll() is None:
        done = person.run("history", "bob", "--json")
        if done.code == 0 and any(one["state"] == "queued" for one in done.records):
            return
    pytest.fail("the sender ended")


def test_ctrl_c_while_waiting_says_that_it_is_queued(tmp_path: Path) -> None:
    with a_relay(tmp_path / "relay") as relay:
        alice, bob = settle(relay, tmp_path, "alice", "bob")
        introduce(alice, bob)
        relay.kill()
        process = alice.start("send", "bob", "wait for it", "--timeout", "300")
        wait_until_queued(alice, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        assert process.returncode == 7, err
        assert b"Do not send it again" in err
        assert b"Traceback" not in err
        relay.start()
        alice.run("tail", "--once").ok()
        (arrived,) = bob.run("tail", "--once", "--json").ok().records
        assert arrived["body"] == "wait for it"
