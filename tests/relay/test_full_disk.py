"""A disk that is really full: a small file system of its own, which only this process sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE_S, ROOT

MOUNT = 'mount -t tmpfs -o size=24m none "$0" && exec "$@"'
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT)


def in_a_small_file_system(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command that sees 24 MiB at `place`."""
    return subprocess.run(
        [*NAMESPACE, str(place), *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def test_a_full_disk_is_told_and_nothing_is_lost_and_it_goes_on_with_room(tmp_path: Path) -> None:
    try:
        tried = in_a_small_file_system(tmp_path, "true")
    except FileNotFoundError:
        pytest.skip("only where mount namespaces are allowed: there is no unshare")
    if tried.returncode:
        pytest.skip(f"only where mount namespaces are allowed: {tried.stderr.strip()}")
    done = in_a_small_file_system(
        tmp_path, sys.executable, "-m", "tests.relay.full_disk", str(tmp_path)
    )
    assert done.returncode == 0, done.stderr[-3000:]
