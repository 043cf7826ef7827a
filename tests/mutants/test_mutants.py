"""Mutants stay applicable as the code moves on, and the program that tries them can be trusted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.mutants import run
from tests.mutants.run import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("path", sorted(MUTANTS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_mutant_still_applies_and_its_tests_exist(path: Path) -> None:
    mutant = Mutant.read(path)
    assert mutant.fault(ROOT) is None
    for test in mutant.tests:
        file, *names = test.split("::")
        source = (ROOT / file).read_text(encoding="utf-8")
        for name in names:
            bare = name.partition("[")[0]
            assert f"def {bare}(" in source or f"class {bare}" in source, test


SAMPLE = Mutant(
    name="sample",
    defence="a sample for this test",
    file="restante/__init__.py",
    find="__version__ = ",
    replace='__planted__ = "mutant"\n__version__ = ',
    tests=("tests/mutants/sample_defence.py::test_holds",),
)


def test_a_mutant_that_its_test_notices_is_caught() -> None:
    verdict = run.try_mutant(SAMPLE)
    assert verdict.caught, verdict.output


def test_a_mutant_that_its_test_misses_survives() -> None:
    blind = ("tests/mutants/sample_defence.py::test_looks_elsewhere",)
    verdict = run.try_mutant(dataclasses.replace(SAMPLE, tests=blind))
    assert not verdict.caught
    assert verdict.text.startswith("SURVIVED")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"find": "no such text"}, "stands 0 times"),
        ({"find": "e"}, "not once"),
        ({"tests": ("tests/mutants/sample_defence.py::test_unknown",)}, "do not pass"),
        ({"tests": ("tests/mutants/sample_defence.py::test_is_skipped",)}, "do not pass"),
        ({"tests": ("tests/mutants/no_such_file.py::test_x",)}, "does not exist"),
        ({"replace": "__version__ == == "}, "is no Python"),
        ({"replace": "raise SystemExit(2)\n__version__ = "}, "broke instead of failing"),
    ],
)
def test_a_mutant_that_shows_nothing_is_never_counted_as_caught(
    change: dict[str, object], why: str
) -> None:
    verdict = run.try_mutant(dataclasses.replace(SAMPLE, **change))  # type: ignore[arg-type]
    assert not verdict.caught
    assert verdict.text.startswith("void")
    assert why in verdict.text
