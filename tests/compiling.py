"""What a run imports, compiled once before its workers start; each would compile all of it itself.

Rule: only what a fresh tree lacks is written, where the interpreter, pytest's rewriter of asserts
and Hypothesis look for it; whatever can't be written here, the workers make as ever.
"""

from __future__ import annotations

import compileall
import os
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from _pytest.assertion import rewrite
from hypothesis.errors import HypothesisSideeffectWarning
from hypothesis.internal.constants_ast import constants_from_module

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[1]


def compile_everything(config: pytest.Config) -> None:
    """Compile the package and the tests, in a process for each core."""
    files = sorted([*ROOT.glob("restante/**/*.py"), *ROOT.glob("tests/**/*.py")])
    shares = os.cpu_count() or 1
    children = []
    for share in range(shares):
        pid = os.fork()
        if pid == 0:
            try:
                warnings.simplefilter("ignore", HypothesisSideeffectWarning)  # slow, and meant
                for path in files[share::shares]:
                    with suppress(OSError, SyntaxError):  # who imports it says so
                        _compile(path, config)
            except Exception:  # of a newer pytest or Hypothesis: nothing else depends on it
                traceback.print_exc()
            finally:
                os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


def _compile(path: Path, config: pytest.Config) -> None:
    if not path.name.startswith(("test_", "conftest")):
        compileall.compile_file(path, quiet=2)
        if path.is_relative_to(ROOT / "restante"):  # its numbers and texts, to draw examples from
            module = ModuleType(path.stem)
            module.__file__ = str(path)
            constants_from_module(module)
        return
    folder = rewrite.get_cache_dir(path)
    rewritten = folder / f"{path.stem}{rewrite.PYC_TAIL}"
    if rewrite._read_pyc(path, rewritten) is None:
        source_hash, code = rewrite._rewrite_test(path, config)
        rewrite.try_makedirs(folder)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, rewritten)
