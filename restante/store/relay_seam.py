"""A relay's file at the seam: as `seam`, and for statements of SQLAlchemy's as well.

Reads that are not hot take their connections from a pool. Rule: whoever writes waits for the one
turn, by whichever way. Knows no table. Source: docs/relay.md, section 3.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite
import trio
import trio_asyncio
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from restante.errors import StoreError
from restante.store import seam
from restante.store.driver import Driver, RawConnection, sqlite_driver
from restante.store.seam import Threaded, connected, create_private, translated

T = TypeVar("T")

_OPTION_WRITES = "restante_writes"

POOL: Final = 8
"""Connections that are kept: two for the hot paths, the others for look-ups. What is past them is
opened and closed each time, a thread and a file: ten times what is looked up."""


class Database(seam.Database):
    """An open database. Made by `open_database`; usable from trio tasks inside `open_loop`.

    `work` is store code: a function of an SQLAlchemy connection (asyncio flavoured), or, for the
    raw paths, of the driver's own connection. Either may run more than one statement, and must not
    commit. Every method raises StoreError's subclasses, and what `work` raises after a rollback.
    """

    def __init__(
        self,
        *,
        path: Path,
        driver: Driver,
        writer: AsyncConnection,
        reader: AsyncConnection,
        raw_writer: Threaded,
        raw_reader: Threaded,
        folder: Threaded,
    ) -> None:
        super().__init__(path=path, driver=driver, writer=raw_writer, reader=raw_reader)
        self._writer = writer
        self._reader = reader
        self._folder = folder

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run store code on one consistent snapshot. Cancellation: before it starts."""
        await trio.lowlevel.checkpoint()
        return await self._run(self._read_in_loop, work)

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run store code in one transaction and commit it, durably.

        An exception of `work` rolls back and is raised. Cancellation: committed, or no effect.
        """
        async with self._write_turn:
            return await self._run(self._write_in_loop, work)

    async def fold_journal(self) -> None:
        """Copy into the file what is committed, beside who reads and writes: nobody waits for it.

        Source: sqlite.org/wal.html, "Checkpointing".
        """
        await self._hop(self._folder, _fold_in_thread)

    async def _run(self, in_loop: Callable[..., Awaitable[T]], *args: Any) -> T:
        # Shielded: half a transaction is worse than a late cancellation, and none takes long.
        with trio.CancelScope(shield=True):
            try:
                result: T = await trio_asyncio.aio_as_trio(in_loop, loop=self._loop)(*args)
            except DBAPIError as error:
                raise translated(error.orig or error, self._driver, self._path) from error
            except self._driver.error as error:
                raise translated(error, self._driver, self._path) from error
        return result

    async def _read_in_loop(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        connection = await self._writer.engine.connect()
        try:
            return await work(connection)
        finally:
            await connection.close()

    async def _write_in_loop(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._writer.begin():
            return await work(self._writer)

    async def _abandon(self) -> None:
        for pooled in (self._raw_writer, self._raw_reader):  # the pool closes them
            if pooled is not None:
                pooled.let_go()
        self._raw_writer = self._raw_reader = None
        await self._folder.close()
        await self._reader.close()
        await self._writer.close()


def _fold_in_thread(connection: RawConnection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


async def _threaded(connection: AsyncConnection) -> Threaded:
    pooled = await connection.get_raw_connection()
    driver_connection = pooled.driver_connection
    if not isinstance(driver_connection, aiosqlite.Connection):
        raise StoreError("The database driver is not the one that the hot paths know.")
    return Threaded(driver_connection)


def _make_engine(path: Path, driver: Driver, reading: Driver) -> AsyncEngine:
    drivers = chain((driver,), repeat(reading))  # first who writes

    async def connect(*_: Any, **__: Any) -> aiosqlite.Connection:
        return await connected(path, next(drivers))

    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        async_creator=connect,
        pool_size=POOL,
        hide_parameters=True,  # an exception that shows values would show what people write
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        writes = connection.get_execution_options().get(_OPTION_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@asynccontextmanager
async def open_database(
    path: Path, *, driver: Driver | None = None, reading: Driver | None = None
) -> AsyncIterator[Database]:
    """Open (or create, 0600) a database file for the length of the block, inside `open_loop`.

    `reading` opens the connections besides the one that writes. Says nothing of the file's schema:
    `restante.store.migrations` does. Raises DiskFailed, Corrupted, WrongKey, Busy or DiskFull with
    a sentence that names the file.
    """
    driver = driver or sqlite_driver()
    reading = reading or driver
    create_private(path)
    engine = _make_engine(path, driver, reading)
    try:
        database = await _opened(engine, path, driver, reading)
        try:
            yield database
        finally:
            with trio.CancelScope(shield=True):
                await trio_asyncio.aio_as_trio(database._abandon)()  # noqa: SLF001  # same module
    finally:
        # Before the loop closes, or the driver's threads have nobody to answer to.
        with trio.CancelScope(shield=True):
            await trio_asyncio.aio_as_trio(engine.dispose)()


async def _opened(engine: AsyncEngine, path: Path, driver: Driver, reading: Driver) -> Database:
    async def connect() -> Database:
        writer = await engine.connect()
        await writer.execution_options(**{_OPTION_WRITES: True})
        reader = await engine.connect()
        return Database(
            path=path,
            driver=driver,
            writer=writer,
            reader=reader,
            raw_writer=await _threaded(writer),
            raw_reader=await _threaded(reader),
            folder=Threaded(await connected(path, reading)),
        )

    with trio.CancelScope(shield=True):
        try:
            database: Database = await trio_asyncio.aio_as_trio(connect)()
        except DBAPIError as error:
            raise translated(error.orig or error, driver, path) from error
        except driver.error as error:
            raise translated(error, driver, path) from error
    return database
