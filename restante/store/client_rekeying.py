"""A profile's database encrypted anew, under another key: in place, whole or not at all.

SQLCipher writes every page once more in one transaction of the write-ahead log: a kill before its
commit leaves the former key's pages, one after it the new key's. Rule: nobody else has the file
open; which of the two keys holds is found out, never believed. Blocks for as long as it takes to
write the file. Spec: docs/client-store.md, section 10.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from restante.errors import StoreError
from restante.store.errors import Corrupted, DiskFull, WrongKey
from restante.store.failpoints import reach
from restante.store.seam import translated
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver

if TYPE_CHECKING:
    from restante.store.driver import RawConnection

_ROOM: Final = 1.1
"""So many times the file's size is needed beside it: the log holds each page, and its place."""


def rekey(path: Path, former: DatabaseKey, new: DatabaseKey) -> None:
    """Encrypt the database under the new key, durably; nothing where it is, or there is none.

    Raises WrongKey: neither key opens it; DiskFull, Corrupted, DiskFailed: it is as it was.
    """
    if _is_empty(path):
        return
    if opens(path, new):
        _settle(path, new)
        return
    free_bytes, needed_bytes = shutil.disk_usage(path.parent).free, int(_size(path) * _ROOM)
    if free_bytes < needed_bytes:
        raise DiskFull(
            f"The history is encrypted anew, which takes {needed_bytes >> 20} MiB beside it, and "
            f"{free_bytes >> 20} MiB are free. Free some space; nothing was changed."
        )
    with _opened(path, former) as connection:
        reach("rekeying.begun")
        # It answers only where it worked: an error is no exception here, but silence.
        answer = connection.execute(new.rekey_pragma()).fetchone()
    if answer is None or not opens(path, new):
        raise Corrupted(
            f"The database {path} can't be encrypted anew: a part of it can't be read, or written. "
            "Nothing was changed. Look at it with: restante doctor --thorough"
        )
    reach("rekeying.done")
    _settle(path, new)


def opens(path: Path, key: DatabaseKey) -> bool:
    """Whether a key opens the database, or there is none yet. Raises StoreError."""
    if _is_empty(path):
        return True
    try:
        with _opened(path, key):
            return True
    except WrongKey:
        return False


def _settle(path: Path, key: DatabaseKey) -> None:
    """Bring the log into the file, and leave none: what was under the former key is gone."""
    with suppress(StoreError), _opened(path, key) as connection:  # else at a later checkpoint
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    reach("rekeying.settled")


@contextmanager
def _opened(path: Path, key: DatabaseKey) -> Iterator[RawConnection]:
    """Have the file open with a key that fits. Raises WrongKey, and other StoreErrors."""
    driver = sqlcipher_driver(key)
    try:
        with closing(driver.connect(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield connection
    except driver.error as error:
        raise translated(error, driver, path) from error


def _is_empty(path: Path) -> bool:
    return not path.exists() or not path.stat().st_size


def _size(path: Path) -> int:
    return sum(
        each.stat().st_size for each in (path, path.with_name(f"{path.name}-wal")) if each.exists()
    )
