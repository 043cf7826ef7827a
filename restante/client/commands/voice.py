"""`restante voice`: a voice note recorded and sent, or fetched and played.

Rule: nothing is sent of what was broken off; nothing recorded lies on a disk in the clear.
Spec: docs/cli.md, section "voice".
"""

from __future__ import annotations

import binascii
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from restante.client.commands.files import fetched
from restante.client.commands.handing_in import hand_in
from restante.client.commands.output import Output
from restante.client.commands.send import Sent, send
from restante.client.oneshot import Caller
from restante.client.voice.device import play as play_samples
from restante.client.voice.device import record
from restante.client.voice.encoding import duration_s, encoded, waveform
from restante.errors import ExitCode, UserError

PIECE_BYTES = 262_144
SEND_TIMEOUT_S = 30.0


def record_and_send(
    out: Output,
    engine: Callable[[], AbstractContextManager[Caller]],
    conversation: str,
    *,
    seconds: float | None,
    backend: str | None = None,
) -> ExitCode:
    """Record until Enter, or for so long, and send it. `backend`: of sounds, not the usual one."""
    if seconds is None:
        out.note("Recording. Enter sends it, Ctrl-C discards it.")
    try:
        samples = record(
            lambda so_far_s: so_far_s >= seconds if seconds is not None else _is_enter_pressed(),
            backend=backend,
        )
    except KeyboardInterrupt:
        return out.failed(ExitCode.INTERRUPTED, "Nothing was sent.")
    if not samples:
        raise UserError("Nothing was recorded. Nothing was sent.")
    note = encoded(samples)

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(note), PIECE_BYTES):
            yield note[at : at + PIECE_BYTES]

    what = Sent(
        method="send_file",
        parameters={"waveform": waveform(samples), "duration_s": duration_s(samples)},
        hand_in=lambda caller: {"handle": hand_in(caller, pieces())},
    )
    with engine() as caller:
        return send(out, caller, [conversation], what, wait="relayed", timeout_s=SEND_TIMEOUT_S)


def play(
    out: Output,
    caller: Caller,
    message_id: str,
    *,
    speed: float,
    from_s: float,
    backend: str | None = None,
) -> ExitCode:
    """Fetch a voice note if need be, and play it."""
    caller.subscribe()
    message = fetched(out, caller, message_id)
    if message["file"]["state"] not in {"here", "sending"}:
        return out.failed(ExitCode.WAIT_TIMED_OUT, "It isn't here yet. Try again later.")
    found = caller.call("file_sound", message_id=message_id, speed=speed, from_s=from_s)
    try:
        samples = binascii.a2b_base64(found["samples"])
        play_samples(samples, rate=found["rate"], is_over=lambda: False, backend=backend)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return ExitCode.OK


def _is_enter_pressed() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable)
