"""How a database file is opened: which driver, which pragmas, and what its errors mean.

Rule: a `Driver` is all that differs between plain SQLite and the client's encrypted one; the seam
asks it and knows neither. `connect` runs in the connection's own thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from restante.errors import StoreError
from restante.store.errors import (
    Busy,
    Conflict,
    Corrupted,
    DiskFailed,
    DiskFull,
)
from restante.values import dataclass

BUSY_TIMEOUT_S: Final = 10
"""How long a statement waits for another process's lock: one `invite new` beside a relay takes
milliseconds, a checkpoint on a slow disk a second."""


class RawCursor(Protocol):
    """What the hot paths use of a driver's cursor."""

    @property
    def rowcount(self) -> int:
        """Rows changed by the last statement or batch."""

    def fetchone(self) -> Any:
        """Return the next row or None."""

    def fetchmany(self, size: int = ...) -> list[Any]:
        """Return up to so many rows."""

    def fetchall(self) -> list[Any]:
        """Return all further rows."""

    def __iter__(self) -> Any:
        """Iterate over the rows."""

    def close(self) -> None:
        """Finish the statement, read to its end or not."""


class RawConnection(Protocol):
    """What the hot paths use of a driver's connection, in its own thread."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> RawCursor:
        """Run one statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> RawCursor:
        """Run one statement for each row of parameters."""

    def rollback(self) -> None:
        """Undo the open transaction, if any."""

    def close(self) -> None:
        """Close the file."""


def classify(error: BaseException) -> type[StoreError]:
    """Map a driver's exception to ours by SQLite's own result code (also for its derivatives)."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return StoreError
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    return _BY_PRIMARY_CODE.get(code & 0xFF, StoreError)


_BY_PRIMARY_CODE: Final[dict[int, type[StoreError]]] = {
    5: Busy,  # SQLITE_BUSY
    6: Busy,  # SQLITE_LOCKED
    8: DiskFailed,  # SQLITE_READONLY
    10: DiskFailed,  # SQLITE_IOERR
    11: Corrupted,  # SQLITE_CORRUPT
    13: DiskFull,  # SQLITE_FULL
    14: DiskFailed,  # SQLITE_CANTOPEN
    19: Conflict,  # SQLITE_CONSTRAINT
    26: Corrupted,  # SQLITE_NOTADB
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A way to open database files.

    `error` is the base of the driver's exceptions; `classify` says which of ours one of them is.
    """

    connect: Callable[[Path], RawConnection]
    error: type[Exception]
    classify: Callable[[BaseException], type[StoreError]] = classify


def _connect_sqlite(
    path: Path, *, page_bytes: int, cache_bytes: int, checkpoint_bytes: int
) -> RawConnection:
    connection = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # BEGIN is ours: IMMEDIATE for writers
        check_same_thread=False,  # closed by whoever stops the connection's thread
        cached_statements=256,
    )
    try:
        for pragma in common_pragmas(
            page_bytes=page_bytes, cache_bytes=cache_bytes, checkpoint_bytes=checkpoint_bytes
        ):
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def common_pragmas(*, page_bytes: int, cache_bytes: int, checkpoint_bytes: int) -> list[str]:
    """Return what every connection of ours says first (SQLCipher's: after its key).

    FULL: a commit is on the disk before it returns, power loss included. Deleted rows are zeroed
    where that costs no extra write. Temporary tables stay in memory, off the disk.
    """
    return [
        f"PRAGMA page_size = {page_bytes}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = FAST",
        "PRAGMA temp_store = MEMORY",
        f"PRAGMA cache_size = -{cache_bytes // 1024}",
        f"PRAGMA wal_autocheckpoint = {checkpoint_bytes // page_bytes}",
    ]


def sqlite_driver(
    *,
    page_bytes: int = 4096,
    cache_bytes: int = 16 * 1024 * 1024,
    checkpoint_bytes: int = 4 * 1024 * 1024,
) -> Driver:
    """Return plain SQLite. `page_bytes` counts when the file is created, not later."""
    return Driver(
        connect=partial(
            _connect_sqlite,
            page_bytes=page_bytes,
            cache_bytes=cache_bytes,
            checkpoint_bytes=checkpoint_bytes,
        ),
        error=sqlite3.Error,
    )
