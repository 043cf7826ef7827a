"""CI installs what tests need, runs what the README says, and doesn't let a test slip away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import PROGRAMS, find_program

ROOT = Path(__file__).resolve().parents[2]
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_ci_installs_every_program_a_test_may_need() -> None:
    table = CI.partition("needed='\n")[2].partition("'\n")[0]
    installed = {line.split()[0] for line in table.splitlines()}
    assert set(PROGRAMS) <= installed


def test_ci_and_the_readme_run_the_same_command() -> None:
    assert "\nmake test </dev/null " in CI
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_program_that_ci_would_not_install_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError):
        find_program("no-such-program")


SKIPPING = """
import pytest

def test_here():
    pytest.skip({reason!r})
"""
WHOLE_MODULE = """
import pytest
pytest.skip({reason!r}, allow_module_level=True)
"""
EXPECTED_TO_FAIL = """
import pytest

@pytest.mark.xfail(reason={reason!r})
def test_here():
    assert 0
"""


@pytest.mark.parametrize(
    ("source", "reason", "in_ci", "code"),
    [
        (SKIPPING, "felt like it", True, 1),
        (SKIPPING, "felt like it", False, 0),
        (SKIPPING, "only on macOS: launchd", True, 0),
        (WHOLE_MODULE, "felt like it", True, 2),
        (WHOLE_MODULE, "felt like it", False, 5),  # nothing collected
        (EXPECTED_TO_FAIL, "known", True, 0),
    ],
)
@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["here", "in a worker"])
def test_an_unexpected_skip_fails_in_ci_and_only_there(
    tmp_path: Path, source: str, reason: str, in_ci: bool, code: int, workers: list[str]
) -> None:
    (tmp_path / "tests").mkdir()
    for name in ("__init__.py", "conftest.py", "programs.py", "rounds.py"):
        (tmp_path / "tests" / name).write_bytes((ROOT / "tests" / name).read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "tests" / "test_planted.py").write_text(source.format(reason=reason))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers],
        cwd=tmp_path,
        env={**os.environ, "RESTANTE_CI": str(int(in_ci))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if workers and code == 2:
        code = 1  # a worker's collection error ends the run with 1
    assert done.returncode == code, done.stdout + done.stderr
    assert (reason in done.stdout) == (code != 0 or "skip" in source or "xfail" in source)
