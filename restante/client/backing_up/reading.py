"""A backup read: opened chunk by chunk, item by item, in flat memory.

Rule: nothing of a file is believed to be whole before its end was read; whoever files what is in
one reads it through first. Spec: docs/protocol/backup.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from restante.crypto.backups import HEADER_BYTES, ID_BYTES, MAGIC, SEALED_CHUNK_BYTES, Opener
from restante.crypto.keys import BackupKey
from restante.errors import CryptoError, RemoteProtocolError, UserError
from restante.protocol.backup import BackupBegins, BackupEnds, ItemReader
from restante.protocol.history_part import HistoryMessage, Item
from restante.values import dataclass

TOLD_EVERY: Final = 1_000
"""Messages after which a watcher is told how far it is."""

_PIECE_BYTES: Final = 4 * SEALED_CHUNK_BYTES


class WrongBackupKeyError(UserError):
    """The file doesn't open with this key: another account's, or damaged at its very beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A backup that was read to its end."""

    id: bytes
    size_bytes: int
    begins: BackupBegins
    ends: BackupEnds


def read_items(path: Path, key: BackupKey) -> Iterator[tuple[bytes, Item]]:
    """Yield all items of a file as they stand and as they are read, the first and last included.

    UserError as soon as something isn't right; only with the last item it is sure that all is.
    """
    reader, last = ItemReader(), None
    try:
        with path.open("rb") as file:
            opener = Opener(key)
            while sealed := file.read(_PIECE_BYTES):
                try:
                    opened = opener.push(sealed)
                except CryptoError:
                    raise _refused(path, is_first=not file.tell() > _PIECE_BYTES) from None
                for packed, item in reader.push(opened):
                    if isinstance(item, BackupEnds):
                        last = packed, item
                    else:
                        yield packed, item
            opener.finish()
            reader.finish()
    except CryptoError:
        raise UserError(
            f"The backup {path} is cut off: its end is missing. Use another copy of it."
        ) from None
    except RemoteProtocolError:
        raise UserError(
            f"The backup {path} was not made by this version of Restante, or is damaged. Use the "
            "version that made it, or another backup."
        ) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UserError(f"The backup {path} can't be read: {reason}.") from error
    if last is not None:
        yield last


def read_through(path: Path, key: BackupKey, told: Callable[[int, int], None]) -> Whole:
    """Read a file to its end. UserError if anything of it isn't right. What `told` raises."""
    begins: BackupBegins | None = None
    messages = 0
    for _, item in read_items(path, key):
        if isinstance(item, BackupBegins):
            begins = item
        if isinstance(item, HistoryMessage):
            messages += 1
            if begins is not None and messages % TOLD_EVERY == 0:
                told(messages, max(messages, begins.messages_in_all))
        if isinstance(item, BackupEnds) and begins is not None:
            if item.messages != messages:
                break
            size_bytes = path.stat().st_size
            return Whole(id=file_id(path), size_bytes=size_bytes, begins=begins, ends=item)
    raise UserError(f"The backup {path} doesn't hold what it says. Use another one.")


def read_middle(path: Path, key: BackupKey, whole: Whole) -> Iterator[tuple[bytes, Item]]:
    """Yield what is between a backup's first and last item, of a file that was read through.

    UserError as `read_items`, and if it is another file by now.
    """
    for packed, item in read_items(path, key):
        if isinstance(item, BackupBegins | BackupEnds):
            if item not in (whole.begins, whole.ends):
                raise UserError(f"The backup {path} was replaced meanwhile. Try again.")
            continue
        yield packed, item


def file_id(path: Path) -> bytes:
    """Return the id in clear at the beginning of a file; empty where there is none. OSError."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    return header[len(MAGIC) :][:ID_BYTES] if header.startswith(MAGIC) else b""


def _refused(path: Path, *, is_first: bool) -> UserError:
    """Say what is wrong with a file that a key doesn't open."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return UserError(f"{path} is no backup of Restante's, or its beginning is damaged.")
    if is_first:
        return WrongBackupKeyError(
            f"The backup {path} doesn't open with this key: it is another account's, or damaged. "
            "A backup has 24 words of its own; they are not the recovery kit's."
        )
    return UserError(
        f"The backup {path} is damaged, or was put together from several. Use another copy of it."
    )
