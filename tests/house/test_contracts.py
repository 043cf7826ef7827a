"""The import contracts hold, and each of them catches the violation it is there for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

RELAY_MAY_LOAD = {
    "restante.crypto",
    "restante.crypto.signatures",
    "restante.crypto.statements",
    "restante.crypto.keys",
    "restante.crypto.labels",
}


def lint_imports(tree: Path) -> tuple[int, str]:
    """Run the contracts of a tree on the package of that tree."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "--no-cache", "--no-logo"],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "COLUMNS": "200", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "restante", tmp_path / "restante", ignore=ignored)
    shutil.copytree(ROOT / "dev", tmp_path / "dev", ignore=ignored)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_the_contracts_are_kept(tree: Path) -> None:
    code, output = lint_imports(tree)
    assert code == 0, output
    assert " 0 broken" in output


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("relay/planted", "from restante.crypto import ratchet", "The relay cannot decrypt: it"),
        ("relay/planted", "import restante.crypto.aead", "The relay cannot decrypt: it"),
        ("relay/planted", "from nacl.secret import SecretBox", "Only crypto knows libsodium"),
        ("crypto/statements", "from restante.crypto import dh", "verifying signatures reaches no"),
        ("relay/planted", "from restante.client import interface", "Imports point down only"),
        ("client/planted", "from restante.relay import planted", "Imports point down only"),
        ("store/planted", "from restante.crypto import keys", "The relay cannot decrypt: it"),
        ("protocol/planted", "from restante.crypto import keys", "Imports point down only"),
        ("planted", "import this", "Imports point down only"),
        ("store/relay_planted", "import restante.store.client_planted", "tables and the client's"),
        ("client/planted", "import restante.store.relay_planted", "tables and the relay's"),
        ("protocol/planted", "from time import time", "Protocol and crypto are pure"),
        ("crypto/planted", "import os.path", "Protocol and crypto are pure"),
        ("client/planted", "import random", "No pickle and no predictable chance"),
        ("client/planted", "import sqlalchemy.orm", "Only the store knows the databases"),
        ("store/driver", "import sqlalchemy", "A client starts without SQLAlchemy"),
        ("client/planted", "from textual.app import App", "Only the TUI knows Textual"),
        ("relay/planted", "import trio_websocket", "One socket module a side"),
        ("store/planted", "import trio_asyncio", "Few seams join the loops"),
        ("client/planted", "import msgpack", "Only the codec packs and unpacks"),
        ("relay/planted", "import click", "Only the command line knows click"),
    ],
)
def test_a_planted_violation_is_caught(
    tree: Path, module: str, statement: str, contract: str
) -> None:
    for planted in (
        "relay/planted", "client/planted", "store/relay_planted", "store/client_planted", module
    ):  # fmt: skip
        file = tree / "restante" / f"{planted}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        for package in (file.parent, file.parent.parent):
            if package.is_relative_to(tree / "restante") and not (package / "__init__.py").exists():
                (package / "__init__.py").write_text("")
        file.touch()
    file = tree / "restante" / f"{module}.py"
    file.write_text(f"{file.read_text()}\n{statement}\n")
    code, output = lint_imports(tree)
    broken = [line for line in output.splitlines() if " BROKEN" in line]
    assert code == 1, output
    assert any(contract in line for line in broken), output


def test_what_a_relay_really_loads_can_open_nothing() -> None:
    program = """
import importlib, json, pkgutil, sys
import restante.relay
for module in pkgutil.walk_packages(restante.relay.__path__, "restante.relay."):
    if module.name.startswith("restante.relay.verbs."):
        continue  # the command line's own, never loaded by a relay that runs
    if module.name in {"restante.relay.own_key", "restante.relay.waking.vapid"}:
        continue  # loaded by the first start of a relay that needs a key; by its first waking
    importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    loaded = set(json.loads(done.stdout))
    assert len([name for name in loaded if name.startswith("restante.relay.")]) >= 3
    assert {name for name in loaded if name.startswith("restante.crypto")} <= RELAY_MAY_LOAD
    assert not {name for name in loaded if name.startswith("restante.client")}
    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & {"cryptography", "sqlcipher3", "textual"}
    assert not loaded & {"nacl.secret", "nacl.public", "nacl.signing", "nacl.pwhash"}
