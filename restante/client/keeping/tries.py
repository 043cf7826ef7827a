"""Wrong passphrases slow down: three are free, then each waits twice as long as the one before.

Rule: a try is counted on the disk before it is made, one at a time in all processes; so neither
killing nor racing makes tries cheaper. It slows down who sits at the keyboard. Who has copied the
files is slowed down by the stretching alone. Spec: docs/client-store.md, section 10.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Final

FREE_TRIES: Final = 3
LONGEST_WAIT_S: Final = 300


class TooSoonError(Exception):
    """The last wrong passphrase was tried a moment ago."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class Try:
    """One try, counted as wrong until it is said to be right."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def was_right(self) -> None:
        """Forget the wrong ones."""
        os.ftruncate(self._descriptor, 0)


@contextlib.contextmanager
def a_try(path: Path, *, now_s: float) -> Iterator[Try]:
    """Wait for the turn and count a try. Raises TooSoonError, and then none was made; OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        count, at_s = _read(descriptor)
        left_s = _left_s(count, at_s, now_s)
        if left_s:
            if at_s > now_s:  # the clock was set back: the wait begins now, and ends
                _write(descriptor, count, now_s)
            raise TooSoonError(left_s)
        _write(descriptor, count + 1, now_s)
        yield Try(descriptor)
    finally:
        os.close(descriptor)


def wait_s(path: Path, *, now_s: float) -> int:
    """Return how many seconds the next try has to wait; 0 for none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return _left_s(*_read(descriptor), now_s)
    finally:
        os.close(descriptor)


def _left_s(count: int, at_s: int, now_s: float) -> int:
    if count < FREE_TRIES:
        return 0
    whole_s = min(1 << min(count - FREE_TRIES, 20), LONGEST_WAIT_S)
    # After a clock was set back, what is left is never more than the whole.
    return min(ceil(max(at_s + whole_s - now_s, 0)), whole_s)


def _read(descriptor: int) -> tuple[int, int]:
    try:
        count, at_s = map(int, os.pread(descriptor, 64, 0).split())
    except ValueError:
        return 0, 0
    return count, at_s


def _write(descriptor: int, count: int, at_s: float) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{count} {int(at_s)}\n".encode("ascii"), 0)
    os.fsync(descriptor)
