"""The other place where a database meets the event loop: PostgreSQL, through asyncpg.

A `Postgres` has one connection that writes envelopes, a few that the hot reads keep, and a pool for
all else. Rule: a server that goes away and comes back within PATIENCE_S is a pause; what was
interrupted before its commit was sent is run again, and what was interrupted during it raises
Uncertain. Knows no table. Source: docs/scaling.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import asyncpg
import trio
import trio_asyncio
from asyncpg.connection import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from restante.errors import StoreError
from restante.store.errors import (
    Busy,
    Conflict,
    Corrupted,
    DiskFailed,
    DiskFull,
    Uncertain,
    Unreachable,
)

T = TypeVar("T")

PATIENCE_S: Final = 15.0
"""How long a server may be away before who waits is told: half of what a client waits."""

RECONNECT_S: Final = 0.2
CONNECT_S: Final = 5.0
STATEMENT_S: Final = 20.0
"""No statement of the relay's takes so long, unless it waits for somebody's lock."""

HOT_READERS: Final = 3
POOL: Final = 4
TRIES: Final = 3
"""Of a transaction that met another one: two processes may register one name, or meet head-on."""

_SETTINGS: Final = {
    "application_name": "restante relay",
    "synchronous_commit": "on",  # a commit is on the disk when it returns, whatever the default is
    "default_transaction_isolation": "read committed",
    "statement_timeout": str(int(STATEMENT_S * 1000)),
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "30000",
    "jit": "off",
    "work_mem": "16MB",
}
_HOT_SETTINGS: Final = {
    # A plan that was made while the tables were empty must still be right when they are not.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}

_BY_STATE: Final[dict[str, type[StoreError]]] = {
    # https://www.postgresql.org/docs/current/errcodes-appendix.html; a class, or one state.
    "08": Unreachable,
    "23": Conflict,
    "25006": Unreachable,  # a standby answers: wait for the primary
    "28": DiskFailed,
    "3D": DiskFailed,
    "40": Busy,  # a deadlock: one of the two is run again
    "42501": DiskFailed,
    "53100": DiskFull,
    "53": Unreachable,  # too many connections, out of memory
    "55P03": Busy,
    "57014": Busy,
    "57P": Unreachable,
    "58": DiskFailed,
    "XX001": Corrupted,
    "XX002": Corrupted,
}
_SENTENCES: Final[dict[type[StoreError], str]] = {
    DiskFull: "{place} has no room left. Free some space; nothing was lost.",
    DiskFailed: "{place} refuses this relay: {error}. Check its user, password and rights.",
    Corrupted: "{place} is damaged: {error}. Restore it from a backup.",
    Busy: "{place} was busy for too long.",
    Unreachable: "{place} can't be reached. Is the server running, and the address right?",
    Uncertain: "{place} went away during a commit.",
}


def translated(error: BaseException, place: str) -> StoreError:
    """Return our error for a driver's, as a sentence that names the place and not the statement."""
    while isinstance(error, DBAPIError):
        error = error.orig if error.orig is not None else StoreError("unknown")
    state = getattr(error, "sqlstate", None)
    kind: type[StoreError] = StoreError
    if isinstance(state, str):
        parts = (state, state[:3], state[:2])
        kind = next((_BY_STATE[part] for part in parts if part in _BY_STATE), StoreError)
    elif _is_lost(error):
        kind = Unreachable
    sentence = _SENTENCES.get(kind, "{place} refused: {error}.")
    return kind(sentence.format(place=place, error=str(error).partition("\n")[0]))


def _is_lost(error: BaseException) -> bool:
    own = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
    return isinstance(error, own) or isinstance(error.__cause__, own)


_DRIVERS: Final = (
    DBAPIError,
    InterfaceError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    ValueError,  # of an address that is none
)


def place_of(url: str) -> str:
    """Return what an address may be called in a log: without its user and its password."""
    parts = urlsplit(url)
    host = parts.hostname or "this machine"
    return f"The database {parts.path.lstrip('/') or 'of PostgreSQL'} on {host}"


class _Line:
    """One connection, for one user at a time; opened again after it was lost."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._connection: Connection | None = None

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run store code, in the asyncio loop. A connection that fails is not used again."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        try:
            return await work(self._connection)
        except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError):
            self._drop()
            raise

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(Exception):  # gone already, or going
                await self._connection.close(timeout=CONNECT_S)
            self._connection = None


class Postgres:
    """A database on a server. Made by `open_postgres`; usable from trio tasks in `open_loop`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.get_running_loop()
        self.place = place_of(url)
        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self.connect,
            pool_size=POOL,
            max_overflow=0,
            hide_parameters=True,  # an exception that shows values would show what people write
        )
        self._writer = _Line(self._connect_hot)
        self._write_turn = trio.Lock()
        self._readers = [_Line(self._connect_reader) for _ in range(HOT_READERS)]
        self._reader_turns = trio.Semaphore(HOT_READERS)

    # ---- in the asyncio loop ----------------------------------------------------------------

    async def connect(self, **more: str) -> Connection:
        """Open a connection of the driver's own."""
        settings = _SETTINGS | more
        return await asyncpg.connect(
            self._url, timeout=CONNECT_S, command_timeout=STATEMENT_S, server_settings=settings
        )

    async def _connect_hot(self) -> Connection:
        return await self.connect(**_HOT_SETTINGS)

    async def _connect_reader(self) -> Connection:
        # What is written here, wake-ups and who has subscribed, is worth no wait for the disk.
        return await self.connect(**_HOT_SETTINGS, synchronous_commit="off")

    async def _read_in_loop(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._engine.connect() as connection:
            return await work(connection)

    async def _write_in_loop(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._engine.connect() as connection:
            transaction = await connection.begin()
            try:
                result = await work(connection)
            except BaseException:
                with suppress(*_DRIVERS):  # a connection that is lost has rolled back
                    await transaction.rollback()
                raise
            try:
                await transaction.commit()
            except _DRIVERS as error:
                found = translated(error, self.place)
                if isinstance(found, Unreachable):
                    raise Uncertain(_SENTENCES[Uncertain].format(place=self.place)) from error
                raise
            return result

    # ---- in trio ------------------------------------------------------------------------------

    async def aio(self, in_loop: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run a function of asyncio's to its end. Raises StoreError for what the driver raises."""
        # Shielded: half a transaction is worse than a late cancellation, and none takes long.
        with trio.CancelScope(shield=True):
            try:
                result: T = await trio_asyncio.aio_as_trio(in_loop, loop=self._loop)(*args)
            except StoreError:
                raise
            except _DRIVERS as error:
                raise translated(error, self.place) from error
        return result

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until the server is there, for PATIENCE_S. Cancellation: between two attempts."""
        until = trio.current_time() + PATIENCE_S
        while True:
            try:
                return await attempt()
            except Uncertain:
                raise
            except Unreachable:
                if trio.current_time() >= until:
                    raise
            await trio.sleep(RECONNECT_S)

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run store code that only reads. Statements of one `work` may see different moments."""
        await trio.lowlevel.checkpoint()
        return await self._patiently(lambda: self.aio(self._read_in_loop, work))

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run store code in one transaction and commit it, durably.

        Another process may be in the way: then it is run again, TRIES times in all.
        """
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._patiently(lambda: self.aio(self._write_in_loop, work))
            except (Busy, Conflict):
                if not tries_left:
                    raise
        raise Busy(_SENTENCES[Busy].format(place=self.place))

    async def write_hot(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run store code on the connection that writes envelopes. `work` commits by itself.

        Unreachable may be Uncertain here: `work` must say whether it was run before.
        """
        async with self._write_turn:
            return await self.aio(self._writer.run, work)

    async def read_hot(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run one statement on a connection kept for that."""

        async def attempt() -> T:
            async with self._reader_turns:
                line = self._readers.pop()
                try:
                    return await self.aio(line.run, work)
                finally:
                    self._readers.append(line)

        return await self._patiently(attempt)

    async def close(self) -> None:
        """Close all connections."""
        with trio.CancelScope(shield=True):
            for line in (self._writer, *self._readers):
                await self.aio(line.close)
            await self.aio(self._engine.dispose)


async def _check_server(connection: Connection, place: str) -> None:
    if await connection.fetchval("SHOW fsync") != "on":
        raise StoreError(
            f"{place} runs with fsync off: it would lose messages that were accepted. "
            "Set fsync = on and restart the server."
        )


@asynccontextmanager
async def open_postgres(url: str) -> AsyncIterator[Postgres]:
    """Connect to a server for the length of the block, inside `open_loop`.

    Says nothing of its schema: `restante.store.relay_postgres_schema` does. Raises Unreachable or
    DiskFailed with a sentence that names the place, without the password.
    """
    database = Postgres(url)
    try:
        await database.write_hot(lambda raw: _check_server(raw, database.place))
        yield database
    finally:
        # Before the loop closes, or the connections have nobody to answer to.
        await database.close()
