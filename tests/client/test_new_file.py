"""A new file is its owner's alone, whole or not there, and takes nobody's place."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from restante.client.new_file import new_file
from restante.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_what_somebody_prepared_for_us_is_not_written_into(tmp_path: Path) -> None:
    """In a directory that others write to, the name that grows can be there already, open."""
    theirs = tmp_path / ".export.jsonl.growing"
    theirs.touch(mode=0o666)
    with theirs.open("rb") as watched:
        with new_file(tmp_path / "export.jsonl", "The export") as file:
            file.write(b"in the clear")
        assert watched.read() == b""
    made = tmp_path / "export.jsonl"
    assert made.read_bytes() == b"in the clear"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["export.jsonl"]


def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / ".a.growing").symlink_to(elsewhere)
    with new_file(tmp_path / "a", "The backup") as file:
        file.write(b"x")
    assert not elsewhere.exists()
    (tmp_path / "b").symlink_to(elsewhere)
    with (
        pytest.raises(UserError, match="exists already"),
        new_file(tmp_path / "b", "The backup"),
    ):
        pytest.fail("the name is taken, if by nothing")


def write(place: Path, content: bytes, *, then: Callable[[], object]) -> None:
    with new_file(place, "The backup") as file:
        file.write(content)
        then()


def fail() -> None:
    raise ValueError("halfway")


def test_what_comes_meanwhile_keeps_its_name(tmp_path: Path) -> None:
    place = tmp_path / "a"
    with pytest.raises(UserError, match="exists already"):
        write(place, b"ours", then=lambda: place.write_bytes(b"theirs"))
    assert place.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["a"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="halfway"):
        write(tmp_path / "a", b"half", then=fail)
    assert not os.listdir(tmp_path)
    with (
        pytest.raises(UserError, match="can't be written: no such file"),
        new_file(tmp_path / "nowhere" / "a", "The backup"),
    ):
        pytest.fail("there is no such directory")
