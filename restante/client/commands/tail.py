"""`restante tail`: print what arrives, in the order of arrival, also across restarts.

Rule: what is acknowledged has been printed and flushed; what could not be printed comes again.
The consumer of one's own terminal acknowledges by itself, a named one only when it is told to.
Spec: docs/cli.md, section "tail".
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.records import message_record, received_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

DEFAULT_CONSUMER = "tail"
_TELL_TIMEOUT_S = 3.0
PAGE = 256
"""So many are printed at a time; so many of a named consumer may wait to be acknowledged."""


@dataclass(slots=True, kw_only=True)
class Tail:
    """One run of the command for one consumer."""

    out: Output
    caller: Caller
    consumer: str
    acknowledges: bool
    marks_read: bool = False
    """Whether what was printed has been read by the user."""
    conversation: str | None = None
    """Of which alone, if not of all."""
    since: str | None = None
    """Since when, RFC 3339; then from nobody's place."""
    printed: int = 0
    """The cursor of the last thing that this run printed."""

    def once(self, *, timeout_s: float) -> ExitCode:
        """Connect, flush the outbox, print what has arrived, take in a history, and end."""
        until = time.monotonic() + timeout_s
        is_done = self.caller.call("synchronise", timeout_s=timeout_s)
        self._print_new()
        if self.marks_read:
            self.caller.call("synchronise", timeout_s=max(until - time.monotonic(), 1.0))
        if is_done:
            return self._bring_history(max(until - time.monotonic(), 0.0))
        status = self.caller.call("status")
        because = f" {status['error']}" if status["error"] else ""
        if status["outbox_count"]:
            return self.out.failed(
                ExitCode.QUEUED,
                f"Time ran out with {status['outbox_count']} of your messages still queued. Do "
                f"not send them again.{because}",
            )
        return self.out.failed(
            ExitCode.UNAVAILABLE, f"The relay didn't answer for everything in time.{because}"
        )

    def _bring_history(self, timeout_s: float) -> ExitCode:
        """Go on with a history that another own device gives, or gets; it may take many runs."""
        now = self.caller.call("history_take", timeout_s=timeout_s)
        self.caller.call("flush", timeout_s=_TELL_TIMEOUT_S)
        if now["state"] == "coming":
            self.out.detail("The history from your other device is still coming.")
        elif now["error"]:
            self.out.note(now["error"])
        return ExitCode.OK

    def follow(self) -> ExitCode:
        """Print what arrived since last time and what arrives from now on, until interrupted."""
        self.caller.subscribe()
        while True:
            self._print_new()
            self.caller.wait_for_received()

    def _print_new(self) -> None:
        while True:
            page = self._page()
            before = self.printed
            read: dict[str, str] = {}
            try:
                for received in page:
                    if received["cursor"] > self.printed:
                        self.out.data(
                            message_record(received["message"], received["type"]),
                            received_text(received),
                        )
                        self.printed = received["cursor"]
                        if received["type"] == "message":
                            read[received["message"]["conversation"]] = received["message"]["id"]
            finally:
                if self.acknowledges and self.printed > before:
                    self.caller.call("acknowledge", consumer=self.consumer, cursor=self.printed)
                if self.marks_read:
                    self._mark(read)
            if len(page) < PAGE:
                return
            if not self.acknowledges and self.since is None:
                raise UserError(
                    f"{PAGE} of consumer {self.consumer!r} wait to be acknowledged; no more are "
                    "printed before. Acknowledge them, or use --ack.",
                    exit_code=ExitCode.LIMITED,
                )

    def _page(self) -> list[dict[str, Any]]:
        chosen: dict[str, Any] = {"conversation": self.conversation}
        if self.since is not None:
            chosen |= {"since": self.since, "after": self.printed}
        page: list[dict[str, Any]] = self.caller.call(
            "consume", consumer=self.consumer, limit=PAGE, **chosen
        )
        return page

    def _mark(self, read: dict[str, str]) -> None:
        """Say that the user has read what was printed, up to the last of each conversation."""
        for key, message_id in read.items():
            with contextlib.suppress(UserError):  # it was deleted meanwhile
                self.caller.call("mark_read", conversation=key, up_to=message_id)
