"""A new file that a person asked for: its owner's alone, and there whole or not at all.

Rule: what grows has a name of its own, made anew by us, so that nobody can have prepared it; the
name that was asked for is taken only by a file that is on the disk, and from nobody. Blocks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from restante.errors import UserError
from restante.store.failpoints import reach

GROWING: Final = ".growing"


@contextmanager
def new_file(path: Path, what: str) -> Iterator[IO[bytes]]:
    """Have a file to write, which is named `path` at the end of the block.

    `what` it is opens the sentences: "The backup", say. UserError: something of that name is there,
    or comes meanwhile, or it can't be written; then, and whatever else leaves the block, it isn't
    there. A kill leaves what grew, hidden, until the next one of that name.
    """
    refuse_taken(path)
    growing = path.with_name(f".{path.name}{GROWING}")
    try:
        with begin(growing) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        reach("new_file.written")
        _name(growing, path)
        _keep_name(path.parent)
        reach("new_file.named")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UserError(
            f"{what} {path} can't be written: {reason}. Nothing was changed."
        ) from error
    finally:
        with suppress(OSError):
            growing.unlink(missing_ok=True)


def begin(growing: Path) -> IO[bytes]:
    """Make the file that grows, anew and its owner's alone. OSError: it can't be made."""
    growing.unlink(missing_ok=True)  # an interrupted one, or what somebody put there for us
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.fdopen(os.open(growing, flags, 0o600), "wb")


def refuse_taken(path: Path) -> None:
    """Refuse a name that something has already. UserError."""
    if os.path.lexists(path):
        raise _taken(path)


def _name(growing: Path, path: Path) -> None:
    try:
        os.link(growing, path)  # unlike a rename, it never takes another's place
    except FileExistsError:
        raise _taken(path) from None
    except OSError:  # a file system without links: claim the name, then put the file there
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            raise _taken(path) from None
        growing.replace(path)


def _keep_name(folder: Path) -> None:
    """Bring a new name to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _taken(path: Path) -> UserError:
    return UserError(f"{path} exists already. Name another file, or delete that one.")
