"""The program that records from the microphone, or plays to the loudspeaker, in a process apart.

Rule: sound systems write to stderr and may hang; here that is nobody's screen. It is run as a file
and imports nothing of ours. `play`: samples on stdin, until they are over. `record`: samples on
stdout, until stdin ends. Both 16 bit, one channel. Spec: docs/files.md, section 8.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from typing import Any, Final

MISSING: Final = 4
"""Exit code: there is no such device."""

BLOCK_MS: Final = 60


def main() -> None:
    """Do what the arguments say: play or record, samples a second, perhaps a backend."""
    import miniaudio  # noqa: PLC0415  (what is missing is told from a device that is)

    what, rate = sys.argv[1], int(sys.argv[2])
    backends = [miniaudio.Backend[name] for name in sys.argv[3:]]
    given: dict[str, Any] = {"nchannels": 1, "sample_rate": rate, "buffersize_msec": BLOCK_MS}
    if backends:
        given["backends"] = backends
    kind = miniaudio.PlaybackDevice if what == "play" else miniaudio.CaptureDevice
    try:
        device = kind(**given)
    except miniaudio.MiniaudioError:
        sys.exit(MISSING)
    if device.backend.lower() == "null" and not backends:
        sys.exit(MISSING)  # it hears nothing, and plays to nobody
    (_play if what == "play" else _record)(device)
    device.close()


def _play(device: Any) -> None:
    samples, ended = sys.stdin.buffer.read(), threading.Event()

    def give() -> Generator[bytes, int, None]:
        at, wanted = 0, (yield b"")
        while at < len(samples):
            piece = samples[at : at + 2 * wanted]
            at += len(piece)
            wanted = yield piece + bytes(2 * wanted - len(piece))
        ended.set()
        while True:
            wanted = yield bytes(2 * wanted)

    giving = give()
    next(giving)
    device.start(giving)
    ended.wait()
    threading.Event().wait(2 * BLOCK_MS / 1000)  # what was handed over is still to be heard


def _record(device: Any) -> None:
    def take() -> Generator[None, bytes, None]:
        while True:
            os.write(1, (yield))

    taking = take()
    next(taking)
    device.start(taking)
    sys.stdin.buffer.read()
    device.stop()


if __name__ == "__main__":
    main()
