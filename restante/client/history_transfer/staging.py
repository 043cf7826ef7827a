"""Where sealed parts lie while they are on their way: files beside the profile's database.

Rule: what is in a file is sealed with a key that is in the database alone; a file is on the disk
before the database speaks of it, and one of which it doesn't speak goes at the next start. Knows no
relay. Spec: docs/client-store.md, section 6.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import trio

from restante.crypto.blobs import open_blob, seal_blob
from restante.crypto.keys import BlobKey
from restante.errors import CryptoError, StoreError
from restante.protocol.ids import BlobCapability, blob_id

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from restante.crypto.randomness import Randomness
    from restante.store.client_transfers import PartRow

FOLDER: Final = "transfers"


class Staging:
    """The folder of one profile."""

    def __init__(self, profile: Path) -> None:
        self._folder = profile / FOLDER

    def path(self, transfer: bytes, number: int) -> Path:
        """Return where a part lies."""
        return self._folder / f"{transfer.hex()}-{number}"

    async def seal(self, part: PartRow, plain: bytes, randomness: Randomness) -> int:
        """Write a part, sealed, durably; return how many bytes that are. Raises StoreError."""
        sealed = await trio.to_thread.run_sync(_sealed, part, plain, randomness)
        await trio.to_thread.run_sync(self._write, self.path(part.transfer, part.number), sealed)
        return len(sealed)

    async def open(self, part: PartRow) -> bytes:
        """Return what is in a part. Raises CryptoError if it isn't whole and right."""
        return await trio.to_thread.run_sync(_opened, part, self.path(part.transfer, part.number))

    async def prepare(self) -> None:
        """Make the folder, if it isn't there. Raises StoreError."""
        await trio.to_thread.run_sync(self._prepare)

    async def remove(self, transfer: bytes, number: int) -> None:
        """Remove a part's file, if it is there."""
        path = self.path(transfer, number)
        await trio.to_thread.run_sync(lambda: path.unlink(missing_ok=True))

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

    def _write(self, path: Path, data: bytes) -> None:
        self._prepare()
        try:
            flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
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

    def _keep_only(self, names: Collection[str]) -> None:
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.name not in names:
                    path.unlink(missing_ok=True)


def _sealed(part: PartRow, plain: bytes, randomness: Randomness) -> bytes:
    blob = blob_id(BlobCapability(part.capability))
    return seal_blob(BlobKey(part.key), plain, blob=blob, randomness=randomness)


def _opened(part: PartRow, path: Path) -> bytes:
    blob = blob_id(BlobCapability(part.capability))
    try:
        sealed = path.read_bytes()
    except OSError as error:
        raise CryptoError("the part's file is gone") from error
    return open_blob(BlobKey(part.key), sealed, blob=blob)
