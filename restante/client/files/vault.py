"""The folder in which files lie, sealed: before they are sent, and after they have come.

Rule: what is in it is sealed with keys that are in the database alone; a file is whole on the disk
before the database says so, and one of which the database doesn't speak goes at the next start.
Nothing here is in memory whole: files are larger than that. Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio

from restante.crypto.blobs import SEALED_CHUNK_BYTES, Opener, Sealer, sealed_size
from restante.errors import CryptoError, LocalProtocolError, StoreError, UserError
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from restante.client.files.sources import Source
    from restante.crypto.keys import BlobKey
    from restante.crypto.randomness import Randomness
    from restante.protocol.ids import BlobId

FOLDER: Final = "files"

STEP_BYTES: Final = 1_048_576
"""Sealed or opened in one go of a thread: some 2 ms, and then others have their turn."""

UNDER_WAY_S: Final = 600.0
"""A file that was written to so lately may be one that is just being sealed."""

LEAVES_BYTES: Final = 64 * 1024**2
"""Room on the disk that no file takes: the history needs it."""

T = TypeVar("T")
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What lies in the folder: how long it is, sealed and open, and the content's SHA-256."""

    sealed_bytes: int
    size_bytes: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What a sealed file is opened with, and what must come out."""

    key: BlobKey
    blob: BlobId
    size_bytes: int
    digest: bytes = field(repr=False)


class Vault:
    """The folder of one profile."""

    def __init__(self, profile: Path) -> None:
        self._folder = profile / FOLDER
        self._limiter = trio.CapacityLimiter(2)

    def path(self, place: bytes) -> Path:
        """Return where a file lies."""
        return self._folder / place.hex()

    async def prepare(self, *, room_bytes: int = 0) -> None:
        """Make the folder, if it isn't there, and see that there is room. UserError if not."""
        await trio.to_thread.run_sync(self._prepare, room_bytes)

    async def seal(
        self,
        source: Source,
        place: bytes,
        *,
        key: BlobKey,
        blob: BlobId,
        randomness: Randomness,
        told: Told,
    ) -> Sealed:
        """Seal all of a source into a file, durably. UserError, StoreError: nothing is left of it.

        `told` is called with how many bytes of how many are sealed. Cancellation: the same.
        """
        size_bytes = source.size_bytes
        await self.prepare(room_bytes=sealed_size(size_bytes))
        path = self.path(place)
        digest = hashlib.sha256()
        try:
            with _created(path) as file:
                sealer = Sealer(key, content_bytes=size_bytes, blob=blob, randomness=randomness)
                step = partial(_seal_step, source, sealer, digest, file)
                done_bytes = 0
                while count := await self._step(step):
                    done_bytes += count
                    told(done_bytes, size_bytes)
                await self._step(partial(_seal_rest, sealer, file))
            await self._step(partial(_sync_folder, self._folder))
        except BaseException:
            with trio.CancelScope(shield=True), suppress(StoreError):
                await self.remove(place)
            raise
        return Sealed(
            sealed_bytes=sealed_size(size_bytes), size_bytes=size_bytes, digest=digest.digest()
        )

    async def link(self, place: bytes, new: bytes) -> None:
        """Let a file lie at another place, too. UserError: it is gone; StoreError."""
        await self._step(partial(_linked, self.path(place), self.path(new)))

    async def check(self, place: bytes, lock: Lock) -> None:
        """Make sure that a file is whole, right and durable. Raises CryptoError, StoreError."""
        await self._open(place, lock, _forget)
        await self._step(partial(_sync, self.path(place)))

    async def copy(self, place: bytes, lock: Lock, into: IO[bytes]) -> None:
        """Write what is in a file. Raises CryptoError at its end unless all of it was right.

        UserError: it can't be written there.
        """
        await self._open(place, lock, partial(_write, into))

    async def read_through(
        self, place: bytes, lock: Lock, read: Callable[[IO[bytes]], None]
    ) -> None:
        """Have what is in a file read as a stream, in a thread, and to its end.

        Raises CryptoError unless all of it was right, and what `read` raises. Not cancellable.
        """
        await self._step(partial(_read_through, self.path(place), lock, read))

    async def remove(self, place: bytes) -> None:
        """Remove a file, if it is there. Raises StoreError."""
        await self._step(partial(_removed, self.path(place)))

    async def keep_only(self, wanted: Collection[bytes]) -> None:
        """Remove all files but those in these places, and those that are just being made."""
        await self._step(partial(self._keep_only, {place.hex() for place in wanted}))

    async def size_bytes(self, place: bytes) -> int | None:
        """Return how long a file is; None if there is none."""
        return await self._step(partial(_size, self.path(place)))

    async def _open(self, place: bytes, lock: Lock, take: Callable[[bytes], None]) -> None:
        opener, digest = Opener(lock.key, blob=lock.blob), hashlib.sha256()
        so_far_bytes = 0
        try:
            with self.path(place).open("rb") as file:
                while opened := await self._step(partial(_open_step, opener, digest, file, take)):
                    so_far_bytes += opened.content_bytes
                    if so_far_bytes > lock.size_bytes:
                        raise CryptoError("a file is longer than was said")
        except OSError as error:
            raise CryptoError("the file is gone") from error
        opener.finish()
        if so_far_bytes != lock.size_bytes or digest.digest() != lock.digest:
            raise CryptoError("a file is another one than was said")

    async def _step(self, step: Callable[[], T]) -> T:
        return await trio.to_thread.run_sync(step, limiter=self._limiter)

    def _prepare(self, room_bytes: int) -> None:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            disk = os.statvfs(self._folder)
        except OSError as error:
            raise StoreError(
                f"The folder {self._folder} can't be made: {error.strerror}. Check its permissions."
            ) from error
        if disk.f_bavail * disk.f_frsize < room_bytes + LEAVES_BYTES:
            raise no_room(room_bytes)

    def _keep_only(self, names: Collection[str]) -> None:
        before = time.time() - UNDER_WAY_S
        with suppress(OSError):  # what stays goes at the next start
            for path in self._folder.iterdir():
                if path.name not in names and path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)


def no_room(room_bytes: int) -> UserError:
    """Return the error for a file that the disk has no room for."""
    megabytes = -(-(room_bytes + LEAVES_BYTES) // 1_000_000)
    return UserError(f"The disk has no room for this file. Free {megabytes} MB, then try again.")


# ---- in a thread ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    content_bytes: int


def _seal_step(source: Source, sealer: Sealer, digest: hashlib._Hash, file: IO[bytes]) -> int:
    content = source.read(STEP_BYTES)
    digest.update(content)
    try:
        _write_sealed(file, [sealer.push(content)])
    except LocalProtocolError:
        raise _changed() from None
    return len(content)


def _seal_rest(sealer: Sealer, file: IO[bytes]) -> None:
    try:
        _write_sealed(file, sealer.finish())
    except LocalProtocolError:
        raise _changed() from None
    try:
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(error) from error


def _open_step(
    opener: Opener, digest: hashlib._Hash, file: IO[bytes], take: Callable[[bytes], None]
) -> _Piece | None:
    sealed = file.read(STEP_BYTES // SEALED_CHUNK_BYTES * SEALED_CHUNK_BYTES)
    if not sealed:
        return None
    content = opener.push(sealed)
    digest.update(content)
    take(content)
    return _Piece(len(content))


class _Opened(io.RawIOBase):
    """What is in a sealed file, as a stream; compared when it has been read to its end."""

    def __init__(self, file: IO[bytes], lock: Lock) -> None:
        super().__init__()
        self._file, self._lock = file, lock
        self._opener, self._digest = Opener(lock.key, blob=lock.blob), hashlib.sha256()
        self._waiting = b""
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._waiting:
            sealed = self._file.read(STEP_BYTES // SEALED_CHUNK_BYTES * SEALED_CHUNK_BYTES)
            if not sealed:
                return 0
            self._waiting = self._opener.push(sealed)
            self._digest.update(self._waiting)
            self._count += len(self._waiting)
        taken = self._waiting[: len(buffer)]
        buffer[: len(taken)] = taken
        self._waiting = self._waiting[len(taken) :]
        return len(taken)

    def check(self) -> None:
        while self.read(STEP_BYTES):
            continue
        self._opener.finish()
        if (self._count, self._digest.digest()) != (self._lock.size_bytes, self._lock.digest):
            raise CryptoError("a file is another one than was said")


def _read_through(path: Path, lock: Lock, read: Callable[[IO[bytes]], None]) -> None:
    try:
        with path.open("rb") as file:
            opened = _Opened(file, lock)
            read(opened)  # type: ignore[arg-type]  # a raw stream is all that is asked for
            opened.check()
    except FileNotFoundError as error:
        raise CryptoError("the file is gone") from error


def _forget(_content: bytes) -> None:
    """Take nothing: it is only checked."""


def _write(into: IO[bytes], content: bytes) -> None:
    try:
        into.write(content)
    except OSError as error:
        raise UserError(
            f"The file can't be written: {(error.strerror or 'failed').lower()}."
        ) from error


def _write_sealed(file: IO[bytes], pieces: Iterator[bytes] | list[bytes]) -> None:
    for piece in pieces:
        try:
            file.write(piece)
        except OSError as error:
            raise _unwritable(error) from error


def _created(path: Path) -> IO[bytes]:
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.fdopen(os.open(path, flags, 0o600), "wb")
    except OSError as error:
        raise _unwritable(error) from error


def _sync(path: Path) -> None:
    for each in (path, path.parent):
        _sync_folder(each)


def _sync_folder(folder: Path) -> None:
    try:
        held = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(held)
        finally:
            os.close(held)
    except OSError as error:
        raise _unwritable(error) from error


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _linked(path: Path, new: Path) -> None:
    try:
        os.link(path, new)
        _sync_folder(new.parent)
    except FileNotFoundError:
        raise UserError("This file isn't here any more. Fetch it again, then send it.") from None
    except OSError as error:
        raise _unwritable(error) from error


def _removed(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"The file {path} can't be removed: {error.strerror}. Check its folder's permissions."
        ) from error


def _unwritable(error: OSError) -> StoreError:
    reason = (error.strerror or "failed").lower()
    return StoreError(f"A file can't be kept: {reason}. Free some space, then try again.")


def _changed() -> UserError:
    return UserError("The file changed while it was read. Nothing was sent; send it again.")
