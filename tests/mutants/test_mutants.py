"""Mutants stay applicable as the code moves on, and the program that tries them can be trusted."""

from __future__ import annotations

import dataclasses
from functools import cache

import pytest

from tests.mutants import run
from tests.mutants.run import MUTANTS, ROOT, Mutant


@cache
def source_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def test_every_mutant_still_applies_and_its_tests_exist() -> None:
    faults = []
    for path in sorted(MUTANTS.glob("*.toml")):
        mutant = Mutant.read(path)
        if (fault := mutant.fault(ROOT)) is not None:
            faults.append(f"{path.stem}: {fault}")
        for test in mutant.tests:
            file, *names = test.split("::")
            for name in names:
                bare = name.partition("[")[0]
                source = source_of(file)
                if f"def {bare}(" not in source and f"class {bare}" not in source:
                    faults.append(f"{path.stem}: there is no {test}")
    assert not faults


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
