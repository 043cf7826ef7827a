"""`restante send CONVERSATION - --live`: one message that grows with what comes on stdin.

Rule: the message is sent with the first lines, edited no more often than the pace below allows, and
what it says in the end is what stdin said in the end. Spec: docs/cli.md, section "send".
"""

from __future__ import annotations

import os
import select
import time
from typing import Final

from restante.client.commands.output import Output
from restante.client.commands.plain_output import last_of, plain
from restante.client.commands.send import MAX_TEXT_BYTES, Sent, send
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

FIRST_PAUSE_S: Final = 1.0
"""After the first bytes: most of what a program says at once comes together."""

PACE_S: Final = 2.0
LONGEST_PACE_S: Final = 30.0
SLOWS_BY: Final = 1.25
"""Each edit is kept and sent to every device: an hour's build makes about 130."""

_CHUNK_BYTES: Final = 65_536
_KEPT_BYTES: Final = 4 * MAX_TEXT_BYTES
"""Of stdin, as it came: the end of it, colours and all."""


class _Growing:
    """What stdin has said so far, as far as it is kept."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._data = bytearray()
        self.has_ended = False

    def read_until(self, at: float | None) -> None:
        """Read until a time of `time.monotonic`, or the end; None: until anything has come."""
        while not self.has_ended:
            left_s = None if at is None else max(at - time.monotonic(), 0.0)
            if not select.select([self._source], [], [], left_s)[0]:
                return
            chunk = os.read(self._source, _CHUNK_BYTES)
            self.has_ended = not chunk
            self._data += chunk
            del self._data[: max(len(self._data) - _KEPT_BYTES, 0)]
            if at is None and self.text:
                return

    @property
    def text(self) -> str:
        """What a message says of it now."""
        return last_of(plain(bytes(self._data)), max_bytes=MAX_TEXT_BYTES).strip("\n")


def send_live(
    out: Output,
    caller: Caller,
    conversation: str,
    *,
    source: int,
    reply: str | None,
    wait: str,
    timeout_s: float,
) -> ExitCode:
    """Send what comes on a descriptor as one message, and keep that up to date until it ends."""
    growing = _Growing(source)
    growing.read_until(None)
    growing.read_until(time.monotonic() + FIRST_PAUSE_S)
    said = growing.text
    if not said:
        raise UserError("There is nothing on stdin. Nothing was sent.")
    message_id = os.urandom(16).hex()
    what = Sent(method="send", parameters={"text": said, "quote": reply})
    code = send(out, caller, [conversation], what, wait=wait, timeout_s=timeout_s, ids=[message_id])
    if code not in {ExitCode.OK, ExitCode.QUEUED, ExitCode.WAIT_TIMED_OUT}:
        return code
    pace_s, was_interrupted = PACE_S, False
    while not growing.has_ended and not was_interrupted:
        try:
            growing.read_until(time.monotonic() + pace_s)
        except KeyboardInterrupt:
            was_interrupted = True
        if growing.text != said:
            said = growing.text
            caller.call("edit", message_id=message_id, text=said)
            pace_s = min(pace_s * SLOWS_BY, LONGEST_PACE_S)
    if wait != "queued" and not caller.call("flush", timeout_s=timeout_s):
        return out.failed(
            ExitCode.QUEUED,
            "Its last words are queued, not yet relayed. They go out when Restante runs next.",
        )
    return ExitCode.INTERRUPTED if was_interrupted else code
