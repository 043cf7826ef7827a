"""A one-shot command's line to a running engine: its socket, spoken to with the standard library.

Rule: fast to import and to use, since every attached command pays for it; therefore no trio, no
msgspec, no types of the views: answers are the JSON values themselves. Knows no method by name.
Spec: docs/rpc.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from restante.client.profile import Profile
from restante.errors import ExitCode, UserError

MAX_HELD_EVENTS = 4096
"""Events that came while an answer was awaited; past them the subscriber reads all anew."""

_CHUNK_BYTES = 65536

MISUSED: Final = frozenset({-32601, -32602})
"""JSON-RPC's codes for no such method, and for parameters that aren't as they should be."""

OTHER_VERSION: Final = (
    "The engine that runs is of another version of Restante, and can't do that. End it (the chat, "
    "or the daemon), then try again."
)


class EngineGoneError(Exception):
    """The engine ended, or closed the connection. Whether the last request was done is unknown."""


class MisusedError(UserError):
    """The engine knows no such method, or takes other parameters for it."""


class Attached:
    """One connection to an engine. Made by `attach`; a context manager that closes it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self._last_id = 0
        self._events: deque[dict[str, Any]] = deque()

    def call(
        self,
        method: str,
        params: dict[str, Any],
        *,
        timeout_s: float | None = None,
        watch: Callable[[dict[str, Any]], None] | None = None,
    ) -> Any:
        """Call a method of the engine by name and return its result as JSON values.

        `watch` is given the events that come meanwhile; without it they are held.

        Raises UserError as the engine says it, EngineGoneError, TimeoutError (whether it was done
        is then unknown, and the connection is of no more use).
        """
        self._last_id += 1
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        line = json.dumps(request, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        try:
            self._connection.settimeout(timeout_s)
            self._connection.sendall(line + b"\n")
        except TimeoutError:
            raise
        except OSError:
            raise EngineGoneError from None
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._last_id:
                return _result(answer)
            if watch is not None and answer.get("method") == "event":
                watch(answer["params"]["event"])
            else:
                self._hold(answer)

    def subscribe(self) -> None:
        """Ask for all events from now on; `next_event` returns them."""
        self.call("subscribe", {})

    def next_event(self, *, timeout_s: float | None = None) -> dict[str, Any] | None:
        """Return the next event, or None when the time ran out. Raises EngineGoneError."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._events:
            try:
                self._hold(self._read(deadline))
            except TimeoutError:
                return None
        return self._events.popleft()

    def wait_beside(self, source: int | None, *, timeout_s: float | None) -> None:
        """Wait until the engine has said something, the descriptor has data, or time is up."""
        if not self._events and b"\n" not in self._buffer:
            watched: list[int] = [self._connection.fileno(), *([] if source is None else [source])]
            select.select(watched, [], [], timeout_s)

    def pass_on(self, source: int, take: Callable[[bytes], None]) -> None:
        """Send the lines of a descriptor as they are, and give every line that comes to `take`.

        Ends when the source has ended and all that asked for an answer has one. Raises
        EngineGoneError.
        """
        typed, unanswered, has_ended = b"", 0, False
        engine = self._connection.fileno()
        while not has_ended or unanswered > 0:
            ready = select.select([engine] if has_ended else [engine, source], [], [])[0]
            if source in ready:
                chunk = os.read(source, _CHUNK_BYTES)
                has_ended = not chunk
                typed += chunk or (b"\n" if typed else b"")
                lines, end, typed = typed.rpartition(b"\n")
                unanswered += sum(_asks(line) for line in lines.split(b"\n") if line.strip())
                self._send(lines + end)
            if engine in ready:
                self._buffer += self._receive(None)
                *whole, rest = bytes(self._buffer).split(b"\n")
                self._buffer = bytearray(rest)
                for line in whole:
                    unanswered -= "method" not in json.loads(line)  # else a notification
                    take(line)

    def _send(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError:
            raise EngineGoneError from None

    def close(self) -> None:
        """Hang up. What the engine was asked to send, it goes on sending."""
        self._connection.close()

    def __enter__(self) -> Attached:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _hold(self, notification: dict[str, Any]) -> None:
        if notification.get("method") != "event":
            return
        if len(self._events) >= MAX_HELD_EVENTS:
            self._events.clear()
            self._events.append({"type": "resync"})
        self._events.append(notification["params"]["event"])

    def _read(self, deadline: float | None) -> dict[str, Any]:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            self._buffer += self._receive(deadline)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _receive(self, deadline: float | None) -> bytes:
        left_s = None if deadline is None else max(0.0, deadline - time.monotonic())
        # Not the socket's own timeout: to it, 0 means "without waiting" rather than "time is up".
        if not select.select([self._connection], [], [], left_s)[0]:
            raise TimeoutError
        try:
            chunk = self._connection.recv(_CHUNK_BYTES)
        except OSError:
            raise EngineGoneError from None
        if not chunk:
            raise EngineGoneError
        return chunk


def attach(profile: Profile) -> Attached | None:
    """Connect to the profile's engine, or return None if none answers (a stale socket included)."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(os.fspath(profile.socket_path))
    except OSError as error:
        connection.close()
        if isinstance(error, (ConnectionError, FileNotFoundError, BlockingIOError)):
            return None
        raise UserError(
            f"The engine's socket {profile.socket_path} can't be used: "
            f"{(error.strerror or 'failed').lower()}."
        ) from error
    except BaseException:
        connection.close()
        raise
    return Attached(connection)


def _asks(line: bytes) -> bool:
    """Whether a line will be answered: a notification isn't, what is no request is."""
    try:
        request = json.loads(line)
    except ValueError:
        return True
    return not isinstance(request, dict) or "id" in request or "method" not in request


def _result(answer: dict[str, Any]) -> Any:
    fault = answer.get("error")
    if fault is None:
        return answer.get("result")
    if fault["code"] in MISUSED:
        raise MisusedError(fault["message"], exit_code=ExitCode.USAGE)
    exit_code = ExitCode.BUG
    with contextlib.suppress(ValueError):
        exit_code = ExitCode(fault["code"])  # another negative one is ours to mend
    raise UserError(fault["message"], exit_code=exit_code)
