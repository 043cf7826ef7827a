"""A backup: one file with all that a relay needs to go on, taken beside it while it runs.

A tar archive, unpacked by nobody but us: first what is in it, then the database, the small files
that say who the relay is, then the blobs if they were asked for. Rule: what is read from one is
checked, by the sizes and the hash that stand at its beginning. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import msgspec

from restante.errors import UserError
from restante.relay.ops.files import named_when_whole, refused, scratch_beside
from restante.relay.settings import BLOBS_NAME, DATABASE_NAME
from restante.store.relay_backup import CopyFacts, blobs_in, check_copy, copy_database

VERSION: Final = 1
CONTENTS_NAME: Final = "restante-relay-backup.json"
MAX_CONTENTS_BYTES: Final = 64 * 1024
MAX_SMALL_BYTES: Final = 256 * 1024
"""Of the address, or of a certificate chain with its key."""

_SMALL: Final = re.compile(r"address|[a-z0-9_.-]{1,64}\.pem")
_BLOB: Final = re.compile(rf"{BLOBS_NAME}/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}")
_CHUNK_BYTES: Final = 1024 * 1024


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself. Of a later version it may say more, never less."""

    v: int
    program: str
    made_at_s: int
    facts: CopyFacts
    database_bytes: int
    database_sha256: str
    has_blobs: bool


def back_up(data: Path, target: Path, *, program: str, with_blobs: bool) -> tuple[Path, Contents]:
    """Write a backup of the relay in `data`, also while it runs; return its file and contents.

    `target` is a file's name, or a directory in which it gets one. Raises UserError, StoreError.
    """
    if not (data / DATABASE_NAME).is_file():
        raise UserError(
            f"There is no relay's database in {data}. Name its directory: --data DIR. One on a "
            "server is backed up there, with pg_dump."
        )
    made_at_s = int(time.time())
    if target.is_dir():
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(made_at_s))
        target = target / f"restante-relay-{stamp}.backup"
    with scratch_beside(target) as database, named_when_whole(target) as making:
        copy_database(data / DATABASE_NAME, database)
        contents = Contents(
            v=VERSION,
            program=program,
            made_at_s=made_at_s,
            facts=check_copy(database),
            database_bytes=database.stat().st_size,
            database_sha256=_hash_of(database),
            has_blobs=with_blobs,
        )
        with making.open("wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
            packed = msgspec.json.encode(contents)
            _add(archive, CONTENTS_NAME, io.BytesIO(packed), len(packed))
            with database.open("rb") as source:
                _add(archive, DATABASE_NAME, source, contents.database_bytes)
            for small in sorted(data.iterdir()):
                if _SMALL.fullmatch(small.name) and small.is_file():
                    kept = small.read_bytes()[:MAX_SMALL_BYTES]
                    _add(archive, small.name, io.BytesIO(kept), len(kept))
            if with_blobs:
                _add_blobs(archive, data / BLOBS_NAME, database)
    return target, contents


def _add_blobs(archive: tarfile.TarFile, blobs: Path, database: Path) -> None:
    for blob, received_bytes in sorted(blobs_in(database).items()):
        name = blob.hex()
        try:
            source = (blobs / name[:2] / name).open("rb")
        except FileNotFoundError:
            continue  # it was deleted or has expired since the database was copied
        with source:
            if os.fstat(source.fileno()).st_size < received_bytes:
                continue  # damaged: whoever put it goes on from what a restored relay has
            # What is counted is in the file for good; what came since is not the copy's.
            _add(archive, f"{BLOBS_NAME}/{name[:2]}/{name}", source, received_bytes)


def _add(archive: tarfile.TarFile, name: str, source: IO[bytes], size_bytes: int) -> None:
    # Nothing of the machine: no owner, no time.
    member = tarfile.TarInfo(name)
    member.size, member.mode = size_bytes, 0o600
    archive.addfile(member, source)


def is_kept(name: str) -> bool:
    """Whether a small file of the relay's directory belongs into a backup."""
    return _SMALL.fullmatch(name) is not None


class Backup:
    """A backup that is read, from its beginning to its end."""

    def __init__(self, archive: tarfile.TarFile, contents: Contents) -> None:
        self.contents = contents
        self._archive = archive

    def unpack(self, place_of: Callable[[str], Path]) -> None:
        """Write every file to the place that `place_of` says for its name, and sync it.

        Raises UserError: the archive is cut short, changed, or holds what isn't ours.
        """
        found_database = False
        while (member := self._archive.next()) is not None:
            name = member.name
            is_database = name == DATABASE_NAME
            if not member.isfile() or not (
                is_database or _SMALL.fullmatch(name) or _BLOB.fullmatch(name)
            ):
                raise UserError(
                    f"The backup holds {name[:80]!r}, which no backup has. Take another."
                )
            source = self._archive.extractfile(member)
            if source is None:  # never of a file
                continue
            place = place_of(name)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with named_when_whole(place) as making, making.open("wb") as target:
                shutil.copyfileobj(source, target, _CHUNK_BYTES)
                if target.tell() != member.size:
                    raise UserError("The backup is cut short. Take another one.")
            if is_database:
                found_database = True
                if _hash_of(place) != self.contents.database_sha256:
                    place.unlink()
                    raise UserError("The backup's database was changed or damaged. Take another.")
        if not found_database:
            raise UserError("The backup is cut short. Take another one.")


@contextmanager
def opened_backup(path: Path) -> Iterator[Backup]:
    """Open a backup for the length of the block. Raises UserError: it is none, or a newer one's."""
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|") as archive:
            first = archive.next()
            source = first and archive.extractfile(first)
            if not first or not source or first.name != CONTENTS_NAME:
                raise UserError(f"{path} is no backup of a relay. Name another file.")
            yield Backup(archive, _contents(path, source.read(MAX_CONTENTS_BYTES)))
    except tarfile.TarError as error:
        raise UserError(
            f"{path} is no backup of a relay, or cut short. Name another file."
        ) from error
    except OSError as error:
        raise refused(path, error) from error


def _contents(path: Path, packed: bytes) -> Contents:
    try:
        contents = msgspec.json.decode(packed, type=Contents)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path} is no backup of a relay. Name another file.") from error
    if contents.v != VERSION:
        raise UserError(f"{path} was made by a newer Restante. Update Restante, then restore it.")
    return contents


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
