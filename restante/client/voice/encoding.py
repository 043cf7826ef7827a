"""A recording as a voice note: Opus in Ogg, and how loud it is from its beginning to its end.

Rule: what is encoded was recorded here; what others recorded is decoded apart. PyAV is known here
and in the decoder's program alone. Spec: docs/files.md, section 8.
"""

from __future__ import annotations

import io
from array import array
from fractions import Fraction
from itertools import pairwise
from typing import Final

from restante.errors import UserError

RATE: Final = 24_000
"""Samples a second: all that Opus keeps of a voice at this bit rate."""

BITS_A_SECOND: Final = 20_000
MOST_S: Final = 300
STRETCHES: Final = 64
_FRAME: Final = 480
"""20 ms, as Opus likes them."""

INSTALL: Final = "pip install 'restante[voice]'"
NO_VOICE: Final = f"Voice notes need the extra voice: {INSTALL}."


def encoded(samples: bytes) -> bytes:
    """Encode samples (16 bit, one channel, RATE). UserError: the extra isn't installed."""
    try:
        import av  # noqa: PLC0415  (an extra)
    except ImportError:
        raise UserError(NO_VOICE) from None
    into = io.BytesIO()
    samples += bytes(-len(samples) % (2 * _FRAME))
    with av.open(into, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = BITS_A_SECOND
        for number in range(len(samples) // (2 * _FRAME)):
            frame = av.AudioFrame(format="s16", layout="mono", samples=_FRAME)
            frame.planes[0].update(samples[number * 2 * _FRAME : (number + 1) * 2 * _FRAME])
            frame.sample_rate = RATE
            frame.pts, frame.time_base = number * _FRAME, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return into.getvalue()


def duration_s(samples: bytes) -> float:
    """Return how long samples are."""
    return len(samples) / (2 * RATE)


def waveform(samples: bytes) -> list[int]:
    """Return the loudness of stretches of equal length, 0 to 255, the loudest 255."""
    values = array("h", samples[: len(samples) // 2 * 2])
    count = min(STRETCHES, len(values))
    bounds = [at * len(values) // count for at in range(count + 1)] if count else [0]
    loud = []
    for begin, end in pairwise(bounds):
        step = max(1, (end - begin) // 1000)
        stretch = values[begin:end:step]
        loud.append(max(*stretch, *(-each for each in stretch)))
    most = max(loud, default=0) or 1
    return [value * 255 // most for value in loud]
