"""What is said of a bug of ours: types and places, and kept only if the user wants that.

Rule: no value of any kind, not even an error's text: either could be a message or a key; of a file
its last directories, since the first ones name the user. Nothing is ever sent by itself.
Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import trio

from restante import __version__
from restante.client.tui import crash_words

MAX_DEPTH: Final = 5
MAX_FRAMES: Final = 40
ANSWER_S: Final = 300.0
"""Nobody is asked for longer."""

_YES: Final = frozenset({"y", "yes"})


def report_of(error: BaseException | None) -> str:
    """Return where an error came from, and what it came after: types and places alone."""
    return "\n".join(_lines(error, 0)) if error is not None else ""


async def offer_to_keep(
    report: str, directory: Path, *, descriptor: int, say: Callable[[str], object] = print
) -> Path | None:
    """Ask on the terminal whether a report is to be kept; return where it is, if it is."""
    say(crash_words.CRASH_ASK)
    if await _answer(descriptor) not in _YES:
        say(crash_words.CRASH_NOT_KEPT)
        return None
    path = directory / f"crash-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    try:
        _keep(path, f"{_surroundings()}\n\n{report}\n")
    except OSError as failed:
        say(crash_words.crash_unkept(str(path), (failed.strerror or "failed").lower()))
        return None
    say(crash_words.crash_kept(str(path)))
    return path


def _keep(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


async def _answer(descriptor: int) -> str:
    with trio.move_on_after(ANSWER_S):
        try:
            await trio.lowlevel.wait_readable(descriptor)
            return os.read(descriptor, 64).decode("utf-8", "replace").strip().casefold()
        except OSError:
            return ""
    return ""


def _surroundings() -> str:
    import platform  # noqa: PLC0415  # they take long, and crashes are few
    from importlib.metadata import version  # noqa: PLC0415

    textual = version("textual")
    return (
        f"Restante {__version__}, Python {platform.python_version()}, Textual {textual}, "
        f"{sys.platform}, TERM {os.environ.get('TERM', '')[:40]!r}"
    )


def _lines(error: BaseException, depth: int) -> list[str]:
    indent = "  " * depth
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    lines = [f"{indent}{type(error).__name__}"]
    lines += [f"{indent}  {_short(each.filename)}:{each.lineno} {each.name}" for each in frames]
    if depth >= MAX_DEPTH:
        return lines
    inner = list(error.exceptions) if isinstance(error, BaseExceptionGroup) else []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for each in [*inner, *([before] if before is not None else [])]:
        lines += _lines(each, depth + 1)
    return lines


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])
