"""Files in a backup: sealed as they lie beside the profile, written there again, and looked into.

Rule: a file is taken only while it is open and as long as the database says; it counts as restored
only once all of it came out as its message says. In a thread. Spec: docs/protocol/backup.md.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from restante.client.files.fetching import lock_of
from restante.client.files.showing import body_of
from restante.client.files.vault import FOLDER, Lock
from restante.crypto.blobs import Opener
from restante.errors import CryptoError, RemoteProtocolError, StoreError, UserError
from restante.protocol.backup import PIECE_BYTES, BackupFile, BackupPiece
from restante.protocol.history_part import Item
from restante.store import client_files
from restante.store.client_backup_rows import LastingFile
from restante.store.client_messages import message
from restante.store.client_rows import Rows

_MAY_BE_FILLED: Final = (
    client_files.NEW,
    client_files.OFFERED,
    client_files.FAILED,
    client_files.LOST,
)
_GROWING: Final = "restoring-"


class MissingFileError(Exception):
    """A file that the database speaks of isn't there, or isn't as long as it says."""


def packed_file(profile: Path, kept: LastingFile) -> Iterator[Item]:
    """Yield a file as items. Raises MissingFileError before the first one.

    StoreError: it can't be read on, or became shorter meanwhile.
    """
    path = profile / FOLDER / kept.place.hex()
    try:
        file = path.open("rb")
    except OSError as error:
        raise MissingFileError from error
    with file:
        left = os.fstat(file.fileno()).st_size
        if left != kept.stored_bytes:
            raise MissingFileError
        yield BackupFile(message=kept.message_id, size_bytes=left)
        while left:
            try:
                piece = file.read(min(left, PIECE_BYTES))
            except OSError as error:
                raise StoreError(f"The file {path} can't be read.") from error
            if not piece:
                raise StoreError(f"The file {path} became shorter. Make the backup again.")
            left -= len(piece)
            yield BackupPiece(data=piece)


class FileSink:
    """Takes the files of a backup, beside a profile. `keep` puts them where they belong."""

    def __init__(self, profile: Path) -> None:
        self._folder = profile / FOLDER
        self._open: IO[bytes] | None = None
        self._left = 0
        self.messages: list[bytes] = []
        """Whose files are written."""

    def take(self, item: BackupFile | BackupPiece) -> None:
        """Write what comes next. UserError: it is not in order, or there is no room."""
        try:
            if isinstance(item, BackupFile):
                self._begin(item)
            elif self._open is None or len(item.data) > self._left:
                raise UserError("The backup's files are not as they should be.")
            else:
                self._open.write(item.data)
                self._left -= len(item.data)
            if not self._left and self._open is not None:
                self._open.flush()
                os.fsync(self._open.fileno())
                self.close()
        except OSError as error:
            reason = (error.strerror or "failed").lower()
            raise UserError(
                f"A file can't be kept: {reason}. Free some space, then try again."
            ) from error

    def path(self, message_id: bytes) -> Path:
        """Return where a file lies until it is kept."""
        return self._folder / f"{_GROWING}{message_id.hex()}"

    def close(self) -> None:
        """Let go of what is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def clear(self) -> None:
        """Remove what was not kept."""
        self.close()
        for message_id in self.messages:
            with suppress(OSError):
                self.path(message_id).unlink(missing_ok=True)

    def _begin(self, item: BackupFile) -> None:
        if self._open is not None:
            raise UserError("The backup's files are not as they should be.")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._open = os.fdopen(os.open(self.path(item.message), flags, 0o600), "wb")
        self._left = item.size_bytes
        self.messages.append(item.message)


def lock_for(rows: Rows, message_id: bytes) -> Lock | None:
    """Return what the file of a message is opened with; None if it has none."""
    row = message(rows, message_id)
    try:
        return None if row is None or row.kind != "file" else lock_of(body_of(row))
    except (RemoteProtocolError, CryptoError):
        return None


def is_right(path: Path, lock: Lock) -> bool:
    """Whether what lies there is the whole file that its message speaks of."""
    looker = Looker(lock)
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                looker.push(piece)
    except (OSError, CryptoError):
        return False
    return looker.is_right()


def keep_file(rows: Rows, message_id: bytes, *, stored_bytes: int) -> bytes | None:
    """Note that a message's file is here; return its place, None if it isn't wanted any more.

    The caller puts it there before this commits.
    """
    kept = client_files.file_of(rows, message_id)
    if kept is None:
        return None
    for before in _MAY_BE_FILLED:
        if client_files.move_on(
            rows, message_id, before=before, state=client_files.HERE, stored_bytes=stored_bytes
        ):
            return kept.place
    return None


class Looker:
    """Opens a file that comes in pieces, and compares what comes out."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._opener = Opener(lock.key, blob=lock.blob)
        self._digest = hashlib.sha256()
        self._size_bytes = 0

    def push(self, sealed: bytes) -> None:
        """Take the next piece. Raises CryptoError."""
        content = self._opener.push(sealed)
        self._digest.update(content)
        self._size_bytes += len(content)

    def is_right(self) -> bool:
        """Whether all of it was the file."""
        try:
            self._opener.finish()
        except CryptoError:
            return False
        is_same = self._digest.digest() == self._lock.digest
        return is_same and self._size_bytes == self._lock.size_bytes
