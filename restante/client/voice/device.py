"""The microphone and the loudspeaker of this machine, each behind a program of its own.

Rule: a machine without one is told so in a sentence; what is recorded stays in memory.
Spec: docs/files.md, section 8.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from restante.client.voice.device_program import MISSING
from restante.client.voice.encoding import MOST_S, NO_VOICE, RATE
from restante.errors import UserError

PROGRAM: Final = Path(__file__).with_name("device_program.py")
LOOK_EVERY_S: Final = 0.05
_READ_BYTES: Final = 4096

NO_MICROPHONE: Final = "There is no microphone here. Record elsewhere, and send it as a file."
NO_LOUDSPEAKER: Final = "There is no sound device here. Save the voice note, and hear it elsewhere."


def record(
    is_over: Callable[[float], bool],
    *,
    hears: Callable[[bytes], None] | None = None,
    backend: str | None = None,
) -> bytes:
    """Record until `is_over`, which is told the seconds so far, says so; return samples.

    16 bit, one channel, RATE. `hears` is given each piece as it comes, in another thread.
    UserError: no microphone, the extra isn't installed.
    """
    samples = bytearray()
    with _program("record", RATE, backend) as process:

        def take() -> None:
            held = -1 if process.stdout is None else process.stdout.fileno()
            while piece := os.read(held, _READ_BYTES):
                samples.extend(piece)
                if hears is not None:
                    hears(piece)

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        try:
            while taking.is_alive() and len(samples) < 2 * RATE * MOST_S:
                if is_over(len(samples) / (2 * RATE)):
                    break
                taking.join(LOOK_EVERY_S)
        finally:
            process.kill()
            taking.join()
            code = process.wait()
    _refuse(code, NO_MICROPHONE)
    return bytes(samples[: 2 * RATE * MOST_S])


def play(
    samples: bytes, *, rate: int, is_over: Callable[[], bool], backend: str | None = None
) -> None:
    """Play samples (16 bit, one channel) to their end, or until `is_over` says so.

    UserError: no sound device, the extra isn't installed.
    """
    with _program("play", rate, backend) as process:

        def give() -> None:
            with suppress(OSError):  # it has ended, and its code says why
                if process.stdin is not None:
                    process.stdin.write(samples)
                    process.stdin.close()

        giving = threading.Thread(target=give, daemon=True)
        giving.start()
        try:
            while process.poll() is None and not is_over():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(LOOK_EVERY_S)
            code = process.poll()
        finally:
            process.kill()
            giving.join()
    _refuse(code, NO_LOUDSPEAKER)


def _program(what: str, rate: int, backend: str | None) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-I", "-B", str(PROGRAM), what, str(rate)]
    argv += [] if backend is None else [backend]
    return subprocess.Popen(  # noqa: S603  (an argument vector of ours; no shell)
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _refuse(code: int | None, missing: str) -> None:
    if code == MISSING:
        raise UserError(missing)
    if code == 1:  # it couldn't even begin
        raise UserError(NO_VOICE)
