"""Where sealed parts lie while they are on their way: files beside the profile's database.

Rule: what is in a file is sealed with a key that is in the database alone; a file is on the disk
before the database speaks of it, and one of which it doesn't speak goes at the next start. Knows no
relay. Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import trio

from restante.crypto.blobs import CHUNK_BYTES, SEALED_CHUNK_BYTES, Opener, Sealer
from restante.crypto.keys import BlobKey
from restante.errors import CryptoError, StoreError
from restante.protocol.ids import BlobCapability, blob_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from restante.crypto.randomness import Randomness
    from restante.store.client_transfers import PartRow

    Pieces = Sequence[bytes | bytearray]

FOLDER: Final = "transfers"


class Staging:
    """The folder of one profile."""

    def __init__(self, profile: Path) -> None:
        self._folder = profile / FOLDER

    def path(self, transfer: bytes, number: int) -> Path:
        """Return where a part lies."""
        return self._folder / f"{transfer.hex()}-{number}"

    async def seal(self, part: PartRow, pieces: Pieces, randomness: Randomness) -> int:
        """Write a part, sealed, durably; return how many bytes that are. Raises StoreError."""
        return await trio.to_thread.run_sync(self._seal, part, pieces, randomness)

    async def open(self, part: PartRow) -> bytearray:
        """Return what is in a part. Raises CryptoError if it isn't whole and right."""
        return await trio.to_thread.run_sync(_opened, part, self.path(part.transfer, part.number))

    async def prepare(self) -> None:
        """Make the folder, if it isn't there. Raises StoreError."""
        await trio.to_thread.run_sync(self._prepare)

    async def remove(self, transfer: bytes, number: int) -> None:
        """Remove a part's file, if it is there. Raises StoreError."""
        await trio.to_thread.run_sync(_removed, self.path(transfer, number))

    async def keep_only(self, wanted: Collection[tuple[bytes, int]]) -> None:
        """Remove all files but those of these parts."""
        names = {self.path(*each).name for each in wanted}
        await trio.to_thread.run_sync(self._keep_only, names)

    def _prepare(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {self._folder} can't be made: {error.strerror}. Check its permissions."
            ) from error

    def _seal(self, part: PartRow, pieces: Pieces, randomness: Randomness) -> int:
        self._prepare()
        path = self.path(part.transfer, part.number)
        try:
            flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                for sealed in _sealed(part, pieces, randomness):
                    file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
                size_bytes = file.tell()
            folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StoreError(
                f"The file {path} can't be written: {error.strerror}. Free some space; the history "
                "that is sent goes on then."
            ) from error
        return size_bytes

    def _keep_only(self, names: Collection[str]) -> None:
        with suppress(OSError):  # what stays goes at the next start
            for path in self._folder.iterdir():
                if path.name not in names:
                    path.unlink(missing_ok=True)


def _removed(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"The file {path} can't be removed: {error.strerror}. Check its folder's permissions."
        ) from error


def _sealed(part: PartRow, pieces: Pieces, randomness: Randomness) -> Iterator[bytes]:
    """Yield a sealed part, a chunk or so at a time: it is in memory once already."""
    sealer = Sealer(
        BlobKey(part.key),
        content_bytes=sum(map(len, pieces)),
        blob=blob_id(BlobCapability(part.capability)),
        randomness=randomness,
    )
    for piece in pieces:
        for at in range(0, len(piece), CHUNK_BYTES):
            yield sealer.push(bytes(piece[at : at + CHUNK_BYTES]))
    yield from sealer.finish()


def _opened(part: PartRow, path: Path) -> bytearray:
    opener = Opener(BlobKey(part.key), blob=blob_id(BlobCapability(part.capability)))
    plain = bytearray()
    try:
        with path.open("rb") as file:
            while sealed := file.read(SEALED_CHUNK_BYTES):
                plain += opener.push(sealed)
    except OSError as error:
        raise CryptoError("the part's file is gone") from error
    opener.finish()
    return plain
