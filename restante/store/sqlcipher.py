"""How a profile's encrypted database is opened: SQLCipher with a raw key, under aiosqlite.

Rule: the library is silent (a message on stderr would print over the TUI), and the key appears in
no `repr`, log or exception. Where the key comes from is the caller's affair.
Spec: docs/client-store.md, section 1. Source: https://www.zetetic.net/sqlcipher/sqlcipher-api/.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final, Never

from sqlcipher3 import dbapi2 as sqlcipher

from restante.errors import StoreError
from restante.store.driver import BUSY_TIMEOUT_S, Driver, RawConnection, classify, common_pragmas
from restante.store.errors import WrongKey

KEY_BYTES: Final = 32
PAGE_BYTES: Final = 4096
"""SQLCipher's own default; a page carries 80 B of nonce and authentication code."""

CACHE_BYTES: Final = 16 * 1024 * 1024
CHECKPOINT_BYTES: Final = 4 * 1024 * 1024

_PLAIN_HEADER: Final = b"SQLite format 3\x00"
_NOT_A_DATABASE: Final = 26  # SQLITE_NOTADB: what a page that doesn't decrypt looks like


class DatabaseKey:
    """The raw key of one database file, 32 bytes. Never shown, compared or pickled."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if type(raw) is not bytes or len(raw) != KEY_BYTES:
            raise ValueError(f"a database key has {KEY_BYTES} bytes")
        self._raw = raw

    def __repr__(self) -> str:
        return "<DatabaseKey redacted>"

    def __reduce__(self) -> Never:
        raise TypeError("a database key is never pickled")

    def pragma(self) -> str:
        """Return the statement that gives SQLCipher the key as it is, with nothing derived."""
        return f"PRAGMA key = \"x'{self._raw.hex()}'\""

    def rekey_pragma(self) -> str:
        """Return the statement that encrypts an open database anew, under this key."""
        return f"PRAGMA rekey = \"x'{self._raw.hex()}'\""


def sqlcipher_driver(key: DatabaseKey) -> Driver:
    """Return the driver that opens files under this key."""
    return Driver(
        connect=partial(_connect, key),
        error=sqlcipher.Error,
        classify=_classify,
    )


def _connect(key: DatabaseKey, path: Path) -> RawConnection:
    connection: Any = sqlcipher.connect(
        path,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # BEGIN is the seam's: IMMEDIATE for writers
        check_same_thread=False,  # closed by whoever stops the connection's thread
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # first: a wrong key is silent
        connection.execute("PRAGMA cipher_memory_security = OFF")  # 15 times slower; see the spec
        connection.execute(key.pragma())
        for pragma in common_pragmas(
            page_bytes=PAGE_BYTES, cache_bytes=CACHE_BYTES, checkpoint_bytes=CHECKPOINT_BYTES
        ):
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    opened: RawConnection = connection
    return opened


def _classify(error: BaseException) -> type[StoreError]:
    if getattr(error, "sqlite_errorcode", None) == _NOT_A_DATABASE:
        return WrongKey
    return classify(error)


def is_encrypted(path: Path) -> bool:
    """Whether a file can be SQLCipher's at all: whole pages, and not plain SQLite's first bytes.

    An empty or missing file is: it will be created so.
    """
    try:
        with path.open("rb") as file:
            header = file.read(len(_PLAIN_HEADER))
            size_bytes = file.seek(0, 2)
    except FileNotFoundError:
        return True
    return header != _PLAIN_HEADER and size_bytes % PAGE_BYTES == 0
