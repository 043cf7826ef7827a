"""The client's log file: what happened and when, for whoever looks for a fault.

Rule: no plaintext, key, mailbox id or address of a person. Therefore an exception is written as
its type and where it came from, never with its text or its locals: texts quote what they failed
on. Knows nothing of the engine; modules log through the standard library under "restante".
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
import traceback
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from restante.client.settings import read_settings

if TYPE_CHECKING:
    from restante.client.profile import Profile

_MAX_FRAMES = 40
_MAX_DEPTH = 6


def open_log(path: Path, *, verbosity: int = 0, max_bytes: int = 1_048_576) -> None:
    """Log to a file (0600, rotated once) from now on. `verbosity` 1 or more writes debug lines.

    A log that can't be written is no reason to fail: it is then left out.
    """
    logger = logging.getLogger("restante")
    logger.setLevel(logging.DEBUG if verbosity > 0 else logging.INFO)
    logger.propagate = False
    logging.lastResort = None  # else what a library warns of is printed over the terminal
    with contextlib.suppress(OSError):
        handler = _PrivateFile(path, max_bytes=max_bytes)
        for old in list(logger.handlers):
            logger.removeHandler(old)
            old.close()
        logger.addHandler(handler)


def open_log_of(profile: Profile, *, verbosity: int) -> None:
    """Log to the profile's file from now on, as its settings say."""
    settings = read_settings(profile.settings_path)
    open_log(profile.log_path, verbosity=verbosity, max_bytes=settings.log.max_bytes)


def log_bug(error: BaseException) -> None:
    """Write an exception nobody expected, with where it came from."""
    logging.getLogger("restante").error("bug", exc_info=error)


def describe(error: BaseException) -> str:
    """Write an exception as types and places: no texts, no locals. Many lines."""
    return "\n".join(_lines(error, depth=0))


class _PrivateFile(logging.FileHandler):
    """A log file that is its owner's alone, and the one before it, once it is full.

    Not the library's rotating one: its module imports what unpickles and what listens.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        self._max_bytes = max_bytes
        self.setFormatter(_Lines())
        self._open().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, into a new file if there is no room for it in this one."""
        try:
            self._turn(len(self.format(record).encode()) + 1)
        except OSError:
            self.handleError(record)
        super().emit(record)

    def _turn(self, more: int) -> None:
        if self.stream is None:
            self.stream = self._open()
        size = os.fstat(self.stream.fileno()).st_size
        if self._max_bytes > 0 and size + more > self._max_bytes:
            self.stream.close()
            self.stream = None  # opened anew by whatever comes next
            os.replace(self.baseFilename, f"{self.baseFilename}.1")

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return open(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the base's name)
        """A full disk must not spill log lines, or a traceback, over the terminal."""


class _Lines(logging.Formatter):
    """One line a record: time in UTC, level, where from, what; then the places of an exception."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(
            "{asctime}.{msecs:03.0f}Z {levelname} {name}[{process}]: {message}",
            datefmt="%Y-%m-%dT%H:%M:%S",
            style="{",
        )

    def formatException(  # noqa: N802  (the base's name)
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return "" if ei[1] is None else describe(ei[1])


def _lines(error: BaseException, *, depth: int) -> list[str]:
    indent = "  " * depth
    code = f" errno {error.errno}" if isinstance(error, OSError) and error.errno else ""
    lines = [f"{indent}{type(error).__module__}.{type(error).__qualname__}{code}"]
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    lines += [f"{indent}  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    if depth >= _MAX_DEPTH:
        return lines
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions[:_MAX_DEPTH]:
            lines += _lines(inner, depth=depth + 1)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines += [f"{indent} after", *_lines(cause, depth=depth + 1)]
    return lines
