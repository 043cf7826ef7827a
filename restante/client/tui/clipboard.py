"""A picture out of the desktop's clipboard, by a program that can read it.

Terminals paste texts alone. Rule: it is read at the user's key and at no other time, within a bound
of bytes and seconds, by an argument vector; nothing is decoded here. Spec: docs/tui.md, section 13.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

import trio

from restante.client.tui import paste_words
from restante.errors import UserError
from restante.values import dataclass

MOST_BYTES: Final = 64 * 1024**2
"""As much as is decoded of a picture that is sent."""

WAIT_S: Final = 5.0
KINDS: Final = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
}
"""What can be sent, the best first: programs offer the same picture in several ways."""

_PIECE_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What was found; `kind` is what it is called: PNG."""

    content: bytes
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A program that reads a clipboard: what it is asked for the types there, and for one."""

    program: str
    types: tuple[str, ...] = ()
    """Empty: it gives a PNG, or fails."""
    one: tuple[str, ...]


WAYLAND: Final = Reader(program="wl-paste", types=("--list-types",), one=("--no-newline", "--type"))
X11: Final = Reader(
    program="xclip",
    types=("-selection", "clipboard", "-out", "-target", "TARGETS"),
    one=("-selection", "clipboard", "-out", "-target"),
)
MAC: Final = Reader(program="pngpaste", one=("-",))


def choose_reader(environ: Mapping[str, str], *, platform: str = sys.platform) -> Reader:
    """Return what reads the clipboard here. UserError: there is none, or it isn't installed."""
    if platform == "darwin":
        wanted = [(MAC, "pngpaste")]
    else:
        wanted = [(WAYLAND, "wl-paste (wl-clipboard)")] if environ.get("WAYLAND_DISPLAY") else []
        wanted += [(X11, "xclip")] if environ.get("DISPLAY") else []
    for reader, _ in wanted:
        if shutil.which(reader.program, path=environ.get("PATH")):
            return reader
    raise UserError(paste_words.lacks(wanted[0][1]) if wanted else paste_words.NO_DESKTOP)


async def picture(environ: Mapping[str, str], *, most_bytes: int = MOST_BYTES) -> Picture | None:
    """Return the picture in the clipboard (trio); None: there is none.

    UserError: nothing can read the clipboard here, it doesn't answer, it holds too much.
    """
    reader = choose_reader(environ)
    if not reader.types:
        content = await _read(reader, *reader.one, most_bytes=most_bytes)
        return Picture(content=content, kind="PNG") if content else None
    offered = (
        (await _read(reader, *reader.types, most_bytes=most_bytes))
        .decode("ascii", "replace")
        .split()
    )
    for media_type, kind in KINDS.items():
        if media_type in offered:
            content = await _read(reader, *reader.one, media_type, most_bytes=most_bytes)
            return Picture(content=content, kind=kind) if content else None
    return None


async def _read(reader: Reader, *arguments: str, most_bytes: int) -> bytes:
    """Return what the program says, nothing if it fails."""
    try:
        # Started at the user's own key, for what is theirs.
        process = await trio.lowlevel.open_process(
            [reader.program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        raise UserError(paste_words.lacks(reader.program)) from None
    said = bytearray()
    try:
        with trio.fail_after(WAIT_S):
            while process.stdout is not None:
                piece = await process.stdout.receive_some(_PIECE_BYTES)
                if not piece:
                    break
                said += piece
                if len(said) > most_bytes:
                    raise UserError(paste_words.TOO_LARGE)
            code = await process.wait()
    except trio.TooSlowError:
        raise UserError(paste_words.NO_ANSWER) from None
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
    return bytes(said) if code == 0 else b""
