"""CI installs what tests need, runs what the README says, and doesn't let a test slip away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

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
PLANTED = {
    "test_skipped.py": SKIPPING.format(reason="felt like it"),
    "test_skipped_whole.py": WHOLE_MODULE.format(reason="felt like it, too"),
    "test_for_another_system.py": SKIPPING.format(reason="only on macOS: launchd"),
    "test_known.py": EXPECTED_TO_FAIL.format(reason="known"),
}
UNEXPECTED = ("test_skipped.py", "test_skipped_whole.py")


def run_planted(place: Path, *workers: str, in_ci: bool) -> tuple[int, dict[str, str]]:
    """Run the planted tests under our conftest; return the exit code and each file's outcome."""
    (place / "tests").mkdir()
    for name in ("__init__.py", "compiling.py", "conftest.py", "programs.py", "rounds.py"):
        (place / "tests" / name).write_bytes((ROOT / "tests" / name).read_bytes())
    (place / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for name, source in PLANTED.items():
        (place / "tests" / name).write_text(source)
    report = place / "report.xml"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--continue-on-collection-errors", f"--junit-xml={report}", *workers),
        ],
        cwd=place,
        env={**os.environ, "RESTANTE_CI": str(int(in_ci))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert report.exists(), done.stdout + done.stderr
    outcomes: dict[str, str] = {}
    written = ElementTree.parse(report)  # noqa: S314  # by our own pytest
    for case in written.iter("testcase"):
        module = (case.get("classname") or case.get("name") or "").rpartition(".")[2]
        (outcome,) = case
        said = f"{outcome.tag} {outcome.get('message')} {outcome.text}"
        outcomes[f"{module}.py"] = said
    return done.returncode, outcomes


@pytest.mark.parametrize(
    ("workers", "in_ci"),
    [([], True), (["-n", "1"], True), ([], False)],
    ids=["here", "in a worker", "elsewhere"],
)
def test_an_unexpected_skip_fails_in_ci_and_only_there(
    tmp_path: Path, workers: list[str], *, in_ci: bool
) -> None:
    code, outcomes = run_planted(tmp_path, *workers, in_ci=in_ci)
    assert code == int(in_ci)
    assert outcomes.keys() == PLANTED.keys()
    for name, outcome in outcomes.items():
        is_refused = in_ci and name in UNEXPECTED
        assert outcome.startswith("skipped") == (not is_refused), outcome
        assert ("unexpectedly skipped in CI: felt like it" in outcome) == is_refused, outcome
    assert "only on macOS" in outcomes["test_for_another_system.py"]
    assert "known" in outcomes["test_known.py"]


FAILS_AT_FIRST = """
import pathlib
def test_unsteady():
    been = pathlib.Path({been!r})
    there = been.exists()
    been.touch()
    assert there
"""
FAILS_ALWAYS = "\ndef test_broken(): assert 0\n"


def test_a_second_look_forgives_what_time_did_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "test.sh").write_bytes((ROOT / "dev" / "test.sh").read_bytes())
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    unsteady = FAILS_AT_FIRST.format(been=str(tmp_path / "been"))

    def look(source: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "been").unlink(missing_ok=True)
        (tmp_path / "test_it.py").write_text(source)
        return subprocess.run(
            ["sh", str(tmp_path / "dev" / "test.sh"), sys.executable, "0"],
            env={
                **os.environ,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTEST_PLUGINS": "xdist.plugin",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    forgiven = look(unsteady)
    assert forgiven.returncode == 0
    assert "UNSTEADY" in forgiven.stderr
    assert "test_it.py::test_unsteady" in forgiven.stderr
    assert look(unsteady + FAILS_ALWAYS).returncode == 1
    many = look("".join(f"def test_{n}(): assert 0\n" for n in range(6)))
    assert many.returncode == 1
    assert "too many" in many.stderr
