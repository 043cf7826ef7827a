"""`restante send --jsonl`: a message for each line of stdin, a result for each, in the same order.

Rule: bounded, whatever stdin holds; a line that is no good costs itself alone; a result is printed
as soon as it and all before it are settled. Spec: docs/cli.md, section "send".
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from restante.client.commands.outcomes import (
    IN_OUTBOX,
    all_of,
    is_settled,
    outcome_of,
    paused_conversations,
)
from restante.client.commands.output import Output
from restante.client.commands.records import message_record
from restante.client.commands.send import find_conversation, flush_copies, put_in_outbox
from restante.client.commands.send import what_to_send as what_of
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

MAX_LINE_BYTES: Final = 400_000
"""A text of 50,000 bytes, each written as an escape of six, and the rest of the object."""

WINDOW: Final = 64
"""Lines whose result is still to come; no more is read before the first of them is settled."""

_CHUNK_BYTES: Final = 65_536
_TOO_LONG: Final = UserError(f"A line has more than {MAX_LINE_BYTES} bytes. It was not sent.")
_FIELDS: Final = {"to", "text", "reply", "location", "key"}


@dataclass(slots=True, kw_only=True)
class _Result:
    """One line's: a message under way, or why there is none."""

    number: int
    message: dict[str, Any] | None
    fault: UserError | None
    give_up_at: float


class Feed:
    """Reads lines, sends them, and prints what became of each."""

    def __init__(
        self, out: Output, caller: Caller, *, source: int, wait: str, timeout_s: float
    ) -> None:
        self._out = Output(is_json=True, verbosity=out.verbosity)
        self._caller = caller
        self._source = source
        self._wait = wait
        self._timeout_s = timeout_s
        self._typed = bytearray()
        self._has_ended = False
        self._is_skipping = False
        self._number = 0
        self._results: deque[_Result] = deque()
        self._keys: dict[str, str] = {}
        self._codes: list[ExitCode] = []

    def run(self) -> ExitCode:
        """Send until stdin has ended and every line has its result."""
        try:
            self._caller.subscribe()
            while not self._has_ended or self._typed or self._results:
                self._take_lines()
                self._take_events()
                self._print_settled()
                self._pause()
        except KeyboardInterrupt:
            return self._interrupted()
        flush_copies(self._caller)
        return all_of(self._codes) if self._codes else ExitCode.OK

    def _pause(self) -> None:
        """Wait for whatever comes next; not at all if a line is there already."""
        has_room = len(self._results) < WINDOW
        if has_room and (b"\n" in self._typed or (self._has_ended and not self._results)):
            return
        left_s = None
        if self._results:
            left_s = max(self._results[0].give_up_at - time.monotonic(), 0.0)
        source = self._source if has_room and not self._has_ended else None
        self._caller.connection().wait_beside(source, timeout_s=left_s)
        if source is not None:
            self._read()

    def _read(self) -> None:
        if not _has_data(self._source):
            return
        chunk = os.read(self._source, _CHUNK_BYTES)
        if not chunk:
            self._has_ended = True
            if self._typed:
                self._typed += b"\n"
        self._typed += chunk

    def _take_lines(self) -> None:
        while len(self._results) < WINDOW:
            line, newline, rest = self._typed.partition(b"\n")
            if not newline:
                if len(line) > MAX_LINE_BYTES and not self._is_skipping:
                    self._is_skipping = True
                    self._begin(None)
                if self._is_skipping:
                    self._typed.clear()
                return
            self._typed = rest
            if self._is_skipping:
                self._is_skipping = False  # its end: it was answered when it grew too long
            elif len(line) > MAX_LINE_BYTES:
                self._begin(None)
            else:
                self._begin(bytes(line))

    def _begin(self, line: bytes | None) -> None:
        """Send one line; None: it was too long to be kept."""
        self._number += 1
        if line is not None and not line.strip():
            return
        message, fault = None, _TOO_LONG if line is None else None
        try:
            message = None if line is None else self._send(_object(line))
        except UserError as error:
            fault = error
        give_up_at = time.monotonic() + self._timeout_s
        self._results.append(
            _Result(number=self._number, message=message, fault=fault, give_up_at=give_up_at)
        )

    def _send(self, said: dict[str, str]) -> dict[str, Any]:
        to = said["to"]
        what = what_of(said.get("text"), said.get("location"), said.get("reply"), said.get("key"))
        if to not in self._keys:
            self._keys[to] = find_conversation(self._caller, to)
        return put_in_outbox(self._caller, self._keys[to], os.urandom(16).hex(), what)

    def _take_events(self) -> None:
        while (event := self._caller.next_event(timeout_s=0.0)) is not None:
            if event["type"] == "message_changed":
                for result in self._results:
                    if result.message and result.message["id"] == event["message"]["id"]:
                        result.message = event["message"]
            elif event["type"] == "resync":
                self._look_again()

    def _look_again(self) -> None:
        for result in self._results:
            if result.message is not None:
                result.message = self._caller.call("message", message_id=result.message["id"])

    def _print_settled(self) -> None:
        paused: frozenset[str] | None = None
        while self._results:
            result = self._results[0]
            message = result.message
            if message is not None and not is_settled(message, self._wait):
                if message["state"] in IN_OUTBOX and paused is None:
                    paused = paused_conversations(self._caller) if message["error"] else frozenset()
                is_paused = message["conversation"] in (paused or ())
                if not is_paused and time.monotonic() < result.give_up_at:
                    return
                result.message = self._caller.call("message", message_id=message["id"])
            self._results.popleft()
            self._print(result)

    def _print(self, result: _Result) -> None:
        if result.message is None:
            fault = result.fault or UserError("It was not sent.")
            code, sentence = fault.exit_code, str(fault)
        else:
            record = message_record(result.message)
            self._out.data({**record, "line": result.number}, None)
            code, found = outcome_of(self._caller, result.message, self._wait)
            sentence = found or ""
        if code != ExitCode.OK:
            error = {"type": "error", "code": int(code), "message": sentence}
            self._out.data({**error, "line": result.number}, None)
            self._out.note(f"Line {result.number}: {sentence}")
        self._codes.append(code)

    def _interrupted(self) -> ExitCode:
        self._caller.reconnect()
        self._look_again()
        is_queued = any(
            each.message is not None and each.message["state"] in IN_OUTBOX
            for each in self._results
        )
        for result in self._results:
            self._print(result)
        sentence = f"Interrupted after line {self._number}; nothing after it was sent."
        code = ExitCode.QUEUED if is_queued else ExitCode.INTERRUPTED
        return self._out.failed(code, sentence)


def _object(line: bytes) -> dict[str, str]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise UserError("This line is no JSON. It was not sent.") from None
    if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
        raise UserError("A line is an object of strings: to, text, reply, location, key.")
    if unknown := sorted(set(said) - _FIELDS):
        raise UserError(f"There is no field {unknown[0][:40]!r}: to, text, reply, location, key.")
    if "to" not in said or ("text" not in said and "location" not in said):
        raise UserError('A line needs "to", and "text" or "location".')
    if said.get("text") == "-":
        raise UserError('"text" is the text itself: - is nothing special here, and no message.')
    return said


def _has_data(source: int) -> bool:
    import select  # noqa: PLC0415  (what waits for the engine has imported it)

    return bool(select.select([source], [], [], 0)[0])
