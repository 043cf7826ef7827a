"""`restante tail --exec`: a program for each thing that arrives, until it has taken it.

Rule: one at a time, in the order of arrival; acknowledged once the program has ended with 0, so a
crash in between runs it again for the same thing and loses none. What it won't take after all its
tries is put aside, and the next one's turn comes. No shell. Spec: docs/cli.md, section "tail".
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Sequence
from typing import Any, Final

from restante.client.commands.output import VERSION, Output
from restante.client.commands.records import message_record
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError
from restante.values import dataclass

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
PAGE: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is run, and how often before it is given up."""

    argv: tuple[str, ...]
    tries: int
    consumer: str
    first_pause_s: float = FIRST_PAUSE_S

    def take(self, received: dict[str, Any], out: Output) -> str | None:
        """Run it for one thing until it ends with 0; return why it never did, or None.

        UserError: it can't be run at all.
        """
        pause_s = self.first_pause_s
        why = self._run(received)
        for number in range(1, self.tries):
            if why is None:
                return None
            left = self.tries - number
            out.note(f"{self.argv[0]}: {why}. Again in {pause_s:g} s, {left} times at most.")
            threading.Event().wait(pause_s)  # the engine, if it is ours, has a thread of its own
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            why = self._run(received)
        return why

    def _run(self, received: dict[str, Any]) -> str | None:
        record = message_record(received["message"], received["type"])
        line = json.dumps({"v": VERSION, **record}, separators=(",", ":")) + "\n"
        environment = os.environ | {"RESTANTE_CONSUMER": self.consumer}
        try:
            done = subprocess.run(  # noqa: S603  (an argument vector, the user's own; no shell)
                self.argv, input=line.encode("ascii"), env=environment, check=False
            )
        except OSError as error:
            why = (error.strerror or "failed").lower()
            raise UserError(
                f"{self.argv[0]} can't be run: {why}. Nothing was acknowledged."
            ) from None
        if done.returncode == 0:
            return None
        return f"exit {done.returncode}" if done.returncode > 0 else f"killed by {-done.returncode}"


@dataclass(slots=True, kw_only=True)
class Executing:
    """One run of the command for one consumer."""

    out: Output
    caller: Caller
    program: Program
    conversation: str | None
    put_aside: int = 0

    def once(self, *, timeout_s: float) -> ExitCode:
        """Connect, let the program take all that has arrived, and end."""
        is_done = self.caller.call("synchronise", timeout_s=timeout_s)
        self._take_all()
        if not is_done:
            error = self.caller.call("status")["error"]
            because = f" {error}" if error else ""
            return self.out.failed(
                ExitCode.UNAVAILABLE, f"The relay didn't answer for everything in time.{because}"
            )
        if self.put_aside:
            return self.out.failed(
                ExitCode.PARTIAL, f"{self.put_aside} put aside. See: restante hook dead ls"
            )
        return ExitCode.OK

    def follow(self) -> ExitCode:
        """Let the program take what arrived and what arrives from now on, until interrupted."""
        self.caller.subscribe()
        while True:
            self._take_all()
            self.caller.wait_for_received()

    def _take_all(self) -> None:
        consumer = self.program.consumer
        while page := self.caller.call(
            "consume", consumer=consumer, limit=PAGE, conversation=self.conversation
        ):
            for received in page:
                self._take(received)

    def _take(self, received: dict[str, Any]) -> None:
        given = {"consumer": self.program.consumer, "cursor": received["cursor"]}
        why = self.program.take(received, self.out)
        if why is None:
            self.caller.call("acknowledge", **given)
            return
        self.caller.call("dead_letter", **given, error=why)
        self.put_aside += 1
        self.out.note(f"{self.program.argv[0]}: {why}. Put aside; see: restante hook dead ls")


def retry(
    out: Output, caller: Caller, argv: Sequence[str], *, consumer: str | None, tries: int
) -> ExitCode:
    """Let a program take what was put aside; what it takes is off the list."""
    left = 0
    for each in caller.call("dead_letters"):
        if consumer is not None and each["consumer"] != consumer:
            continue
        name, cursor = each["consumer"], each["received"]["cursor"]
        program = Program(argv=tuple(argv), tries=tries, consumer=name)
        why = program.take(each["received"], out)
        if why is None:
            caller.call("dead_letter_drop", consumer=name, cursor=cursor)
        else:
            caller.call("dead_letter", consumer=name, cursor=cursor, error=why)
            left += 1
    if left:
        return out.failed(ExitCode.PARTIAL, f"{left} are still put aside.")
    return ExitCode.OK
