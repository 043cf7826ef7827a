"""The program that decodes a voice note, in a process of its own: stdin to stdout.

Rule: as `worker.py`: it gives up all it could do harm with before it reads a byte. It says one line
of JSON and then samples, 16 bit, one channel. It is run as a file and imports nothing of ours.
Spec: docs/files.md, section 8.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from contextlib import suppress
from typing import Any, Final

import av
import av.audio.resampler
import av.filter
import av.subtitles.codeccontext
import av.subtitles.stream

RATE: Final = 24_000
MEMORY_BYTES: Final = 1024 * 1024 * 1024
CPU_S: Final = 20
MOST_INPUT_BYTES: Final = 16 * 1024 * 1024
MOST_MADE_BYTES: Final = 2 * RATE * 320
"""A bit more than the longest note that is recorded; of another one as much is heard."""
FORMATS: Final = {"format_whitelist": "ogg,opus,mov,mp4,m4a,matroska,webm,mp3,wav,flac,aac"}


def main() -> None:
    """Decode what is on stdin, from a second on, faster or slower."""
    asked: dict[str, Any] = json.loads(sys.argv[1])
    _give_up_everything()
    content = sys.stdin.buffer.read(MOST_INPUT_BYTES + 1)
    if len(content) > MOST_INPUT_BYTES:
        sys.exit(3)
    made = _decoded(content, float(asked["speed"]), float(asked["from_s"]))
    sys.stdout.buffer.write(json.dumps({"rate": RATE, "bytes": len(made)}).encode() + b"\n" + made)
    sys.stdout.buffer.flush()


def _give_up_everything() -> None:
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for which, most in limits.items():
        with suppress(ValueError, OSError):  # macOS knows no limit of addresses
            resource.setrlimit(which, (most, most))


def _decoded(content: bytes, speed: float, from_s: float) -> bytes:
    made = bytearray()
    with av.open(io.BytesIO(content), "r", options=FORMATS) as container:
        stream = container.streams.audio[0]
        resampler = av.audio.resampler.AudioResampler(format="s16", layout="mono", rate=RATE)
        stretch = _stretching(speed)
        skipped = int(from_s * RATE)
        for frame in container.decode(stream):
            for even in resampler.resample(frame):
                if skipped >= even.samples:
                    skipped -= even.samples
                    continue
                skipped = 0
                stretch.push(even)
                if _pulled(stretch, made):
                    return bytes(made[:MOST_MADE_BYTES])
        stretch.push(None)
        _pulled(stretch, made)
    return bytes(made[:MOST_MADE_BYTES])


def _stretching(speed: float) -> Any:
    """Return a graph that changes the speed and leaves the pitch."""
    graph = av.filter.Graph()
    nodes = [
        graph.add_abuffer(format="s16", sample_rate=RATE, layout="mono"),
        graph.add("atempo", f"{min(max(speed, 0.5), 2.0):.3f}"),
        graph.add("aformat", f"sample_fmts=s16:sample_rates={RATE}:channel_layouts=mono"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    return graph


def _pulled(graph: Any, made: bytearray) -> bool:
    """Take what is ready; return whether it is enough."""
    while len(made) < MOST_MADE_BYTES:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return False
        made += bytes(frame.planes[0])[: 2 * frame.samples]
    return True


if __name__ == "__main__":
    main()
