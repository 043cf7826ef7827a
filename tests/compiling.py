"""What a run imports, compiled once before its workers start; each would compile all of it itself.

Rule: only what a fresh tree lacks is written, where the interpreter and pytest's rewriter of
assertions look for it; whatever can't be written here, the workers compile as ever.
"""

from __future__ import annotations

import compileall
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from _pytest.assertion import rewrite

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
                for path in files[share::shares]:
                    with suppress(OSError, SyntaxError):  # who imports it says so
                        _compile(path, config)
            finally:
                os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


def _compile(path: Path, config: pytest.Config) -> None:
    if not path.name.startswith(("test_", "conftest")):
        compileall.compile_file(path, quiet=2)
        return
    folder = rewrite.get_cache_dir(path)
    rewritten = folder / f"{path.stem}{rewrite.PYC_TAIL}"
    if rewrite._read_pyc(path, rewritten) is None:
        source_hash, code = rewrite._rewrite_test(path, config)
        rewrite.try_makedirs(folder)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, rewritten)
