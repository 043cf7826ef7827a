"""Starts a program that reads what may be hostile, with less than its user may: run as a file.

Rule: what is started writes no file, and takes bounded memory; imports nothing of ours.
Spec: docs/files.md, section 7.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from typing import Final

MEMORY_BYTES: Final = 4 * 1024 * 1024 * 1024

_LIMITS: Final = (
    (resource.RLIMIT_AS, MEMORY_BYTES),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NOFILE, 64),
)


def main() -> None:
    """Limit this process, and become the program."""
    for which, most in _LIMITS:
        with suppress(ValueError, OSError):  # macOS knows no limit of addresses
            resource.setrlimit(which, (most, most))
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  (an argument vector of ours; no shell)


if __name__ == "__main__":
    main()
