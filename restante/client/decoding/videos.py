"""Videos made ready to be sent, by ffmpeg where it is installed: smaller, and less telling.

Rule: ffmpeg reads one file of the user's and nothing that this one names; it writes into a pipe.
What comes of it lies nowhere in the clear. Spec: docs/files.md, section 7.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import field
from pathlib import Path
from typing import Final

import msgspec
import trio
from msgspec import Struct

from restante.errors import UserError
from restante.values import dataclass

LIMITED: Final = Path(__file__).with_name("limited.py")
PROBE_S: Final = 30.0
ENCODE_S: Final = 1800.0
MOST_ENCODED_S: Final = 600.0
"""A longer one isn't encoded anew: nobody waits for that before a message goes."""

SIDE: Final = 1280
PREVIEW_CELLS: Final = 330
PREVIEW_SIDE: Final = 32
_MOST_PROBED_BYTES: Final = 65_536
_READ_BYTES: Final = 262_144

_FORMATS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf"
"""Containers that hold what they play; a playlist would have other files read."""

_HEIF: Final = frozenset(
    {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}
)
_SOUND: Final = frozenset({b"M4A ", b"M4B "})

NO_FFMPEG: Final = (
    "A video may say where it was made, and without ffmpeg that can't be taken out of it. Install "
    "ffmpeg, or send it as it is: restante send --original --file"
)
DAMAGED: Final = (
    "ffmpeg can't read this video, and what it may say of where it was made can't be taken out. To "
    "send it as it is: restante send --original --file"
)

Take = Callable[[bytes], Awaitable[None]]


class _Stream(Struct):
    codec_type: str = ""
    width: int = 0
    height: int = 0


class _Format(Struct):
    duration: str = "0"


class _Probed(Struct):
    streams: list[_Stream] = []
    format: _Format = msgspec.field(default_factory=_Format)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What a video is: pixels, milliseconds, and a preview as a message carries it."""

    width: int
    height: int
    duration_ms: int
    preview: bytes = field(repr=False)


def is_video(head: bytes) -> bool:
    """Whether a file begins as a video does."""
    is_mp4 = head[4:8] == b"ftyp" and head[8:12] not in _HEIF | _SOUND
    return is_mp4 or head[:4] == b"\x1a\x45\xdf\xa3" or (head[:4], head[8:11]) == (b"RIFF", b"AVI")


class Videos:
    """Asks ffmpeg, one question at a time."""

    def __init__(self, find: Callable[[str], str | None] = shutil.which) -> None:
        self._find = find
        self._limiter = trio.CapacityLimiter(1)

    async def look(self, path: Path) -> Clip | None:
        """Return what a video is; None: nothing in it moves. UserError: ffmpeg isn't there."""
        wanted = "stream=codec_type,width,height:format=duration"
        said = bytearray()

        async def take(piece: bytes) -> None:
            if len(said) <= _MOST_PROBED_BYTES:
                said.extend(piece)

        arguments = ["-show_entries", wanted, "-of", "json", *_reading(path)]
        if not await self._run("ffprobe", arguments, take, deadline_s=PROBE_S):
            raise UserError(DAMAGED)
        try:
            found = msgspec.json.decode(bytes(said), type=_Probed)
            duration_ms = max(0, int(float(found.format.duration) * 1000))
        except (msgspec.DecodeError, ValueError, OverflowError):
            raise UserError(DAMAGED) from None
        moving = [each for each in found.streams if each.codec_type == "video" and each.width > 0]
        if not moving:
            return None
        width, height = moving[0].width, moving[0].height
        scale = min(1.0, SIDE / max(width, height))
        return Clip(
            width=max(2, int(width * scale) // 2 * 2),
            height=max(2, int(height * scale) // 2 * 2),
            duration_ms=min(duration_ms, 2**31),
            preview=await self._preview(path, width, height, duration_ms),
        )

    async def encode(self, path: Path, take: Take, *, is_copy: bool) -> None:
        """Write a video into `take`; `is_copy`: its frames as they are. UserError: it can't be."""
        box = f"scale=w='min({SIDE},iw)':h='min({SIDE},ih)'"
        fitted = f"{box}:force_original_aspect_ratio=decrease:force_divisible_by=2"
        anew = ["-vf", fitted, "-c:v", "libx264", "-preset", "veryfast", "-crf", "27"]
        anew += ["-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k"]
        arguments = [
            *("-nostdin", *_reading(path)),
            *("-map", "0:v:0", "-map", "0:a:0?", "-map_metadata", "-1", "-map_chapters", "-1"),
            *(["-c", "copy"] if is_copy else anew),
            *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
            *("-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1"),
        ]
        if not await self._run("ffmpeg", arguments, take, deadline_s=ENCODE_S):
            raise UserError(DAMAGED)

    async def _preview(self, path: Path, width: int, height: int, duration_ms: int) -> bytes:
        columns = max(1, min(PREVIEW_SIDE, int(math.sqrt(PREVIEW_CELLS * width / height))))
        rows = max(1, min(PREVIEW_SIDE, PREVIEW_CELLS // columns, round(columns * height / width)))
        cells = bytearray()

        async def take(piece: bytes) -> None:
            if len(cells) <= 3 * columns * rows:
                cells.extend(piece)

        at_s = min(1.0, duration_ms / 2000)
        arguments = [
            *("-nostdin", "-ss", f"{at_s:.3f}", *_reading(path)),
            *("-frames:v", "1", "-vf", f"scale={columns}:{rows}:flags=area"),
            *("-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"),
        ]
        is_made = await self._run("ffmpeg", arguments, take, deadline_s=PROBE_S)
        is_whole = is_made and len(cells) == 3 * columns * rows
        return bytes((columns, rows)) + bytes(cells) if is_whole else b""

    async def _run(
        self, program: str, arguments: list[str], take: Take, *, deadline_s: float
    ) -> bool:
        """Run a program to its end; return whether it did what it was asked for."""
        found = self._find(program)
        if found is None:
            raise UserError(NO_FFMPEG)
        argv = [sys.executable, "-I", "-B", str(LIMITED), found, "-v", "error", *arguments]
        async with self._limiter:
            process = await trio.lowlevel.open_process(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},  # nothing of ours is there to be read
                cwd="/",
            )
            try:
                with trio.move_on_after(deadline_s) as scope:
                    while process.stdout is not None:
                        piece = await process.stdout.receive_some(_READ_BYTES)
                        if not piece:
                            break
                        await take(bytes(piece))
                    await process.wait()
                return not scope.cancelled_caught and process.returncode == 0
            finally:
                process.kill()
                with trio.CancelScope(shield=True):
                    await process.wait()
                    if process.stdout is not None:
                        await process.stdout.aclose()


def _reading(path: Path) -> list[str]:
    return ["-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-i", f"file:{path}"]
