"""Lines in and lines out, for a program whose loop must not stand still meanwhile.

Rule: a terminal that is held (^S) or a reader that is slow holds up what is told, never the engine
beside it; nothing but the text itself is written. Knows no engine. Spec: docs/plain.md, section 1.
"""

from __future__ import annotations

import errno
import os
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Final

import trio

READ_BYTES: Final = 64 * 1024
MAX_LINE_CHARS: Final = 64 * 1024
"""No message is longer."""

WAITING_LINES: Final = 64


class Voice:
    """Writes one text after the other, each whole. `write` may block."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._turn = trio.Lock()

    async def say(self, text: str) -> None:
        """Write a text and a line's end. Raises OSError: nobody reads any more."""
        async with self._turn:
            await trio.to_thread.run_sync(self._write, text, abandon_on_cancel=True)


class TooLong:
    """What is sent in the place of a line that is too long to be one."""


async def read_lines(descriptor: int, to: trio.MemorySendChannel[str | TooLong]) -> None:
    """Send every line that is read, without its end, until there are no more.

    A terminal that goes away is an end. Bytes that are no UTF-8 become U+FFFD.
    """
    decode = getincrementaldecoder("utf-8")("replace").decode
    kept, is_too_long = "", False
    async with to:
        while data := await _read(descriptor):
            *lines, kept = (kept + decode(data)).split("\n")
            for line in lines:
                await to.send(TooLong() if is_too_long or len(line) > MAX_LINE_CHARS else line)
                is_too_long = False
            if len(kept) > MAX_LINE_CHARS:  # its end is still to come, and is no line either
                kept, is_too_long = "", True
        if kept or is_too_long:
            await to.send(TooLong() if is_too_long else kept)


async def _read(descriptor: int) -> bytes:
    try:
        await trio.lowlevel.wait_readable(descriptor)
    except OSError as error:
        if error.errno != errno.EPERM:  # a file is always ready, and can't be waited for
            return b""
    try:
        return os.read(descriptor, READ_BYTES)
    except OSError:
        return b""
