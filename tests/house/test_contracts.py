"""The import contracts hold, and each of them catches the violation it is there for."""

from __future__ import annotations

import json
import re
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


def a_tree(place: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "restante", place / "restante", ignore=ignored)
    shutil.copytree(ROOT / "dev", place / "dev", ignore=ignored)
    shutil.copy(ROOT / ".importlinter", place)
    return place


def test_the_contracts_are_kept(tmp_path: Path) -> None:
    code, output = lint_imports(a_tree(tmp_path))
    assert code == 0, output
    assert " 0 broken" in output


PLANTED = [
    ("relay/planted_0", "from restante.crypto import ratchet", "The relay cannot decrypt: it"),
    ("relay/planted_1", "import restante.crypto.aead", "The relay cannot decrypt: it"),
    ("relay/planted_2", "from nacl.secret import SecretBox", "Only crypto knows libsodium"),
    ("crypto/statements", "from restante.crypto import dh", "verifying signatures reaches no"),
    ("relay/planted_3", "from restante.client import interface", "Imports point down only"),
    ("client/planted_4", "from restante.relay import planted", "Imports point down only"),
    ("store/planted_5", "from restante.crypto import keys", "The relay cannot decrypt: it"),
    ("protocol/planted_6", "from restante.crypto import keys", "Imports point down only"),
    ("planted_7", "import this", "Imports point down only"),
    ("store/relay_planted_8", "import restante.store.client_planted", "tables and the client's"),
    ("client/planted_9", "import restante.store.relay_planted", "tables and the relay's"),
    ("protocol/planted_10", "from time import time", "Protocol and crypto are pure"),
    ("crypto/planted_11", "import os.path", "Protocol and crypto are pure"),
    ("client/planted_12", "import random", "No pickle and no predictable chance"),
    ("client/planted_13", "import sqlalchemy.orm", "Only the store knows the databases"),
    ("store/driver", "import sqlalchemy", "A client starts without SQLAlchemy"),
    ("client/planted_14", "from textual.app import App", "Only the TUI knows Textual"),
    ("relay/planted_15", "import trio_websocket", "One socket module a side"),
    ("store/planted_16", "import trio_asyncio", "Few seams join the loops"),
    ("client/planted_17", "import msgpack", "Only the codec packs and unpacks"),
    ("relay/planted_18", "import click", "Only the command line knows click"),
]
"""Modules, each with a violation of its own, and the contract that has to name it."""


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Plant all violations in one tree; return what each contract's report says."""
    tree = a_tree(tmp_path_factory.mktemp("planted")) / "restante"
    for imported in ("relay/planted", "store/relay_planted", "store/client_planted"):
        (tree / f"{imported}.py").touch()
    for module, statement, _ in PLANTED:
        with (tree / f"{module}.py").open("a", encoding="utf-8") as file:
            file.write(f"\n{statement}\n")
    code, output = lint_imports(tree.parent)
    assert code == 1, output
    _, *parts = re.split(
        r"^(\S.*)\n-+$", output.partition("Broken contracts")[2], flags=re.MULTILINE
    )
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize(("module", "statement", "contract"), PLANTED)
def test_a_planted_violation_is_caught(
    named: dict[str, str], module: str, statement: str, contract: str
) -> None:
    (said,) = [said for name, said in named.items() if contract in name]
    imported = "" if statement == "import this" else " -> "
    assert f"restante.{module.replace('/', '.')}{imported}" in said, said


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
