"""Where the bytes of a file that is sent come from: a path, a text, what a script hands in.

Rule: a source knows its length before it is read, and reads in the caller's thread. What is handed
in piece by piece is kept sealed with a key that is in memory alone, until it is whole.
Spec: docs/files.md.
"""

from __future__ import annotations

import io
import mimetypes
import os
import stat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol

from restante.client.files.pictures import Picture, look_at
from restante.crypto.aead import OVERHEAD_BYTES, open_sealed, seal
from restante.crypto.keys import SpoolKey
from restante.errors import UserError
from restante.protocol.limits import MAX_FILE_BYTES

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness

PIECE_BYTES: Final = 262_144
"""What is handed in at a time, at the most."""

OCTETS: Final = "application/octet-stream"


class Source(Protocol):
    """Bytes of a known length; read once, from the beginning."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""

    def read(self, size_bytes: int) -> bytes:
        """Return so many more, fewer only at the end. Raises UserError."""

    def close(self) -> None:
        """Let go of what it holds."""


class PathSource:
    """A regular file of the user's."""

    def __init__(self, path: Path) -> None:
        """Open it. UserError: not there, not readable, no file, too large."""
        try:
            # Without O_NONBLOCK a named pipe would be waited for.
            held = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise UserError(
                f"The file {path} can't be read: {_reason(error)}. Nothing was sent."
            ) from error
        found = os.fstat(held)
        is_file, self.size_bytes = stat.S_ISREG(found.st_mode), found.st_size
        if not is_file or self.size_bytes > MAX_FILE_BYTES:
            os.close(held)
            raise too_large() if is_file else UserError(f"{path} is no file. Nothing was sent.")
        self._path = path
        self._file = os.fdopen(held, "rb", buffering=0)

    def read(self, size_bytes: int) -> bytes:
        """As `Source.read`."""
        try:
            return self._file.read(size_bytes)
        except OSError as error:
            raise UserError(
                f"The file {self._path} can't be read: {_reason(error)}. Nothing was sent."
            ) from error

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Return bytes of a stretch, fewer where it ends. Raises UserError."""
        try:
            return os.pread(self._file.fileno(), size_bytes, offset)
        except OSError as error:
            raise UserError(
                f"The file {self._path} can't be read: {_reason(error)}. Nothing was sent."
            ) from error

    def picture(self) -> Picture | None:
        """Look for what of it is a picture. UserError: one that can't be taken apart."""
        return look_at(self._file)

    def close(self) -> None:
        """As `Source.close`."""
        self._file.close()


class PictureSource:
    """What of a file of the user's is the picture; closes the file."""

    def __init__(self, source: PathSource, picture: Picture) -> None:
        self._source = source
        self._pieces = list(picture.pieces)
        self._offset = 0
        self.size_bytes = picture.size_bytes

    def read(self, size_bytes: int) -> bytes:
        """As `Source.read`."""
        taken: list[bytes] = []
        while self._pieces and size_bytes:
            piece = self._pieces[0]
            if isinstance(piece, bytes):
                found = piece[self._offset : self._offset + size_bytes]
                length = len(piece)
            else:
                start, length = piece
                wanted = min(length - self._offset, size_bytes)
                found = self._source.read_at(start + self._offset, wanted)
                if len(found) < wanted:
                    return b"".join(taken)  # it is shorter than it was, which is said then
            taken.append(found)
            size_bytes -= len(found)
            self._offset += len(found)
            if self._offset == length:
                self._pieces.pop(0)
                self._offset = 0
        return b"".join(taken)

    def close(self) -> None:
        """As `Source.close`."""
        self._source.close()


class BytesSource:
    """Bytes that are in memory already."""

    def __init__(self, content: bytes) -> None:
        self.size_bytes = len(content)
        self._file = io.BytesIO(content)

    def read(self, size_bytes: int) -> bytes:
        """As `Source.read`."""
        return self._file.read(size_bytes)

    def close(self) -> None:
        """As `Source.close`."""


class Spool:
    """What is handed in, piece by piece; then a source. Its file is gone when it is closed."""

    def __init__(self, path: Path, randomness: Randomness) -> None:
        """Begin a file at `path`. UserError: it can't be made."""
        self._path = path
        self._key = SpoolKey(randomness.random(SpoolKey.SIZE))
        self._randomness = randomness
        self._pieces = 0
        self._waiting = b""
        self._left = 0
        self.size_bytes = 0
        try:
            held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._file: IO[bytes] = os.fdopen(held, "w+b")
            path.unlink()  # its name is needed by nobody: a crash leaves nothing behind
        except OSError as error:
            raise _unwritable(error) from error

    def take(self, piece: bytes) -> int:
        """Take the next piece; return how many bytes there are. UserError: too many, disk full."""
        if self.size_bytes + len(piece) > MAX_FILE_BYTES:
            raise too_large()
        if len(piece) > PIECE_BYTES:
            raise UserError(f"A piece of a file has at most {PIECE_BYTES} bytes.")
        number = self._pieces.to_bytes(8, "big")
        sealed = seal(self._key, piece, associated=number, randomness=self._randomness)
        try:
            self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        except OSError as error:
            raise _unwritable(error) from error
        self._pieces += 1
        self.size_bytes += len(piece)
        return self.size_bytes

    def whole(self) -> None:
        """Say that nothing more comes, and begin to read."""
        try:
            self._file.flush()
            self._file.seek(0)
        except OSError as error:
            raise _unwritable(error) from error
        self._pieces = 0
        self._left = self.size_bytes

    def read(self, size_bytes: int) -> bytes:
        """As `Source.read`."""
        while len(self._waiting) < size_bytes and len(self._waiting) < self._left:
            length = int.from_bytes(self._file.read(4), "big")
            sealed = self._file.read(min(length, PIECE_BYTES + OVERHEAD_BYTES))
            number = self._pieces.to_bytes(8, "big")
            self._waiting += open_sealed(self._key, sealed, associated=number)
            self._pieces += 1
        taken, self._waiting = self._waiting[:size_bytes], self._waiting[size_bytes:]
        self._left -= len(taken)
        return taken

    def close(self) -> None:
        """As `Source.close`."""
        self._file.close()


def media_type_of(name: str) -> str:
    """Return the media type that a name stands for; bytes of any kind if it stands for none."""
    guessed, encoding = mimetypes.guess_type(name, strict=False)
    return guessed if guessed is not None and encoding is None else OCTETS


def too_large() -> UserError:
    """Return the error for a file past the limit."""
    return UserError(
        f"A file has at most {MAX_FILE_BYTES // 1024**3} GiB. Send it in parts. Nothing was sent."
    )


def _unwritable(error: OSError) -> UserError:
    return UserError(
        f"What is to be sent can't be kept: {_reason(error)}. Free some space. Nothing was sent."
    )


def _reason(error: OSError) -> str:
    return (error.strerror or "failed").lower()
