"""The programs beyond pip that tests need, and where to find them.

Rule: `.ci/run` installs every one of them (a test compares the lists), so a test that needs one is
skipped on somebody's machine and never in CI.
"""

from __future__ import annotations

import shutil
from pathlib import Path

PROGRAMS = {
    "tmux": "the TUI in a real terminal",
    "git": "the hook of examples/",
    "promtool": "the alerts in deploy/",
    "systemd-analyze": "the unit that `relay up` writes",
    "chromium": "an exported page in a browser",
    "ffmpeg": "videos that are sent",
    "postgres": "relays that share a database",
}


def find_program(name: str) -> str | None:
    """Return the path of a program in PROGRAMS, or None where it is not installed.

    PostgreSQL's programs are also looked for where Debian and Homebrew keep them.
    """
    if name not in PROGRAMS:
        raise KeyError(f"{name} is not in tests/programs.py, so CI would not install it")
    if found := shutil.which(name):
        return found
    for pattern in ("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql*/bin"):
        for folder in sorted(Path("/").glob(pattern), reverse=True):
            if (folder / name).is_file():
                return str(folder / name)
    return None
