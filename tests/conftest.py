"""What all tests share: seeds and rounds, programs a machine may lack, no silent skip in CI."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import hypothesis
import pytest

from tests.compiling import compile_everything
from tests.programs import find_program
from tests.rounds import SEED, SOAK, rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)

IN_CI = os.environ.get("RESTANTE_CI") == "1"

# Skips that are right even in CI, by how their reason begins.
EXPECTED_SKIPS = (
    "only on macOS",  # CI is Linux
    "only where mount namespaces are allowed",  # containers without rights of their own
)

PURE = ("crypto", "protocol", "vectors")
"""Folders of tests that wait for nothing and last for milliseconds."""

# Where databases lie that are committed to thousands of times. What is killed here dies as a
# process does, never as a machine: files in memory prove as much as those of a disk that syncs.
_IN_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 4 * 1024**3


def _use_files_in_memory() -> None:
    """Keep this run's temporary files in memory, where there is much; TMPDIR says otherwise."""
    if "TMPDIR" in os.environ or not os.access(_IN_MEMORY, os.W_OK):
        return
    room = os.statvfs(_IN_MEMORY)
    if room.f_bavail * room.f_frsize >= _ENOUGH_BYTES:
        tempfile.tempdir = os.environ["TMPDIR"] = str(_IN_MEMORY)  # for workers and programs too


def _hear_ctrl_c() -> None:
    """Take Ctrl-C as any program does: a shell's background jobs, and theirs, would ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


_use_files_in_memory()
_hear_ctrl_c()

# Durations belong in benchmarks: a slow machine must not fail a test, so no deadlines here.
_SLOW_IS_FINE = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "short",
    max_examples=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
hypothesis.settings.register_profile(
    "ci",
    hypothesis.settings.get_profile("short"),
    derandomize=True,  # as the fixed seed of .ci/run: the same tree has the same outcome
)
hypothesis.settings.register_profile(
    "soak",
    max_examples=5_000,
    stateful_step_count=200,
    deadline=None,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
hypothesis.settings.load_profile("soak" if SOAK else "ci" if IN_CI else "short")


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers `-n auto` is: two more than cores, since half of them mostly wait."""
    return 2 + (os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    """Compile what the workers of this run would each compile."""
    has_workers = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if has_workers and hasattr(os, "fork") and not sys.dont_write_bytecode:
        compile_everything(config)


def pytest_report_header() -> str:
    """Say by which seed this run goes, so that it can be repeated."""
    return f"seed: {SEED} (RESTANTE_SEED={SEED} repeats it), rounds: {'long' if SOAK else 'short'}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as `soak` whatever has a long form: soak_rounds, and every Hypothesis test.

    What has none but a long form (`soak_alone`) is left out of a short run. Workers take the files
    of all folders by turns, and last those of the pure parts, whose tests are all short.
    """
    if not SOAK and (left_out := [item for item in items if item.get_closest_marker("soak_alone")]):
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        takes_rounds = "soak_rounds" in getattr(item, "fixturenames", ())
        by_hypothesis = hypothesis.is_hypothesis_test(getattr(item, "obj", None))
        if takes_rounds or by_hypothesis:
            item.add_marker(pytest.mark.soak)
    if hasattr(config, "workerinput"):
        items.sort(key=_turns([item.path for item in items]))


def _turns(paths: Iterable[Path]) -> Callable[[pytest.Item], tuple[bool, float, Path]]:
    """Return by what items are sorted: whether a folder is pure, how far in it a file stands."""
    folders: dict[Path, list[Path]] = {}
    for path in dict.fromkeys(paths):
        folders.setdefault(path.parent, []).append(path)
    at = {file: n / len(files) for files in folders.values() for n, file in enumerate(files)}
    return lambda item: (item.path.parent.name in PURE, at[item.path], item.path)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose programs are not installed, and say which."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if find_program(program) is None:
                pytest.skip(f"{program} is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, turn an unexpected skip into a failure."""
    report = yield
    return _refuse_skip(report, item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI, turn an unexpected skip of a whole module into a failure."""
    report = yield
    return _refuse_skip(report, collector.nodeid)


def _refuse_skip(report: _Report, where: str) -> _Report:
    if not IN_CI or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if not reason.startswith(EXPECTED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"{where}: unexpectedly skipped in CI: {reason}"
    return report


@pytest.fixture
def soak_rounds() -> Callable[[int, int], int]:
    """Return `rounds(short, long)`; a test that takes this runs its long form in `make soak`."""
    return rounds


@pytest.fixture
def seeded_random(request: pytest.FixtureRequest) -> random.Random:
    """Return chance that follows from the run's seed and this test's name, and nothing else."""
    return random.Random(f"{SEED} {request.node.nodeid}")
