"""Run every benchmark in a process of its own and print its figures as JSON lines.

A benchmark is a module `benchmarks/bench_*.py` with

    def run() -> Iterator[dict]: ...

that yields rows `{"bench": what, "value": number, "unit": unit, "how": how it was taken}`.
The first lines are the machine and its own speed (benchmarks/reference.py), taken in the same run,
since an absolute figure means little without them. A benchmark that fails gives a row with `error`
instead of `value`; the others still run, and the exit code is 1.

`make bench ONLY=ratchet` runs those whose name contains it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = "reference"
TIMEOUT_S = 2_400
FIELDS: dict[str, type | tuple[type, ...]] = {
    "bench": str,
    "value": (int, float),
    "unit": str,
    "how": str,
}


def main(arguments: list[str]) -> int:
    """Print the rows of the reference and of every benchmark; 1 if one failed."""
    only = arguments[0] if arguments else ""
    names = sorted(path.stem for path in (ROOT / "benchmarks").glob("bench_*.py"))
    wanted = [name for name in names if only in name]
    if not wanted:
        _print_error(only or "bench", "there is no such benchmark")
        return 1
    failed = [name for name in (REFERENCE, *wanted) if not _run_apart(name)]
    return 1 if failed else 0


def run_one(name: str) -> int:
    """Run one benchmark in this process and print its rows."""
    try:
        for row in importlib.import_module(f"benchmarks.{name}").run():
            _check(row)
            print(json.dumps(row, ensure_ascii=False), flush=True)
    except BaseExceptionGroup as group:
        traceback.print_exception(group)
        error = _first_of(group)  # the last line that is said is what went wrong, not a frame
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


def _first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _check(row: dict[str, object]) -> None:
    for field, kind in FIELDS.items():
        if not isinstance(row.get(field), kind) or isinstance(row[field], bool):
            raise TypeError(f"a row needs `{field}`, a {kind}: {row}")
    if set(row) != set(FIELDS) or not math.isfinite(row["value"]):  # type: ignore[arg-type]
        raise ValueError(f"a row has exactly {sorted(FIELDS)}, and a finite value: {row}")


def _run_apart(name: str) -> bool:
    """Run one benchmark in its own process; its rows go to stdout as they come."""
    command = [sys.executable, "-m", "benchmarks.run", "--one", name]
    # A session of its own, so that what a benchmark starts ends with it.
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as stderr,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=stderr, start_new_session=True
        ) as process,
    ):
        code = None
        try:
            code = process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # gone already
                os.killpg(process.pid, signal.SIGKILL)
        if code == 0:
            return True
        stderr.seek(0)
        said = stderr.read()
    sys.stderr.write(said)
    late = f"took more than {TIMEOUT_S} s"
    last = said.strip().rpartition("\n")[2] or f"exit code {code}"
    _print_error(name, late if code is None else last)
    return False


def _print_error(name: str, reason: str) -> None:
    print(json.dumps({"bench": name, "error": reason}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        sys.exit(run_one(sys.argv[2]))
    sys.exit(main(sys.argv[1:]))
