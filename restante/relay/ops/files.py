"""Files that must survive a power cut, for their owner alone.

Rule: a file has its name only when all of it is on the disk.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from restante.errors import ExitCode, UserError

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def named_when_whole(path: Path) -> Iterator[Path]:
    """Give a place to write to, beside `path`; at the end of the block it is synced and renamed.

    When the block raises, nothing stays. Raises UserError for what the system refuses.
    """
    making = path.with_name(path.name + ".making")
    try:
        making.unlink(missing_ok=True)
        os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        yield making
        sync_file(making)
        making.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        making.unlink(missing_ok=True)


@contextmanager
def scratch_beside(path: Path) -> Iterator[Path]:
    """Give a private, empty file beside `path`, which is gone at the end of the block.

    Raises UserError for what the system refuses.
    """
    scratch = path.with_name(path.name + ".scratch")
    try:
        scratch.unlink(missing_ok=True)
        os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        yield scratch
    except OSError as error:
        raise refused(path, error) from error
    finally:
        scratch.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Have all of a file on the disk."""
    held = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def sync_directory(directory: Path) -> None:
    """Make new names in a directory durable."""
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def refused(path: Path, error: OSError) -> UserError:
    """Return a sentence for what the system refuses with a file."""
    if error.errno in _NO_ROOM:
        return UserError(
            f"There is no room for {path}. Free some space, or choose another place.",
            exit_code=ExitCode.UNAVAILABLE,
        )
    why = (error.strerror or "failed").lower()
    return UserError(f"{path} can't be used: {why}. Choose another place or mend it.")
