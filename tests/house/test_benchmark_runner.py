"""The program that takes the figures loses none of them when one benchmark fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

GOOD = 'def run():\n    yield {"bench": "good", "value": 1.5, "unit": "s", "how": "by hand"}\n'
RAISES = GOOD + '    raise RuntimeError("no luck")\n'
EXITS = "import os\ndef run():\n    yield from ()\n    os._exit(7)\n"
WRONG = 'def run():\n    yield {"bench": "wrong", "value": True, "unit": "s", "how": "by hand"}\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    for name in ("__init__.py", "run.py"):
        shutil.copy(ROOT / "benchmarks" / name, folder)
    (folder / "reference.py").write_text(GOOD.replace("good", "reference"))
    return tmp_path


def bench(tree: Path, *arguments: str) -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_reference_comes_first_and_every_figure_is_a_json_line(tree: Path) -> None:
    (tree / "benchmarks" / "bench_a.py").write_text(GOOD)
    code, rows = bench(tree)
    assert code == 0
    assert [row["bench"] for row in rows] == ["reference", "good"]
    assert rows[1] == {"bench": "good", "value": 1.5, "unit": "s", "how": "by hand"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [(RAISES, "RuntimeError: no luck"), (EXITS, "exit code 7"), (WRONG, "TypeError")],
    ids=["raises", "dies", "malformed"],
)
def test_one_failing_benchmark_is_an_error_row_and_the_others_still_run(
    tree: Path, source: str, reason: str
) -> None:
    (tree / "benchmarks" / "bench_a.py").write_text(source)
    (tree / "benchmarks" / "bench_b.py").write_text(GOOD)
    code, rows = bench(tree)
    assert code == 1
    assert reason in str(next(row["error"] for row in rows if row["bench"] == "bench_a"))
    assert rows[-1]["bench"] == "good"


def test_only_those_asked_for_run(tree: Path) -> None:
    (tree / "benchmarks" / "bench_a.py").write_text(RAISES)
    (tree / "benchmarks" / "bench_b.py").write_text(GOOD)
    code, rows = bench(tree, "bench_b")
    assert code == 0
    assert [row["bench"] for row in rows] == ["reference", "good"]
    assert bench(tree, "no such")[0] == 1
