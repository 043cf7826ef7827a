"""`restante run CONVERSATION -- COMMAND...`: run a command, and send how it ended.

Rule: the command is not changed by being watched: its input, output, signals and exit code pass
through; only what Restante itself fails at has a code of its own, 125 to 127, as with env(1) and
timeout(1). No shell. Spec: docs/cli.md, section "run".
"""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from types import FrameType
from typing import IO, Final, Protocol

from restante.client.commands.output import Output, say
from restante.client.commands.plain_output import last_of, plain
from restante.client.commands.send import Sent, find_conversation, send
from restante.client.oneshot import Caller
from restante.errors import UserError
from restante.values import dataclass

FAILED: Final = 125
NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127

TAIL_BYTES: Final = 12_000
"""Of the output in the message: with the rest it stays in the bucket of 16 KiB."""

_KEPT_BYTES: Final = 65_536
_CHUNK_BYTES: Final = 65_536
_COMMAND_CHARS: Final = 300
_PASSED_ON: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    """Its exit code; 128 and the signal's number if one killed it."""
    killed_by: str | None
    seconds: float
    output: bytes
    """The end of what it wrote, stdout and stderr as they came."""


class Telling(Protocol):
    """The way to whom it is told."""

    def find(self) -> None:
        """Make sure, before anything is run, that there is somebody to tell. UserError: nobody."""

    def tell(self, out: Output, text: str) -> None:
        """Send a text. UserError: it is not even queued."""


class ByEngine:
    """By the profile's engine."""

    def __init__(
        self,
        caller: Callable[[], AbstractContextManager[Caller]],
        conversation: str,
        *,
        timeout_s: float,
    ) -> None:
        self._caller = caller
        self._conversation = conversation
        self._timeout_s = timeout_s
        self._key = ""

    def find(self) -> None:
        """See Telling."""
        with self._caller() as one:
            self._key = find_conversation(one, self._conversation)

    def tell(self, out: Output, text: str) -> None:
        """See Telling."""
        what = Sent(method="send", parameters={"text": text, "quote": None})
        with self._caller() as one:
            send(out, one, [self._key], what, wait="relayed", timeout_s=self._timeout_s)


def run(
    out: Output,
    telling: Telling,
    command: Sequence[str],
    *,
    label: str | None,
    lines: int,
    only_failures: bool,
) -> int:
    """Run the command, send how it ended, and return its exit code."""
    try:
        telling.find()
    except UserError as error:
        say(f"The command was not run. {error}")
        return FAILED
    name = label or shlex.join(command)[:_COMMAND_CHARS]
    try:
        ended = _watch(command)
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        why = (error.strerror or "failed").lower()
        say(f"{command[0]} can't be run: {why}.")
        _tell(out, telling, f"✘ {name}\nIt can't be run: {why}.")
        return code
    if only_failures and ended.code == 0:
        return 0
    was_told = _tell(out, telling, report(name, ended, lines=lines))
    return ended.code if was_told or ended.code else FAILED


def report(name: str, ended: Ended, *, lines: int) -> str:
    """Write the message: how it ended, how long it took, and the end of what it wrote."""
    how = f"killed by {ended.killed_by}" if ended.killed_by else f"exit {ended.code}"
    mark = "✔" if ended.code == 0 else "✘"
    text = f"{mark} {name}\n{how}, {duration(ended.seconds)}"
    tail = last_of(plain(ended.output), max_bytes=TAIL_BYTES, max_lines=lines) if lines else ""
    return f"{text}\n\n{tail}" if tail.strip() else text


def duration(seconds: float) -> str:
    """Write how long something took: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min."""
    whole = round(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _tell(out: Output, telling: Telling, text: str) -> bool:
    """Send the message; False if it is not even queued. Stdout is the command's alone."""
    try:
        telling.tell(Output(is_json=False, verbosity=out.verbosity), text)
    except UserError as error:
        say(f"The message was not sent: {error}")
        return False
    return True


def _watch(command: Sequence[str]) -> Ended:
    began = time.monotonic()
    with subprocess.Popen(  # noqa: S603  (an argument vector, the user's own; no shell)
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as process:
        before = {each: signal.signal(each, _passing(process)) for each in _PASSED_ON}
        try:
            output = _copy(process)
            returned = process.wait()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
    killed_by = signal.Signals(-returned).name if returned < 0 else None
    return Ended(
        code=returned if returned >= 0 else 128 - returned,
        killed_by=killed_by,
        seconds=time.monotonic() - began,
        output=output,
    )


def _passing(process: subprocess.Popen[bytes]) -> Callable[[int, FrameType | None], None]:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        # Ctrl-C and Ctrl-\ reach the whole foreground group by themselves.
        if number not in {signal.SIGINT, signal.SIGQUIT} or not _is_on_terminal():
            with suppress(ProcessLookupError):
                process.send_signal(number)

    return pass_on


def _is_on_terminal() -> bool:
    with suppress(OSError, ValueError, AttributeError):
        return sys.stdin.isatty()
    return False


def _copy(process: subprocess.Popen[bytes]) -> bytes:
    """Write through what the command writes, as it comes, and return the end of it."""
    kept = bytearray()
    with selectors.DefaultSelector() as selector:
        for source, to in ((process.stdout, 1), (process.stderr, 2)):
            if source is not None:
                selector.register(source, selectors.EVENT_READ, to)
        while selector.get_map():
            for ready, _ in selector.select():
                source_file: IO[bytes] = ready.fileobj  # type: ignore[assignment]  # as registered
                chunk = os.read(source_file.fileno(), _CHUNK_BYTES)
                if not chunk:
                    selector.unregister(source_file)
                    continue
                kept += chunk
                del kept[: max(len(kept) - _KEPT_BYTES, 0)]
                if not _write(ready.data, chunk):
                    # Our reader has left; so does the command's, as if it wrote there itself.
                    selector.unregister(source_file)
                    source_file.close()
    return bytes(kept)


def _write(to: int, chunk: bytes) -> bool:
    view = memoryview(chunk)
    while view:
        try:
            view = view[os.write(to, view) :]
        except OSError:
            return False
    return True
