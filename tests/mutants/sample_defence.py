"""Tests that only test_mutants.py runs, by name: what the tests of a mutant can be like."""

from __future__ import annotations

import subprocess
import sys

import pytest

import restante


def test_holds() -> None:
    # In a program started by a test, from another folder, it is the same package too.
    code = "import restante; print(restante.__file__, hasattr(restante, '__planted__'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [restante.__file__, str(hasattr(restante, "__planted__"))]
    assert not hasattr(restante, "__planted__")


def test_looks_elsewhere() -> None:
    assert restante.__version__


def test_is_skipped() -> None:
    pytest.skip("to see that a skipped test proves nothing")
