"""A decoder asked: the process that it is, what it is given, and how long it may take.

Rule: what comes back is bounded and checked as if a stranger had said it; whatever the decoder
does, it ends with its deadline. Nothing is decoded in this process. Spec: docs/files.md, section 6.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import field
from pathlib import Path
from typing import IO, Annotated, Any, Final, Literal, TypeVar

import msgspec
import trio
from msgspec import Meta, Struct

from restante.errors import CryptoError, UserError
from restante.values import dataclass

PROGRAM: Final = Path(__file__).with_name("worker.py")
SOUND_PROGRAM: Final = Path(__file__).with_name("sound_worker.py")
DEADLINE_S: Final = 30.0
MOST_LINE_BYTES: Final = 8192
MOST_MADE_BYTES: Final = 16 * 1024 * 1024
AT_ONCE: Final = 2
"""Decoders at a time: each may take a core and a gigabyte of addresses."""

_READ_BYTES: Final = 262_144

Feed = Callable[[IO[bytes]], Awaitable[None]]
"""Writes a picture into a pipe. A pipe that is closed meanwhile is no failure."""

Side = Annotated[int, Meta(ge=1, le=30_000)]
Cells = Annotated[int, Meta(ge=1, le=32)]


class _Preview(Struct, frozen=True, forbid_unknown_fields=True):
    columns: Cells
    rows: Cells
    colours: Annotated[str, Meta(max_length=2000, pattern="^[0-9a-f]*$")]


class _Sent(Struct, frozen=True, forbid_unknown_fields=True, rename={"made_bytes": "bytes"}):
    width: Side
    height: Side
    frames: Annotated[int, Meta(ge=1)]
    preview: _Preview
    media_type: Literal["image/jpeg", "image/webp"]
    made_bytes: Annotated[int, Meta(ge=0, le=MOST_MADE_BYTES)]


class _Shown(Struct, frozen=True, forbid_unknown_fields=True, rename={"made_bytes": "bytes"}):
    width: Side
    height: Side
    made_bytes: Annotated[int, Meta(ge=0, le=MOST_MADE_BYTES)]


class _Heard(Struct, frozen=True, forbid_unknown_fields=True, rename={"made_bytes": "bytes"}):
    rate: Annotated[int, Meta(ge=8_000, le=48_000)]
    made_bytes: Annotated[int, Meta(ge=0, le=MOST_MADE_BYTES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A picture as it may be sent. `content` is empty where it moves: that isn't encoded anew."""

    width: int
    height: int
    media_type: str
    preview: bytes = field(repr=False)
    """Columns, rows, then three bytes for each cell."""
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """A picture decoded: three bytes for each pixel, row by row."""

    width: int
    height: int
    colours: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """A sound decoded: 16 bit, one channel, so many a second."""

    rate: int
    samples: bytes = field(repr=False)


S = TypeVar("S", bound=_Sent | _Shown | _Heard)


class Decoder:
    """Decodes pictures, each in a process of its own."""

    def __init__(self, *, program: Path = PROGRAM, deadline_s: float = DEADLINE_S) -> None:
        self._program = program
        self._deadline_s = deadline_s
        self._limiter = trio.CapacityLimiter(AT_ONCE)

    async def prepare(self, feed: Feed) -> Prepared | None:
        """Make of a picture what is sent; None: it is none that can be decoded within bounds."""
        said, made = await self._ask({"do": "send"}, feed, _Sent)
        if said is None:
            return None
        preview = said.preview
        cells = bytes.fromhex(preview.colours) if len(preview.colours) % 2 == 0 else b""
        if len(cells) != preview.columns * preview.rows * 3:
            return None
        return Prepared(
            width=said.width,
            height=said.height,
            media_type=said.media_type,
            preview=bytes((preview.columns, preview.rows)) + cells,
            content=made,
        )

    async def pixels(self, feed: Feed, *, width: int, height: int) -> Pixels | None:
        """Decode a picture into a box; None: it is none that can be decoded within bounds."""
        asked = {"do": "show", "width": width, "height": height}
        said, made = await self._ask(asked, feed, _Shown)
        if said is None or len(made) != said.width * said.height * 3:
            return None
        return Pixels(width=said.width, height=said.height, colours=made)

    async def samples(self, feed: Feed, *, speed: float, from_s: float) -> Samples | None:
        """Decode a sound from a second on, faster or slower; None: it can't be, here."""
        asked = {"speed": speed, "from_s": from_s}
        said, made = await self._ask(asked, feed, _Heard, SOUND_PROGRAM)
        if said is None or len(made) % 2:
            return None
        return Samples(rate=said.rate, samples=made)

    async def _ask(
        self, asked: dict[str, Any], feed: Feed, kind: type[S], program: Path | None = None
    ) -> tuple[S | None, bytes]:
        async with self._limiter:
            answer = await self._run(program or self._program, json.dumps(asked), feed)
        line, newline, made = answer.partition(b"\n")
        if not newline or len(line) > MOST_LINE_BYTES:
            return None, b""
        try:
            said = msgspec.json.decode(line, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None, b""
        return (said, made) if said.made_bytes == len(made) else (None, b"")

    async def _run(self, program: Path, asked: str, feed: Feed) -> bytes:
        """Run a decoder to its end or its deadline; return what it said, nothing if too much."""
        theirs, ours = os.pipe()
        into = os.fdopen(ours, "wb")
        try:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-I", "-B", str(program), asked],
                stdin=theirs,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},  # nothing of ours is there to be read
                cwd="/",
            )
        except BaseException:
            into.close()
            raise
        finally:
            os.close(theirs)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_fed, feed, into)
                try:
                    with trio.move_on_after(self._deadline_s) as scope:
                        answer = await _all_of(process)
                finally:
                    process.kill()  # which also ends the feeding
            return b"" if scope.cancelled_caught else answer
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
                if process.stdout is not None:
                    await process.stdout.aclose()


async def _fed(feed: Feed, into: IO[bytes]) -> None:
    try:
        await feed(into)
    except (OSError, UserError, CryptoError):  # what is cut short is no picture
        pass
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(_close, into)


def _close(into: IO[bytes]) -> None:
    try:
        into.close()
    except OSError:  # nobody reads what was left
        return


async def _all_of(process: trio.Process) -> bytes:
    said = bytearray()
    if process.stdout is None:
        return b""
    while piece := await process.stdout.receive_some(_READ_BYTES):
        said += piece
        if len(said) > MOST_MADE_BYTES + MOST_LINE_BYTES:
            return b""
    return bytes(said)
