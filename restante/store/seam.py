"""The one place where databases meet the event loop: trio outside, asyncio libraries inside.

A `Database` has one connection that writes and one that reads, each in a thread of its own. Rule: a
write is all or nothing, also under cancellation: it waits its turn cancellably, then runs shielded
to its commit. Knows no table and no SQLAlchemy: a relay's, which takes its statements too, is
`relay_seam`. Source: docs/relay.md, section 3.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import socket
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import trio
import trio_asyncio

from restante.errors import StoreError
from restante.store.driver import BUSY_TIMEOUT_S, Driver, RawConnection, sqlite_driver
from restante.store.errors import Corrupted, DiskFailed, DiskFull, WrongKey
from restante.store.quick_lock import QuickLock

T = TypeVar("T")

_OPENED: weakref.WeakSet[aiosqlite.Connection] = weakref.WeakSet()

_SENTENCES: dict[type[StoreError], str] = {
    DiskFull: "There is no room left for the database {path}. Free some space; nothing was lost.",
    DiskFailed: "The database {path} can't be opened or written. Check its permissions and disk.",
    Corrupted: "The database {path} is damaged. Restore it from a backup, or move it away.",
    WrongKey: "The database {path} does not open with this key. Restore the key file that belongs "
    "to it; without that key nobody can read it.",
}


@asynccontextmanager
async def open_loop() -> AsyncIterator[None]:
    """Run the asyncio loop that databases need, for the length of the block; once per process."""
    async with trio_asyncio.open_loop():
        yield


class Threaded:
    """A connection in its thread, for one piece of work at a time.

    For a whole transaction one entry in the connection's queue, put there as SQLAlchemy's dialect
    does: the library's calls take a hop for each statement, which costs more than most statements.
    And the thread rings for the loop by itself: by way of asyncio's, which runs inside trio's, it
    takes twice as long, and by trio's own it takes a turn of the loop more.
    """

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._rope.setblocking(False)

    async def run(self, work: Callable[[RawConnection], T]) -> T:
        """Run store code in the thread and return what it does; raises what it raises.

        A cancellation waits: half a transaction is worse than a late one.
        """
        results: list[T] = []
        errors: list[BaseException] = []

        def in_thread() -> None:
            try:
                results.append(work(self._connection._conn))  # noqa: SLF001
            except BaseException as error:  # raised where it was asked for
                errors.append(error)
            with suppress(OSError):  # rung often enough, or closed while it ran
                self._rope.send(b"\0")

        self._connection._tx.put_nowait((None, in_thread))  # noqa: SLF001
        with trio.CancelScope(shield=True):
            while not results and not errors:
                await trio.lowlevel.wait_readable(self._bell)
                self._bell.recv(1)
        for error in errors:
            raise error
        return results[0]

    async def close(self) -> None:
        """End the thread; runs in asyncio's loop."""
        try:
            await self._connection.close()
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Ring no more: somebody else closes the connection."""
        self._bell.close()
        self._rope.close()


class Database:
    """An open database. Made by `open_database`; usable from trio tasks inside `open_loop`.

    `work` is store code: a function of the driver's connection, run in one go in that connection's
    thread. It may run more than one statement, and must not commit.
    Every method raises StoreError's subclasses, and what `work` raises after a rollback.
    """

    def __init__(
        self,
        *,
        path: Path,
        driver: Driver,
        writer: Threaded,
        reader: Threaded,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._path = path
        self._driver = driver
        self._write_turn = QuickLock()
        self._read_turn = QuickLock()
        self._raw_writer: Threaded | None = writer
        self._raw_reader: Threaded | None = reader

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    async def read_raw(self, work: Callable[[RawConnection], T]) -> T:
        """Run store code on one consistent snapshot: one thread hop for all of it."""
        async with self._read_turn:
            return await self._hop(self._raw_reader, partial(_read_in_thread, work))

    async def write_raw(self, work: Callable[[RawConnection], T]) -> T:
        """Run store code in one transaction and commit it, durably: one thread hop for all of it.

        An exception of `work` rolls back and is raised. Cancellation: committed, or no effect.
        """
        async with self._write_turn:
            return await self._hop(self._raw_writer, partial(_write_in_thread, work))

    async def outside_transactions(self, work: Callable[[RawConnection], T]) -> T:
        """Run what SQLite allows only outside a transaction: checkpoints, vacuum, pragmas."""
        async with self._write_turn:
            return await self._hop(self._raw_writer, work)

    @contextmanager
    def snapshot(self) -> Iterator[RawConnection]:
        """Open a connection of its own, in the caller's thread, on one snapshot for the block.

        For long walks: whoever else reads or writes is not kept waiting. Only for reading; not on
        the loop's own thread. Raises StoreError.
        """
        try:
            connection = self._driver.connect(self._path)
        except self._driver.error as error:
            raise translated(error, self._driver, self._path) from error
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            yield connection
        except self._driver.error as error:
            raise translated(error, self._driver, self._path) from error
        finally:
            connection.rollback()
            connection.close()

    async def _hop(self, connection: Threaded | None, work: Callable[[RawConnection], T]) -> T:
        if connection is None:
            raise StoreError(f"The database {self._path} is closed.")
        try:
            return await connection.run(work)
        except self._driver.error as error:
            raise translated(error, self._driver, self._path) from error

    async def _abandon(self) -> None:
        writer, reader = self._raw_writer, self._raw_reader
        self._raw_writer = self._raw_reader = None
        try:
            if reader is not None:
                await reader.close()
        finally:
            if writer is not None:
                await writer.close()  # the last to close folds the journal into the file


def translated(error: BaseException, driver: Driver, path: Path) -> StoreError:
    """Return our error for a driver's, as a sentence that names the file and not the statement."""
    kind = driver.classify(error)
    sentence = _SENTENCES.get(kind, "The database {path} refused: {error}.")
    return kind(sentence.format(path=path, error=error))


def _read_in_thread(work: Callable[[RawConnection], T], connection: RawConnection) -> T:
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        connection.rollback()


def _write_in_thread(work: Callable[[RawConnection], T], connection: RawConnection) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors; then this does nothing.
        connection.rollback()
        raise
    return result


async def connected(path: Path, driver: Driver) -> aiosqlite.Connection:
    """Open a file in a thread of its own; runs in asyncio's loop. The driver's errors come out."""

    def open_file() -> Any:
        return driver.connect(path)

    connection = aiosqlite.Connection(open_file, 64)
    # A process that ends without closing must not hang on the connection's thread.
    connection._thread.daemon = True  # noqa: SLF001
    _OPENED.add(connection)
    try:
        return await connection
    except BaseException:
        # It was told to stop, but nobody waits until it has: it would outlive the loop.
        connection._thread.join()  # noqa: SLF001
        raise


@atexit.register
def end_threads() -> None:
    """Let no thread be inside a database any more: the process ends without having closed it.

    SQLCipher takes itself apart at the very end (its own `atexit`), under whatever still runs: a
    statement or a commit that is under way then ends the process by signal 11.
    """
    for connection in list(_OPENED):
        if connection._thread.is_alive():  # noqa: SLF001
            connection.stop()
            connection._thread.join(BUSY_TIMEOUT_S)  # noqa: SLF001


def create_private(path: Path) -> None:
    """Create the file for its owner alone; its journals inherit that."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DiskFailed(_SENTENCES[DiskFailed].format(path=path)) from error


@asynccontextmanager
async def open_database(path: Path, *, driver: Driver | None = None) -> AsyncIterator[Database]:
    """Open (or create, 0600) a database file for the length of the block, inside `open_loop`.

    Says nothing of its schema: `restante.store.migrations` does. Raises DiskFailed, Corrupted,
    WrongKey, Busy or DiskFull with a sentence that names the file.
    """
    chosen = driver or sqlite_driver()
    create_private(path)

    async def connect() -> Database:
        writer = Threaded(await connected(path, chosen))
        try:
            reader = Threaded(await connected(path, chosen))
        except BaseException:
            await writer.close()
            raise
        return Database(path=path, driver=chosen, writer=writer, reader=reader)

    with trio.CancelScope(shield=True):
        try:
            database: Database = await trio_asyncio.aio_as_trio(connect)()
        except chosen.error as error:
            raise translated(error, chosen, path) from error
    try:
        yield database
    finally:
        # Before the loop closes, or the driver's threads have nobody to answer to.
        with trio.CancelScope(shield=True):
            await trio_asyncio.aio_as_trio(database._abandon)()  # noqa: SLF001  # same module
