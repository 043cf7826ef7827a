"""Take each defence away, one at a time, and require the test of its attack to fail.

A mutant is a file beside this one:

    defence = "what is taken away, and which attack becomes possible"
    file    = "restante/crypto/ratchet.py"
    find    = "text that stands there exactly once"
    replace = "what stands there instead"
    tests   = ["tests/attacks/test_replay.py::test_replay_is_refused"]

Rule: a mutant counts as caught only if its tests pass on the unchanged tree and *fail* (not: break
at collection, get skipped, or run out of time) on the changed copy, from which `restante` was
really imported. Run by `make mutants`, `make mutants ONLY=name` for one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = ROOT / "tests" / "mutants"
WORKERS = 2
TIMEOUT_S = 600

# pytest's exit codes; others mean that nothing was learnt (2 interrupted, 3 internal, 4 usage such
# as an unknown test, 5 nothing collected).
PASSED, FAILED = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One defence, and how it is taken away."""

    name: str
    defence: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Mutant:
        """Read a mutant's file; raises ValueError, naming the file, if it isn't as it should be."""
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
        missing = {"defence", "file", "find", "replace", "tests"} ^ fields.keys()
        if missing:
            raise ValueError(f"{path.name}: missing or unknown fields: {sorted(missing)}")
        if not fields["tests"]:
            raise ValueError(f"{path.name}: names no tests")
        return cls(**{**fields, "name": path.stem, "tests": tuple(fields["tests"])})

    def fault(self, tree: Path) -> str | None:
        """Say why this mutant can't be made in a tree, or None."""
        source = tree / self.file
        if not source.is_file():
            return f"{self.file} does not exist"
        text = source.read_text(encoding="utf-8")
        times = text.count(self.find)
        if times != 1:
            return f"`find` stands {times} times in {self.file}, not once"
        if self.find == self.replace:
            return "`replace` changes nothing"
        try:
            if source.suffix == ".py":
                compile(text.replace(self.find, self.replace), self.file, "exec", dont_inherit=True)
        except SyntaxError as error:
            return f"changed, {self.file} is no Python: {error}"
        for test in self.tests:
            if not (tree / test.partition("::")[0]).is_file():
                return f"{test} does not exist"
        return None

    def apply(self, tree: Path) -> None:
        """Make the change in a copy of the tree."""
        source = tree / self.file
        text = source.read_text(encoding="utf-8")
        source.write_text(text.replace(self.find, self.replace), encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a mutant: caught, or why not, with what pytest said."""

    mutant: Mutant
    caught: bool
    text: str
    output: str
    took_s: float


def read_all(only: str | None = None) -> list[Mutant]:
    """Read the committed mutants, or those whose name contains `only`."""
    found = [Mutant.read(path) for path in sorted(MUTANTS.glob("*.toml"))]
    return [mutant for mutant in found if only is None or only in mutant.name]


def try_mutant(mutant: Mutant) -> Verdict:
    """Run a mutant's tests on the unchanged tree and on a changed copy of it."""
    started = time.monotonic()

    def verdict(text: str, output: str = "", *, caught: bool = False) -> Verdict:
        took_s = time.monotonic() - started
        return Verdict(mutant=mutant, caught=caught, text=text, output=output, took_s=took_s)

    if fault := mutant.fault(ROOT):
        return verdict(f"void: {fault}")
    with tempfile.TemporaryDirectory(prefix="restante-mutant-") as folder:
        tree = Path(folder) / "tree"
        _copy_tree(tree)
        code, output = _run_tests(tree, mutant.tests)
        if code != PASSED or "skipped" in output.splitlines()[-1]:
            return verdict(f"void: unchanged, its tests do not pass (exit code {code})", output)
        mutant.apply(tree)
        code, output = _run_tests(tree, mutant.tests)
    if code == FAILED:
        return verdict("caught", caught=True)
    if code == PASSED:
        return verdict("SURVIVED: its tests pass without the defence", output)
    return verdict(f"void: its tests broke instead of failing (exit code {code})", output)


def _copy_tree(tree: Path) -> None:
    ignored = shutil.ignore_patterns(
        ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "dist", "build", "*.sock"
    )
    shutil.copytree(ROOT, tree, ignore=ignored, symlinks=True)


def _run_tests(tree: Path, tests: tuple[str, ...]) -> tuple[int | None, str]:
    """Run tests in a tree with the package of that tree; None as exit code: not to be trusted."""
    # PYTHONPATH goes before the editable install's .pth, in the programs that tests start as well.
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("RESTANTE_", "PYTEST_"))},
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",  # no stale bytecode of the unchanged file either
    }
    where = subprocess.run(
        [sys.executable, "-c", "import restante; print(restante.__file__)"],
        cwd=tree.parent, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if Path(where.stdout.strip()) != tree / "restante" / "__init__.py":
        return None, f"the copy's package is not what gets imported: {where.stdout}{where.stderr}"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, f"ran out of time ({TIMEOUT_S} s)"
    return done.returncode, done.stdout.strip() or "(no output)"


def main(arguments: list[str]) -> int:
    """Try the mutants and print a table; 1 unless every one is caught."""
    mutants = read_all(arguments[0] if arguments else None)
    if not mutants:
        print("No such mutant." if arguments else "No mutants are committed.")
        return 1
    width = max(len(mutant.name) for mutant in mutants)
    verdicts: list[Verdict] = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for verdict in pool.map(try_mutant, mutants):
            verdicts.append(verdict)
            print(
                f"{verdict.mutant.name:{width}}  {verdict.took_s:5.1f} s  {verdict.text}",
                flush=True,
            )
    escaped = [verdict for verdict in verdicts if not verdict.caught]
    for verdict in escaped:
        print(f"\n--- {verdict.mutant.name}: {verdict.mutant.defence}\n{verdict.text}")
        print("\n".join(verdict.output.splitlines()[-25:]))
    print(f"\n{len(verdicts) - len(escaped)} of {len(verdicts)} mutants caught")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
