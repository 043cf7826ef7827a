"""What was pasted into the box, or dragged onto it: paths of files, a long text, or words. Pure but
for looking whether a file is there.

Terminals write the path of a file that is dragged onto them: as a shell would quote it, bare, or as
a file:// address. Rule: a path is only taken for one if something is there; all else is text.
Spec: docs/tui.md, section 13.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from restante.values import dataclass

MAX_PATHS: Final = 16
MAX_PATHS_CHARS: Final = 8_192
LONG_LINES: Final = 40
LONG_CHARS: Final = 4_000
"""From so much on, a text is offered as a file: nobody reads it in a chat."""

_BEGINS: Final = ("/", "~/", "'/", '"/', "file://", "'file://", '"file://')


@dataclass(frozen=True, slots=True, kw_only=True)
class Dragged:
    """Files and folders that are there: whole paths, and what they hold together."""

    paths: tuple[Path, ...]
    size_bytes: int
    """Of the files alone; of a folder nobody knows yet."""
    has_folder: bool


def may_be_paths(text: str) -> bool:
    """Whether it is worth a look at the disk."""
    return len(text) <= MAX_PATHS_CHARS and text.strip().startswith(_BEGINS)


def is_long(text: str) -> bool:
    """Whether it is better sent as a file."""
    return len(text) > LONG_CHARS or text.count("\n") >= LONG_LINES


def look(text: str) -> Dragged | None:
    """Return the files that a text names, if it names nothing else. Reads the disk."""
    for names in _readings(text.strip()):
        paths = [_path(name) for name in names]
        found = [path for path in paths if path is not None and _is_there(path)]
        if names and len(found) == len(names) <= MAX_PATHS:
            files = [path for path in found if path.is_file()]
            return Dragged(
                paths=tuple(found),
                size_bytes=sum(path.stat().st_size for path in files),
                has_folder=len(files) < len(found),
            )
    return None


def _readings(text: str) -> list[list[str]]:
    """Return the ways in which it may be a list of paths: bare lines, or words of a shell."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    try:
        return [lines, shlex.split(text)]
    except ValueError:  # a quotation mark alone
        return [lines]


def _path(name: str) -> Path | None:
    if name.startswith("file://"):
        try:
            parts = urlsplit(name)
        except ValueError:
            return None
        name = unquote(parts.path) if parts.netloc in {"", "localhost"} else ""
    path = Path.home() / name[2:] if name.startswith("~/") else Path(name)
    return path if name and path.is_absolute() else None


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):  # no right to look; a name that can't be one
        return False
