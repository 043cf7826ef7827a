"""A folder as one file: a tar archive made from it, and made into a folder again.

Rule: what goes in are directories and regular files, without owners or rights, and nothing is
followed; what comes out is only that, below one new directory, under names that lead nowhere else.
An archive isn't compressed, so what comes out is no more than what came. Spec: docs/files.md.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from restante.client.files.sources import too_large
from restante.errors import UserError
from restante.protocol.file_name import MAX_NAME_BYTES
from restante.protocol.limits import MAX_FILE_BYTES
from restante.protocol.text import printable

MAX_ENTRIES: Final = 100_000
"""Of an archive: more directories and files than anybody means to send."""

MAX_DEPTH: Final = 64
SUFFIX: Final = ".tar"
MEDIA_TYPE: Final = "application/x-tar"

_BLOCK: Final = tarfile.BLOCKSIZE
_CONTENT: Final = (*tarfile.REGULAR_TYPES, tarfile.DIRTYPE)
_MAX_HEADER_BYTES: Final = 65_536
_END: Final = bytes(2 * _BLOCK)
_PIECE_BYTES: Final = 1_048_576

NO_FOLDER: Final = (
    "This archive is no folder as Restante sends them: {why}. Nothing was unpacked; get it as it "
    "is with --archive, and look into it with care."
)


class _Bounded(tarfile.TarInfo):
    """An entry; what only says more of the next one is read whole, and is therefore bounded."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        info = super().frombuf(buf, encoding, errors)
        if info.type not in _CONTENT and info.size > _MAX_HEADER_BYTES:
            raise _refused("a name in it is too long")
        return info


@dataclass(frozen=True, slots=True)
class _Entry:
    header: bytes
    path: Path | None
    size_bytes: int


class FolderSource:
    """A directory of the user's, as the archive that it makes; read once."""

    def __init__(self, path: Path) -> None:
        """Look through it. UserError: it can't be read, has too much in it."""
        self._entries = list(_entries(path))
        self.size_bytes = len(_END) + sum(
            len(each.header) + _padded(each.size_bytes) for each in self._entries
        )
        if self.size_bytes > MAX_FILE_BYTES:
            raise too_large()
        self._pieces = self._archive()
        self._waiting = b""

    def read(self, size_bytes: int) -> bytes:
        """As `Source.read`."""
        parts, length = [self._waiting], len(self._waiting)
        while length < size_bytes and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            length += len(piece)
        content = b"".join(parts)
        self._waiting = content[size_bytes:]
        return content[:size_bytes]

    def close(self) -> None:
        """As `Source.close`."""
        self._pieces.close()

    def _archive(self) -> Generator[bytes, None, None]:
        for entry in self._entries:
            yield entry.header
            if entry.path is not None:
                yield from _content(entry.path, entry.size_bytes)
        yield _END


def unpack(archive: IO[bytes], into: Path) -> None:
    """Make the folder of an archive, below a directory that is there and empty.

    UserError: something in it is neither a directory nor a file, or leads elsewhere; it can't be
    written. What was made before stays: the caller removes it.
    """
    try:
        with tarfile.open(fileobj=archive, mode="r|", errorlevel=2, tarinfo=_Bounded) as tar:
            for count, member in enumerate(tar):
                tar.members.clear()  # type: ignore[attr-defined]  # else all of them are kept
                if count >= MAX_ENTRIES:
                    raise _refused(f"it has more than {MAX_ENTRIES} entries")
                _make(tar, member, into)
    except tarfile.TarError:
        raise _refused("it can't be read") from None
    except OSError as error:
        raise UserError(f"It can't be unpacked: {(error.strerror or 'failed').lower()}.") from error


def remove(folder: Path) -> None:
    """Remove what was made of an archive, as far as that can be."""
    with suppress(OSError):
        shutil.rmtree(folder)


def _make(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
    path = into.joinpath(*_parts(member.name))
    if member.isdir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    if not member.isreg() or member.issparse():
        raise _refused("it holds a link, a device or something else that is no file")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        held = os.open(path, flags, 0o600)
    except FileExistsError:
        raise _refused("it holds a file twice") from None
    content = tar.extractfile(member)
    with os.fdopen(held, "wb") as file:
        if content is not None:
            shutil.copyfileobj(content, file, _PIECE_BYTES)


def _parts(name: str) -> list[str]:
    parts = name.rstrip("/").split("/")
    if len(parts) > MAX_DEPTH:
        raise _refused(f"it goes more than {MAX_DEPTH} directories deep")
    for part in parts:
        if part in {"", ".", ".."} or "\\" in part:
            raise _refused("a name in it leads out of its directory")
        if printable(part, multiline=False) != part or len(part.encode()) > MAX_NAME_BYTES + 55:
            raise _refused("a name in it is none that can be shown")
    return parts


def _refused(why: str) -> UserError:
    return UserError(NO_FOLDER.format(why=why))


def _entries(top: Path) -> Iterator[_Entry]:
    for count, (path, found) in enumerate(_walk(top, 0)):
        if count >= MAX_ENTRIES:
            raise UserError(f"{top} has more than {MAX_ENTRIES} entries. Send it in parts.")
        is_directory = stat.S_ISDIR(found.st_mode)
        name = path.relative_to(top).as_posix()
        info = tarfile.TarInfo(name + "/" if is_directory else name)
        info.type = tarfile.DIRTYPE if is_directory else tarfile.REGTYPE
        info.size = 0 if is_directory else found.st_size
        info.mode = 0o755 if is_directory else 0o644
        info.mtime = int(found.st_mtime)
        try:
            header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
        except UnicodeEncodeError:
            raise UserError(
                f"A name in {top} is not in this system's character set. Rename it, then send "
                "again."
            ) from None
        yield _Entry(header, None if is_directory else path, info.size)


def _walk(directory: Path, depth: int) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield what is below a directory: directories and files, in the order of their names."""
    if depth >= MAX_DEPTH:
        raise UserError(f"{directory} lies more than {MAX_DEPTH} directories deep.")
    try:
        for each in sorted(os.scandir(directory), key=lambda entry: entry.name):
            found = each.stat(follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                yield Path(each.path), found
                yield from _walk(Path(each.path), depth + 1)
            elif stat.S_ISREG(found.st_mode):
                yield Path(each.path), found
    except OSError as error:
        raise _unreadable(directory, error) from error


def _content(path: Path, size_bytes: int) -> Iterator[bytes]:
    left = size_bytes
    try:
        held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(held, "rb", buffering=0) as file:
            while left and (piece := file.read(min(left, _PIECE_BYTES))):
                left -= len(piece)
                yield piece
    except OSError as error:
        raise _unreadable(path, error) from error
    if left:
        raise UserError(f"{path} changed while it was read. Nothing was sent; send it again.")
    yield bytes(_padded(size_bytes) - size_bytes)


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // _BLOCK) * _BLOCK


def _unreadable(path: Path, error: OSError) -> UserError:
    reason = (error.strerror or "failed").lower()
    return UserError(f"{path} can't be read: {reason}. Nothing was sent.")
