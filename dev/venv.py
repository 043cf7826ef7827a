"""Bring `.venv` to what requirements.lock says; do nothing, fast, when it is there already.

Rule: every package is installed from the lock, by hash, without building anything that the lock
doesn't pin. A stamp records what the environment was made from; a broken environment, one of
another interpreter and one that was moved are made anew. Standard library only, since it runs
before anything is installed; it must also do without ensurepip, which Debian packages apart.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "restante.stamp"
LOCK = ROOT / "requirements.lock"

# Where Python comes without ensurepip, pip is its own installer: a wheel is a runnable archive.
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_URL = (
    "https://files.pythonhosted.org/packages/07/25/"
    f"ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/{PIP_WHEEL}"
)
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main() -> int:
    """Make or mend `.venv`; 0 when it is usable."""
    with LOCK.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two `make` at once: the second finds the work done
        wanted = _wanted()
        stamped = _stamped()
        usable = _identity_of(PYTHON) == wanted["interpreter"]
        if usable and stamped == wanted:
            return 0
        moved = stamped is not None and stamped.get("place") != wanted["place"]
        if not usable or moved:
            _say(f"Making .venv with Python {sys.version.split()[0]}.")
            _make()
        _say("Installing what requirements.lock pins; the first time this takes about a minute.")
        STAMP.unlink(missing_ok=True)
        if not (_pip("install", "--require-hashes", "-r", str(LOCK)) and _install_ourselves()):
            _say("Could not install: see the lines above. Is the package index reachable?")
            return 1
        STAMP.write_text(json.dumps(wanted), encoding="utf-8")
    return 0


def _wanted() -> dict[str, str]:
    return {
        "place": str(ROOT),
        "interpreter": _identity(),
        "lock": hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        "project": hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
    }


def _stamped() -> dict[str, str] | None:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def _identity() -> str:
    """Name the interpreter: its kind, version and home (the same for a venv made of it)."""
    return f"{sys.implementation.cache_tag} {sys.base_prefix}"


def _identity_of(python: Path) -> str | None:
    """Ask another interpreter for its identity; None when it doesn't run."""
    code = "import sys; print(sys.implementation.cache_tag, sys.base_prefix)"
    try:
        done = subprocess.run(
            [python, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _make() -> None:
    if importlib.util.find_spec("ensurepip") is not None:
        _venv("--clear")
        return
    _venv("--clear", "--without-pip")
    wheel = VENV / PIP_WHEEL
    try:
        with urllib.request.urlopen(PIP_URL, timeout=60) as answer:  # noqa: S310  # constant https
            content = answer.read()
    except (OSError, urllib.error.URLError) as error:
        sys.exit(f"This Python has no ensurepip and pip could not be fetched ({error}). "
                 "On Debian and Ubuntu: apt install python3-venv")  # fmt: skip
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        sys.exit("The pip that was downloaded is not the one this tree names; nothing was run.")
    wheel.write_bytes(content)
    subprocess.run([PYTHON, wheel / "pip", "install", "-qq", wheel], check=True)


def _venv(*options: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", *options, VENV], check=True)


def _install_ourselves() -> bool:
    return _pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def _pip(*arguments: str) -> bool:
    command = [str(PYTHON), "-m", "pip", "-qq", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode == 0


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
