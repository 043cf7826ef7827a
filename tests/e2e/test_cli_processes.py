"""Commands side by side, a daemon, signals and pipes: what a shell and cron do to a program."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.e2e.town import PATIENCE_S, PROGRAM, Person, end, read_line

Friends = tuple[Person, Person]


@pytest.fixture
def from_nothing(friends: Friends) -> Iterator[None]:
    """Start each of alice's commands as a shell does: a new interpreter."""
    alice, _ = friends
    alice.from_nothing = True
    yield
    alice.from_nothing = False


def test_a_command_beside_a_daemon_attaches(friends: Friends) -> None:
    alice, bob = friends
    with alice.daemon() as daemon:
        path = alice.directory / "engine.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        holder = (alice.directory / "engine.lock").read_text().strip()
        assert holder == str(daemon.pid)
        alice.run("send", "bob", "beside the daemon").ok()
        alice.run("tail", "--once").ok()
        assert (alice.directory / "engine.lock").read_text().strip() == holder
    assert not path.exists()
    bodies = [one["body"] for one in bob.run("tail", "--once", "--json").ok().records]
    assert "beside the daemon" in bodies


@pytest.mark.usefixtures("from_nothing")
def test_commands_that_start_at_once_share_one_engine(friends: Friends) -> None:
    alice, bob = friends
    bob.run("tail", "--once").ok()
    texts = [f"at once {number}" for number in range(6)]
    senders = [alice.start("send", "bob", text) for text in texts]
    for sender in senders:
        _, err = sender.communicate(timeout=PATIENCE_S)
        assert sender.returncode == 0, err
    arrived = [one["body"] for one in bob.run("tail", "--once", "--json").ok().records]
    assert sorted(arrived) == texts


def test_when_a_daemon_is_killed_the_next_goes_on(friends: Friends) -> None:
    alice, bob = friends
    with alice.daemon() as first:
        second = alice.start("daemon", "--json")
        try:
            assert "runs this profile now" in read_line(second.stderr)
            first.kill()
            ready = json.loads(read_line(second.stdout))
            assert ready["pid"] == second.pid
            alice.run("send", "bob", "after the change").ok()
        finally:
            assert end(second) == 0
    assert bob.run("tail", "--once", "--json").ok().records[-1]["body"] == "after the change"


def test_a_tail_goes_on_when_its_engine_changes_hands(friends: Friends) -> None:
    alice, bob = friends
    alice.run("tail", "--once").ok()
    with alice.daemon() as daemon:
        tail = alice.start("tail", "--json")
        try:
            bob.run("send", "alice", "through the daemon").ok()
            assert json.loads(read_line(tail.stdout))["body"] == "through the daemon"
            daemon.kill()
            bob.run("send", "alice", "through its own engine").ok()
            bodies = [json.loads(read_line(tail.stdout))["body"]]
            assert bodies == ["through its own engine"]
        finally:
            assert end(tail, signal.SIGINT) == 130


def test_a_stale_socket_of_a_killed_engine_heals(friends: Friends) -> None:
    alice, _ = friends
    with alice.daemon() as daemon:
        daemon.kill()
        daemon.wait(PATIENCE_S)
        assert (alice.directory / "engine.sock").exists()
        alice.run("contact", "ls").ok()
    with socket.socket(socket.AF_UNIX) as squatter:
        squatter.bind(os.fspath(alice.directory / "engine.sock"))
    alice.run("contact", "ls").ok()


@pytest.mark.usefixtures("from_nothing")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)]
)
def test_a_daemon_ends_in_order(friends: Friends, number: signal.Signals, code: int) -> None:
    alice, _ = friends
    process = alice.start("daemon", "--json")
    read_line(process.stdout)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert b"Traceback" not in err
    assert not (alice.directory / "engine.sock").exists()


@pytest.mark.usefixtures("from_nothing")
def test_ctrl_c_ends_a_waiting_command_with_130_and_no_word(friends: Friends) -> None:
    alice, bob = friends
    process = alice.start("tail", "--json")
    bob.run("send", "alice", "are you listening?").ok()
    while "listening" not in read_line(process.stdout):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert out == err == b""


@pytest.mark.usefixtures("from_nothing")
def test_a_reader_that_leaves_ends_the_command_as_every_other(friends: Friends) -> None:
    alice, _ = friends
    with alice.daemon():
        for number in range(3):
            alice.run("send", "bob", f"{number} " + "x" * 40_000, "--wait", "queued").ok()
        process = alice.start("history", "bob")
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(PATIENCE_S) == -signal.SIGPIPE
        process.stderr.close()
        assert err == b""


full_disk = pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="only on Linux is there a device that is always full"
)


@full_disk
def test_what_could_not_be_printed_comes_again(friends: Friends) -> None:
    alice, bob = friends
    alice.run("tail", "--once").ok()
    for text in ("first", "second"):
        bob.run("send", "alice", text).ok()
    with open("/dev/full", "wb") as full:
        process = alice.start("tail", "--once", "--json", stdout=full)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, err
    assert b"full" in err
    again = [one["body"] for one in alice.run("tail", "--once", "--json").ok().records]
    assert [body for body in again if body in {"first", "second"}] == ["first", "second"]
    assert alice.run("tail", "--once").ok().out == ""


def test_a_full_pipe_is_waited_for(friends: Friends) -> None:
    alice, bob = friends
    with bob.daemon():
        for number in range(5):
            bob.run("send", "alice", f"{number} " + "z" * 40_000).ok()
        process = bob.start("history", "alice", "--last", "5")
        assert process.stdout is not None
        lines: list[bytes] = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()))
        reader.start()
        assert process.wait(PATIENCE_S) == 0
        reader.join()
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()
    assert [line.split(b": ")[1][:1] for line in lines] == [b"0", b"1", b"2", b"3", b"4"]
    alice.run("tail", "--once").ok()


@full_disk
def test_a_closed_stdout_or_stderr_is_no_bug(friends: Friends) -> None:
    alice, _ = friends
    program = " ".join(PROGRAM)
    for closed, codes in (("2>&-", {0}), ("2>/dev/full", {0}), (">/dev/full", {3})):
        done = subprocess.run(
            ["sh", "-c", f"{program} contact ls -v {closed}"],
            env=alice.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode in codes, (closed, done)
        assert "Traceback" not in done.stderr
        assert "Exception" not in done.stderr


def test_a_send_does_not_read_stdin_unless_told_to(friends: Friends) -> None:
    alice, bob = friends
    bob.run("tail", "--once").ok()
    process = alice.start("send", "bob", "hands off", stdin=subprocess.PIPE)
    assert process.wait(PATIENCE_S) == 0
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    assert bob.run("tail", "--once", "--json").ok().records[-1]["body"] == "hands off"
