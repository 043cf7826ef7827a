"""A browser to look through: headless Chromium, spoken to by its own protocol over a pipe.

Rule: nothing is slept for; what never comes is an error.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import PATIENCE_S

_PLACED = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
for number, end in enumerate(ends, 3):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page, and what came over its sockets. Messages are JSON that ends with a zero byte."""

    def __init__(self, writing: int, reading: int) -> None:
        self._writing, self._reading = writing, reading
        self._kept = b""
        self._last_id = 0
        self._session: str | None = None
        self.frames = b""
        """All that came by WebSocket."""
        target = self.call("Target.createTarget", url="about:blank")
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method and return its result."""
        self._last_id += 1
        said: dict[str, Any] = {"id": self._last_id, "method": method, "params": params}
        if self._session is not None:
            said["sessionId"] = self._session
        os.write(self._writing, json.dumps(said).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") == self._last_id:
                assert "error" not in heard, heard
                result: dict[str, Any] = heard["result"]
                return result

    def value(self, script: str) -> Any:
        """Return what a script in the page comes to."""
        return self.call("Runtime.evaluate", expression=script)["result"].get("value")

    def until_written(self, text: str, *, again: Callable[[], None] | None = None) -> None:
        """Wait until a text came for the terminal in the page.

        `again` is done until then, as often as the page has drawn something: a chat that is just
        being drawn has nothing selected yet.
        """
        deadline = time.monotonic() + PATIENCE_S
        drawn = -1
        while text.encode() not in self.frames:
            assert time.monotonic() < deadline, f"never came: {text}\n{self.frames[-2000:]!r}"
            if again is not None and drawn != len(self.frames):
                drawn = len(self.frames)
                again()
            else:
                self._hear()

    def type(self, text: str) -> None:
        """Type a text."""
        for character in text:
            self.call("Input.dispatchKeyEvent", type="char", text=character)

    def press_enter(self) -> None:
        """Press Enter."""
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        self.call("Input.dispatchKeyEvent", type="keyDown", **key)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def _hear(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while b"\0" not in self._kept:
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self._reading], [], [], left)[0], "the browser says nothing"
            data = os.read(self._reading, 1 << 16)
            assert data, "the browser ended"
            self._kept += data
        line, _, self._kept = self._kept.partition(b"\0")
        heard: dict[str, Any] = json.loads(line)
        if heard.get("method") == "Network.webSocketFrameReceived":
            frame = heard["params"]["response"]
            if frame["opcode"] == 2:
                self.frames += base64.b64decode(frame["payloadData"])
        return heard


@contextmanager
def a_browser(program: str, place: Path) -> Iterator[Browser]:
    """Have a browser for the length of the block. It reads its 3rd descriptor, writes its 4th."""
    their_reading, writing = os.pipe()
    reading, their_writing = os.pipe()
    command = (
        *(program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
        *(
            "--no-first-run",
            "--window-size=1000,700",
            "--disable-background-networking",
            f"--user-data-dir={place}",
        ),
    )
    process = subprocess.Popen(
        [sys.executable, "-c", _PLACED, str(their_reading), str(their_writing), *command],
        pass_fds=[their_reading, their_writing],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(their_reading)
    os.close(their_writing)
    try:
        yield Browser(writing, reading)
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        os.close(writing)
        os.close(reading)
