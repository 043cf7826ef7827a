"""The chat as lines, against a real relay: through pipes and on a terminal of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.e2e.town import Person, end
from tests.processes import PATIENCE_S, Process


class Seat:
    """A pseudoterminal that somebody sits at, and all that was ever written to it."""

    def __init__(self, person: Person, *arguments: str, **environ: str) -> None:
        self.ours, self.theirs = pty.openpty()
        settings = termios.tcgetattr(self.theirs)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(self.theirs, termios.TCSANOW, settings)
        self.found = termios.tcgetattr(self.theirs)
        self.shown = b""
        self._seen = 0
        self.process: Process = person.start(
            "chat",
            *arguments,
            env=person.environment() | environ,
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
        )

    def type(self, line: str) -> None:
        os.write(self.ours, line.encode() + b"\n")

    def until(self, text: str) -> None:
        """Read until a text has come, past the last one waited for."""
        deadline = time.monotonic() + PATIENCE_S
        while (at := self.shown.find(text.encode(), self._seen)) < 0:
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self.ours], [], [], left)[0], self.shown.decode()
            self.shown += os.read(self.ours, 4096)
        self._seen = at + len(text)

    def close(self) -> None:
        if self.process.poll() is None:
            end(self.process, signal.SIGKILL)
        os.close(self.ours)
        os.close(self.theirs)


def test_what_goes_into_a_pipe_is_sent_and_what_comes_out_is_text(
    friends: tuple[Person, Person],
) -> None:
    alice, bob = friends
    done = alice.run(
        "chat", "--plain", stdin="/go-to bob\nfirst, \u65e5\u672c\n/quit\n".encode()
    ).ok()
    assert "Chat with bob, verified" in done.out
    assert "\x1b" not in done.out
    assert "Don't send it twice" not in done.out, "it went out before the end"
    heard = bob.run("tail", "--once", "--json").ok()
    assert "first, \u65e5\u672c" in [each.get("body") for each in heard.records]
    nobody = alice.run("chat", "--plain", "--profile", "nobody").failed(1)
    assert "restante init" in nobody


@pytest.mark.parametrize("how", ["end", "SIGTERM"])
def test_on_a_terminal_two_people_talk_and_it_is_left_as_it_was_found(
    friends: tuple[Person, Person], how: str
) -> None:
    alice, bob = friends
    with bob.daemon():
        seat = Seat(alice, "--plain", NO_COLOR="1")
        try:
            seat.until("/help says what else there is.")
            seat.type("/go-to bob")
            seat.until("Chat with bob, verified")
            seat.type(f"ahoy {how}")
            seat.until("Delivered.")
            bob.run("send", "alice", f"aye {how}").ok()
            seat.until(f" bob: aye {how}")
            bob.run("mark", "alice", "--read").ok()
            if how == "end":
                os.write(seat.ours, b"\x04")  # ^D on a line of its own
                assert seat.process.wait(PATIENCE_S) == 0
            else:
                assert end(seat.process, signal.Signals[how]) == 130
            assert termios.tcgetattr(seat.theirs) == seat.found
            assert b"\x1b" not in seat.shown
            assert b"Traceback" not in seat.shown
        finally:
            seat.close()


def test_it_loads_no_screen(stranger: Person, tmp_path: Path) -> None:
    code = (
        "import sys, json\n"
        "from restante.client.commands import plain_chat\n"
        "print(json.dumps([each for each in sys.modules if each.startswith('textual')]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=PATIENCE_S
    )
    assert json.loads(done.stdout) == []
