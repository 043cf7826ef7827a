"""The log file: where a fault happened, and nothing of what was being handled."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from restante.client.log import describe, log_bug, open_log


@pytest.fixture(autouse=True)
def _close_log() -> Iterator[None]:
    yield
    logger = logging.getLogger("restante")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True


def _fail(secret: str) -> None:
    padded = secret * 2
    raise ValueError(f"could not read {padded}")


def test_a_bug_is_logged_with_its_place_but_no_text_and_no_locals(tmp_path: Path) -> None:
    path = tmp_path / "restante.log"
    open_log(path)
    try:
        try:
            _fail("meet me at nine")
        except ValueError as error:
            raise RuntimeError("meet me at nine") from error
    except RuntimeError as error:
        log_bug(error)
    written = path.read_text()
    assert "builtins.RuntimeError" in written
    assert "builtins.ValueError" in written
    assert "test_log.py" in written
    assert "_fail" in written
    assert "meet me" not in written
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_groups_and_numbers_of_the_system_are_described() -> None:
    text = describe(ExceptionGroup("secret", [OSError(28, "secret"), KeyError("secret")]))
    assert "OSError errno 28" in text
    assert "KeyError" in text
    assert "secret" not in text


def test_the_log_is_rotated_once_and_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "restante.log"
    open_log(path, max_bytes=2000)
    for number in range(100):
        logging.getLogger("restante.client").info("line %d of some length", number)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["restante.log", "restante.log.1"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert all(file.stat().st_size <= 2000 for file in files)


def test_a_log_that_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    open_log(tmp_path / "nowhere" / "restante.log")
    logging.getLogger("restante.client").info("goes nowhere")


def test_debug_lines_are_written_only_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "restante.log"
    open_log(path)
    logging.getLogger("restante.client").debug("detail")
    open_log(path, verbosity=1)
    logging.getLogger("restante.client").debug("more detail")
    assert [line.rpartition(": ")[2] for line in path.read_text().splitlines()] == ["more detail"]
