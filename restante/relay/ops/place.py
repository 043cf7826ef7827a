"""Where a running relay is asked: a Unix socket in its directory, for its owner alone.

Rule: a directory's path may be longer than a socket's name can be; then it is reached through the
open directory. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SOCKET_FILE: Final = "admin.sock"
MAX_LINE_BYTES: Final = 1024 * 1024
"""A page of accounts, with room."""

_MAX_PATH_BYTES: Final = 100
"""A socket's name has 108 bytes on Linux and 104 elsewhere."""


@contextmanager
def reachable(data: Path) -> Iterator[Path]:
    """Give the path of a directory in a form short enough for a socket in it. Raises OSError."""
    if len(os.fsencode(data / SOCKET_FILE)) <= _MAX_PATH_BYTES:
        yield data
        return
    held = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/self/fd/{held}")
    finally:
        os.close(held)
