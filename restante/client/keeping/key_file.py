"""The one file that decides how a profile's key is kept: read, made, replaced, destroyed.

Rule: it is replaced whole or not at all, a crash leaves the old one or the new one, and what it
replaces is overwritten. Knows paths and bytes, not what they mean; imported by every command, so
it imports little. Spec: docs/client-store.md, section 10.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from restante.errors import UserError

MAX_BYTES = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_key_file(path: Path) -> bytes:
    """Return what the file holds. FileNotFoundError; UserError: unreadable, or by others too."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"The key file {path} can't be read: {reason(error)}.") from error
    with open(descriptor, "rb") as file:
        refuse_others(path, os.fstat(descriptor), "0600")
        return file.read(MAX_BYTES + 1)


def create_key_file(path: Path, content: bytes) -> None:
    """Write the first one so that a crash leaves a whole one or none, and no race makes two.

    Where there is one already, that one stays. Raises OSError.
    """
    temporary = _written(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)  # unlike rename, never replaces a key that is in use
    finally:
        os.unlink(temporary)
    _sync_directory(path.parent)


def replace_key_file(path: Path, content: bytes) -> None:
    """Put another one in its place, durable when this returns; the old bytes are overwritten.

    Raises OSError, and then the old one stands.
    """
    from restante.store.failpoints import reach  # noqa: PLC0415  (once in a profile's life)

    temporary = _written(path, content)
    old = -1
    try:
        reach("keeping.written")
        with contextlib.suppress(FileNotFoundError):
            old = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        os.rename(temporary, path)
        reach("keeping.renamed")
        _sync_directory(path.parent)
        if old >= 0:
            _overwrite(old)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    finally:
        if old >= 0:
            os.close(old)


def destroy_key_file(path: Path) -> None:
    """Overwrite and remove it; nothing happens where there is none. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _overwrite(descriptor)
    finally:
        os.close(descriptor)
    os.unlink(path)
    _sync_directory(path.parent)


def refuse_others(path: Path, status: os.stat_result, wanted: str) -> None:
    """Refuse what is not its owner's alone. UserError says what to do."""
    if stat.S_ISLNK(status.st_mode) or status.st_uid != os.getuid():
        raise UserError(f"{path} belongs to somebody else. Remove it, or use another place.")
    if status.st_mode & _OTHERS:
        raise UserError(f"Others can read {path}. Run: chmod {wanted} {path}")


def reason(error: OSError) -> str:
    """Return the system's reason, as the end of a sentence."""
    return (error.strerror or type(error).__name__).lower()


def _written(path: Path, content: bytes) -> str:
    import tempfile  # noqa: PLC0415  (a few times in a profile's life)

    descriptor, temporary = tempfile.mkstemp(prefix=".key-", dir=path.parent)  # made 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


def _overwrite(descriptor: int) -> None:
    os.write(descriptor, os.urandom(max(os.fstat(descriptor).st_size, 1)))
    os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
