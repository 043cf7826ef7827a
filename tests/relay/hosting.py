"""What the tests of `relay up` and `down` share: where things are, and running the commands."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from restante.cli import run_cli
from restante.errors import ExitCode
from restante.relay.hosting import service

PATIENCE_S = 60
PROGRAM = str(Path(sys.prefix) / "bin" / "restante")
UNIT = service.UNIT_PATH.lstrip("/")
SETTINGS = service.SETTINGS_PATH.lstrip("/")
DATA = service.DATA_PATH.lstrip("/")
ONION = "v" * 56 + ".onion"

# Root makes users and gives files away, as on a server; CI is root.
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a system user")
needs_systemd = pytest.mark.needs("systemd-analyze")


def relay(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[Any], str]:
    """Run a command of the relay's; return its code, its objects and what it says to people."""
    capsys.readouterr()
    code = run_cli(["relay", *arguments, "--json"])
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def up(capsys: pytest.CaptureFixture[str], root: Path, *more: str) -> list[str]:
    """Run `up`; return the states of its steps."""
    code, objects, said = relay(capsys, "up", "--root", str(root), "--yes", *more)
    assert code == ExitCode.OK, said
    assert "Nothing was started" in said
    return [one["state"] for one in objects]


def files(root: Path) -> dict[str, str]:
    """Return what is below a root, but for the files that user tools leave beside their own."""
    return {
        str(path.relative_to(root)): path.read_text(errors="replace") if path.is_file() else "/"
        for path in sorted(root.rglob("*"))
        if not path.name.endswith("-") and path.name != ".pwd.lock"
    }
