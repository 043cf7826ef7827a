"""`make` finds a Python, says so when there is none, and mends what it finds broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pip
import pytest

from tests.rounds import SOAK

ROOT = Path(__file__).resolve().parents[2]


def dev(tree: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", tree / "dev" / "venv.sh"],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree whose lock asks for nothing and whose package is empty."""
    tree = tmp_path / "a tree"  # people do put spaces into paths
    (tree / "dev").mkdir(parents=True)
    for name in ("venv.sh", "venv.py"):
        (tree / "dev" / name).write_bytes((ROOT / "dev" / name).read_bytes())
    (tree / "requirements.lock").write_text("")
    (tree / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "restante"\nversion = "0"\n'
    )
    (tree / "backend.py").write_text(BACKEND)
    return tree


# The least that pip accepts as a build backend, so that this test needs no index.
BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "restante-0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        info = "restante-0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: restante\\nVersion: 0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name

build_wheel = build_editable
"""


# Unpacking pip takes most of the time that an environment takes. A short run makes environments
# that borrow ours; `make venv`, by which these tests run at all, and a soak unpack it.
BORROWING = """#!/bin/sh
case "$*" in
"-m venv --clear "*)
    shift 3
    "{python}" -m venv --clear --without-pip "$1"
    for site in "$1"/lib/python*/site-packages; do ln -s "{pip}" "$site/pip"; done ;;
"-I dev/venv.py")
    exec "{python}" -I -c 'import runpy, sys
sys.executable = sys.argv[1]
runpy.run_path("dev/venv.py", run_name="__main__")' "$0" ;;
*)
    exec "{python}" "$@" ;;
esac
"""


@pytest.fixture
def python_here(tmp_path: Path) -> str:
    """Return the Python to make environments with."""
    if SOAK:
        return sys.executable
    borrowing = tmp_path / "python"
    borrowing.write_text(BORROWING.format(python=sys.executable, pip=Path(pip.__file__).parent))
    borrowing.chmod(0o700)
    return str(borrowing)


def test_without_a_python_that_is_new_enough_one_sentence_says_so(tree: Path) -> None:
    done = dev(tree, PYTHON="/bin/false")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert not (tree / ".venv").exists()


@pytest.mark.soak
def test_a_broken_environment_is_made_anew_and_a_whole_one_is_left_alone(
    tree: Path, python_here: str
) -> None:
    python = tree / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/no/such/python")
    keep = tree / ".venv" / "keep"
    keep.touch()
    done = dev(tree, PYTHON=python_here)
    assert done.returncode == 0, done.stderr
    assert not keep.exists()

    keep.touch()
    stamp = tree / ".venv" / "restante.stamp"
    before = stamp.stat().st_mtime_ns
    again = dev(tree, PYTHON=python_here)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert stamp.stat().st_mtime_ns == before

    (tree / "requirements.lock").write_text("# changed\n")
    assert dev(tree, PYTHON=python_here).returncode == 0
    assert stamp.stat().st_mtime_ns > before
    assert keep.exists(), "a changed lock is no reason to start from nothing"

    was = json.loads(stamp.read_text())
    tree.rename(tree.parent / "moved")
    moved = tree.parent / "moved"
    assert dev(moved, PYTHON=python_here).returncode == 0
    assert json.loads((moved / ".venv" / "restante.stamp").read_text()) != was
    assert not (moved / ".venv" / "keep").exists()


def test_the_lock_pins_every_dependency_by_hash_and_within_our_ranges() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(
        r"^(\S+?)==(?:.*\\\n)((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", lock, re.MULTILINE
    )
    pinned = {name.partition("[")[0] for name, _hashes in entries}
    # One may stand twice, for older and for newer Pythons: each with its own hashes.
    assert len(entries) == len(re.findall(r"^[a-z]", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.split(r"[\[<>=~ ]", requirement)[0].lower() for requirement in asked}
    assert names <= pinned
