"""Where the bytes of blobs lie: what is asked of such a place, and a local directory that does it.

Rule: a write that has returned survives a power cut. Files are named by blob ids, which open
nothing; whose they are and how far, the database knows. Spec: docs/relay.md, sections 1 and 3.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import trio

from restante.protocol.ids import BlobId
from restante.store.errors import DiskFailed, DiskFull

THREADS: Final = 4
"""Blobs written and read at a time: a slow disk is to keep no thread from anybody else."""

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FILE_NAME: Final = re.compile(r"[0-9a-f]{64}")
_FLAGS: Final = os.O_CLOEXEC | os.O_NOFOLLOW


class BlobFiles(Protocol):
    """A place for the bytes of blobs. Every method raises StoreError's subclasses."""

    async def write(self, blob: BlobId, offset: int, data: bytes) -> None:
        """Put bytes at an offset up to which there are bytes already; durable on return."""

    async def read(self, blob: BlobId, offset: int, length: int) -> bytes | None:
        """Return bytes from an offset; None: nothing was ever written, or it was removed."""

    async def remove(self, blob: BlobId) -> None:
        """Forget all bytes of a blob, if there are any."""

    async def sizes(self) -> dict[BlobId, int]:
        """Return which blobs there are, and how many bytes of each."""

    async def look(self) -> None:
        """Make sure that the place is there and answers; changes nothing."""


class BlobDirectory:
    """Blobs as files, by their ids in hexadecimal, in up to 256 directories of one."""

    def __init__(self, path: Path, *, leaves_bytes: int) -> None:
        """`leaves_bytes` is room on the disk that writing never takes."""
        self._path = path
        self._leaves_bytes = leaves_bytes
        self._limiter = trio.CapacityLimiter(THREADS)

    async def write(self, blob: BlobId, offset: int, data: bytes) -> None:
        """As `BlobFiles.write`. Not cancellable once begun: the next write comes after this one."""
        await trio.to_thread.run_sync(
            partial(self._write, blob, offset, data), limiter=self._limiter
        )

    async def read(self, blob: BlobId, offset: int, length: int) -> bytes | None:
        """As `BlobFiles.read`."""
        return await trio.to_thread.run_sync(
            partial(self._read, blob, offset, length), limiter=self._limiter
        )

    async def remove(self, blob: BlobId) -> None:
        """As `BlobFiles.remove`."""
        await trio.to_thread.run_sync(partial(self._remove, blob), limiter=self._limiter)

    async def sizes(self) -> dict[BlobId, int]:
        """As `BlobFiles.sizes`. Files of other names are left alone."""
        return await trio.to_thread.run_sync(self._sizes, limiter=self._limiter)

    async def look(self) -> None:
        """As `BlobFiles.look`. That there is none yet is fine."""
        await self.sizes()

    # ---- in a thread ----------------------------------------------------------------------

    def _place(self, blob: BlobId) -> Path:
        name = blob.hex()
        return self._path / name[:2] / name

    def _write(self, blob: BlobId, offset: int, data: bytes) -> None:
        place = self._place(blob)
        try:
            self._make_directory(place.parent)
            self._check_room(len(data))
            # Only its beginning makes a file: what was counted and is lost must not become zeros.
            creates = 0 if offset else os.O_CREAT
            held = os.open(place, os.O_WRONLY | creates | _FLAGS, 0o600)
            try:
                if os.fstat(held).st_size < offset:
                    raise DiskFailed("A blob's file is shorter than what was written to it.")
                _write_all(held, offset, data)
                os.fsync(held)
            finally:
                os.close(held)
            if not offset:
                _sync_directory(place.parent)
        except OSError as error:
            raise _translated(error) from error

    def _check_room(self, size_bytes: int) -> None:
        disk = os.statvfs(self._path)
        if disk.f_bavail * disk.f_frsize < size_bytes + self._leaves_bytes:
            raise DiskFull("There is no room left for blobs.")

    def _make_directory(self, shelf: Path) -> None:
        if shelf.is_dir():
            return
        for directory in (self._path, shelf):
            with suppress(FileExistsError):
                directory.mkdir(mode=0o700)
                _sync_directory(directory.parent)

    def _read(self, blob: BlobId, offset: int, length: int) -> bytes | None:
        try:
            held = os.open(self._place(blob), os.O_RDONLY | _FLAGS)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _translated(error) from error
        try:
            return os.pread(held, length, offset)
        except OSError as error:
            raise _translated(error) from error
        finally:
            os.close(held)

    def _remove(self, blob: BlobId) -> None:
        try:
            self._place(blob).unlink(missing_ok=True)
        except OSError as error:
            raise _translated(error) from error

    def _sizes(self) -> dict[BlobId, int]:
        found: dict[BlobId, int] = {}
        try:
            if not self._path.is_dir():
                return found
            for shelf in os.scandir(self._path):
                if not shelf.is_dir(follow_symlinks=False):
                    continue
                for entry in os.scandir(shelf):
                    if _FILE_NAME.fullmatch(entry.name) and entry.name[:2] == shelf.name:
                        size_bytes = entry.stat(follow_symlinks=False).st_size
                        found[BlobId(bytes.fromhex(entry.name))] = size_bytes
        except OSError as error:
            raise _translated(error) from error
        return found


def _write_all(held: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(held, view, offset)
        offset += written
        view = view[written:]


def _sync_directory(directory: Path) -> None:
    """Make a new name in a directory durable."""
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _translated(error: OSError) -> DiskFull | DiskFailed:
    if error.errno in _NO_ROOM:
        return DiskFull("There is no room left for blobs.")
    return DiskFailed("A blob's file can't be read or written. Check permissions and disk.")
