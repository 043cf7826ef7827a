"""A file written where the user wants it: opened, whole, and beside what is there, never over it.

Rule: the name is safe before it comes here; what isn't whole and right never gets it, and nothing
that is there is touched. What grows is a file of our own making: in a directory that others write
to, nobody has it open. Spec: docs/files.md.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from restante.client.files.folders import remove, unpack
from restante.client.new_file import begin
from restante.errors import UserError
from restante.protocol.file_name import numbered

if TYPE_CHECKING:
    from typing import IO

    from restante.client.files.vault import Lock, Vault

MOST_NAMESAKES: Final = 999
SUFFIX: Final = ".part"


async def save(vault: Vault, place: bytes, lock: Lock, *, directory: Path, name: str) -> Path:
    """Write a file into a directory, under its name or one beside it; return where.

    Raises CryptoError unless all of it was right, UserError if it can't be written. Either way, and
    if it is cancelled, nothing of it is left there.
    """
    partial, file = await trio.to_thread.run_sync(_begin, directory, name, place)
    try:
        with file:
            await vault.copy(place, lock, file)
            await trio.to_thread.run_sync(_sync, file)
        return await trio.to_thread.run_sync(_name, partial, directory, name)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


async def save_folder(
    vault: Vault, place: bytes, lock: Lock, *, directory: Path, name: str
) -> Path:
    """Make the folder of an archive in a directory, under its name or one beside it; as `save`."""
    partial = directory / f".{name[:40]}.{place.hex()[:8]}{SUFFIX}"
    try:
        await trio.to_thread.run_sync(_begin_folder, partial)
        await vault.read_through(place, lock, lambda archive: unpack(archive, partial))
        return await trio.to_thread.run_sync(_name_folder, partial, directory, name)
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(remove, partial)


def _begin_folder(partial: Path) -> None:
    remove(partial)
    try:
        partial.mkdir(mode=0o700)
    except OSError as error:
        raise _unwritable(partial.parent, error) from error


def _name_folder(partial: Path, directory: Path, name: str) -> Path:
    for number in range(1, MOST_NAMESAKES + 1):
        wanted = directory / (name if number == 1 else numbered(name, number))
        try:
            wanted.mkdir(mode=0o700)  # claims the name; an empty directory is all that is replaced
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(directory, error) from error
        partial.replace(wanted)
        return wanted
    raise UserError(f"{directory} has {MOST_NAMESAKES} files of this name. Name another directory.")


def _begin(directory: Path, name: str, place: bytes) -> tuple[Path, IO[bytes]]:
    partial = directory / f".{name[:40]}.{place.hex()[:8]}{SUFFIX}"
    try:
        return partial, begin(partial)
    except OSError as error:
        raise _unwritable(directory, error) from error


def _sync(file: IO[bytes]) -> None:
    try:
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"The file can't be written: {_reason(error)}.") from error


def _name(partial: Path, directory: Path, name: str) -> Path:
    for number in range(1, MOST_NAMESAKES + 1):
        wanted = directory / (name if number == 1 else numbered(name, number))
        try:
            os.link(partial, wanted)  # unlike a renaming, it never takes another's place
        except FileExistsError:
            continue
        except OSError:
            return _without_links(partial, wanted)
        return wanted
    raise UserError(f"{directory} has {MOST_NAMESAKES} files of this name. Name another directory.")


def _without_links(partial: Path, wanted: Path) -> Path:
    """Name it on a file system that has no links: claim the name, then put the file there."""
    try:
        os.close(os.open(wanted, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        partial.replace(wanted)
    except OSError as error:
        raise _unwritable(wanted.parent, error) from error
    return wanted


def _unwritable(directory: Path, error: OSError) -> UserError:
    return UserError(
        f"Nothing can be written into {directory}: {_reason(error)}. Name another directory."
    )


def _reason(error: OSError) -> str:
    return (error.strerror or "failed").lower()
