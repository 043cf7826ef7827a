"""The wheel that is built works installed alone, far from the tree it was built in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, distribution, distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.rounds import SOAK

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "RESTANTE_", "COVERAGE"))
    }
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def locked() -> str:
    """Return what the lock pins, as constraints (without hashes: our own wheel has none)."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9._-]+(?:\[[^]]*\])?==[^ \\]+)", text, re.MULTILINE)
    assert len(pins) > 20
    return "\n".join(pins)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """Return the `bin` of a new environment that holds the wheel and its dependencies only.

    A soak has pip find and unpack them; a short run links those that the tests run with.
    """
    folder = wheel.parent
    # Without a pip of its own, and nothing compiled that nobody runs: a third of the time.
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    programs = folder / "venv" / "bin"
    install: tuple[str | Path, ...] = ("install", "--no-compile")
    if SOAK:
        (folder / "constraints.txt").write_text(locked(), encoding="utf-8")
        run(*pip_for(programs), *install, "--constraint", "constraints.txt", wheel, cwd=folder)
    else:
        run(*pip_for(programs), *install, "--no-deps", wheel, cwd=folder)
        (site,) = folder.glob("venv/lib/python*/site-packages")
        borrow(next(distributions(name="restante", path=[str(site)])), site)
    return programs


def borrow(needing: Distribution, site: Path) -> None:
    """Link into an environment what a distribution asks for, all the way down, and nothing else."""
    asked = [(needing, "")]
    seen = set()
    while asked:
        one, extra = asked.pop()
        for line in one.requires or ():
            needed = Requirement(line)
            if needed.marker is not None and not needed.marker.evaluate({"extra": extra}):
                continue
            found = distribution(needed.name)
            assert found.version in needed.specifier
            wanted = {(found.name, each) for each in ("", *needed.extras)}
            asked += [(found, each) for _, each in wanted - seen]
            seen |= wanted
            for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
                link = site / top
                if not link.exists():
                    link.symlink_to(found.locate_file(top))


def pip_for(programs: Path) -> list[str | Path]:
    """Return the command that runs our pip on another environment."""
    quiet = ("--quiet", "--disable-pip-version-check")
    return [sys.executable, "-m", "pip", "--python", programs / "python", *quiet]


def test_the_wheel_holds_the_package_its_types_and_its_licence_and_nothing_else(
    wheel: Path,
) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"restante/__init__.py", "restante/py.typed", "restante/errors.py"} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"restante"}
    shared = {name.partition(".data/data/share/")[2] for name in names}
    assert {"man/man1/restante-send.1", "bash-completion/completions/restante"} <= shared
    source = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "restante").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert source <= names, "the wheel lacks files of the package"


def test_installed_alone_the_command_tells_its_version(installed: Path, tmp_path: Path) -> None:
    said = run(installed / "restante", "--version", cwd=tmp_path)
    assert version("restante") in said


NOT_ALONE = (
    ".__main__",  # runs when it is imported
    *(".system_keyring", ".web.serving", ".sound_worker", ".blob_bucket"),  # need an extra
)


@pytest.mark.soak
def test_installed_alone_every_module_can_be_imported(installed: Path, tmp_path: Path) -> None:
    program = f"""
import importlib, pkgutil, restante
for module in pkgutil.walk_packages(restante.__path__, "restante."):
    if not module.name.endswith({NOT_ALONE}):
        importlib.import_module(module.name)
print(restante.__file__)
"""
    where = run(installed / "python", "-c", program, cwd=tmp_path)
    assert Path(where).is_relative_to(installed.parent)


@pytest.mark.soak
def test_what_it_needs_is_what_it_says(installed: Path, tmp_path: Path) -> None:
    assert run(*pip_for(installed), "check", cwd=tmp_path) == ""
