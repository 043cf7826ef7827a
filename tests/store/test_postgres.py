"""A server as a relay's store: what is refused, with which sentence, and what the schema is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import trio
import trio.lowlevel
from sqlalchemy import BigInteger, LargeBinary, Text, inspect
from sqlalchemy.types import TypeEngine

from restante.errors import StoreError, UserError
from restante.protocol.ids import EnvelopeId
from restante.relay.settings import public_database_url, read_settings
from restante.store.errors import (
    Busy,
    Conflict,
    Corrupted,
    DiskFailed,
    DiskFull,
    SchemaTooNew,
    Unreachable,
)
from restante.store.migrations import RELAY
from restante.store.postgres import place_of, translated
from restante.store.relay_mailboxes import Arrival, Removed
from restante.store.relay_postgres import open_relay_postgres
from restante.store.relay_postgres_schema import in_postgres_words
from restante.store.relay_store import Mailboxes
from restante.store.relay_tables import metadata
from restante.store.seam import open_loop
from tests.postgres import Server, the_server

NOT_HERE = {"id_log", "id_segments"}
"""Tables of SQLite's alone."""


@dataclass
class Database:
    """A database of a test's own."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url(self.name)

    def sql(self, statement: str) -> str:
        """Run a statement in it."""
        return self.server.sql(statement, database=self.name)


@pytest.fixture
def database() -> Iterator[Database]:
    server = the_server()
    made = Database(server, server.new_database())
    yield made
    server.drop(made.name)


async def _open(url: str) -> None:
    async with open_loop(), open_relay_postgres(url):
        pass


async def _refused(url: str, kind: type[StoreError]) -> str:
    async with open_loop():
        with pytest.raises(kind) as refused:
            async with open_relay_postgres(url):
                pass
    assert "hush" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("where", ["?host=/nonexistent", "127.0.0.1:9/relay", "[::1]:9/relay"])
async def test_a_server_that_is_not_there_is_named_without_its_password(where: str) -> None:
    said = await _refused(f"postgresql://relay:hush@{where}", Unreachable)
    assert "can't be reached" in said


@pytest.mark.needs("postgres")
async def test_a_database_that_is_not_there_or_somebody_elses_is_refused(
    database: Database,
) -> None:
    server = database.server
    assert "does not exist" in await _refused(server.url("nobodys"), DiskFailed)
    other = database.url.replace("relay@", "stranger:hush@")
    assert "stranger" in await _refused(other, DiskFailed)
    assert "database of its own" in await _refused(await _with_other_tables(database), Corrupted)


async def _with_other_tables(database: Database) -> str:
    database.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE others (n int)")
    return database.url


@pytest.mark.needs("postgres")
async def test_a_newer_schema_is_refused_and_left_as_it_is(database: Database) -> None:
    database.sql("UPDATE restante_schema SET version = 9999")
    said = await _refused(database.url, SchemaTooNew)
    assert "9999" in said
    assert str(RELAY.head) in said
    assert database.sql("SELECT version FROM restante_schema") == "9999\n"


@pytest.mark.needs("postgres")
async def test_a_server_that_does_not_sync_is_refused(database: Database) -> None:
    server = database.server
    server.sql("ALTER SYSTEM SET fsync = off")
    try:
        server.sql("SELECT pg_reload_conf()")
        with trio.fail_after(30):
            while server.sql("SHOW fsync") == "on\n":
                await trio.lowlevel.checkpoint()
        assert "fsync = on" in await _refused(database.url, StoreError)
    finally:
        server.sql("ALTER SYSTEM RESET fsync")
        server.sql("SELECT pg_reload_conf()")
    with trio.fail_after(30):
        while server.sql("SHOW fsync") == "off\n":
            await trio.lowlevel.checkpoint()
    await _open(database.url)


@pytest.mark.needs("postgres")
async def test_of_relays_that_start_at_once_on_an_empty_database_one_makes_the_schema(
    database: Database,
) -> None:
    database.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    async with open_loop(), trio.open_nursery() as nursery:

        async def start() -> None:
            async with open_relay_postgres(database.url):
                pass

        for _ in range(3):
            nursery.start_soon(start)
    assert database.sql("SELECT version FROM restante_schema") == f"{RELAY.head}\n"


@pytest.mark.needs("postgres")
async def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    async with open_loop(), open_relay_postgres(database.url) as store:

        def look(connection: object) -> dict[str, dict[str, tuple[type, bool]]]:
            found = inspect(connection)
            return {
                table.name: {
                    column["name"]: (_kind(column["type"]), column["nullable"])
                    for column in found.get_columns(table.name)
                }
                for table in metadata.sorted_tables
                if table.name not in NOT_HERE
            }

        made = await store.db.read(lambda tx: tx.run_sync(look))
    assert made == {
        table.name: {
            column.name: (_kind(column.type), bool(column.nullable)) for column in table.columns
        }
        for table in metadata.sorted_tables
        if table.name not in NOT_HERE
    }


def _kind(found: TypeEngine[object]) -> type:
    kinds = [kind for kind in (BigInteger, LargeBinary, Text) if isinstance(found, kind)]
    assert len(kinds) == 1, found
    return kinds[0]


class Failed(Exception):  # noqa: N818  # stands for a driver's
    """An error with one of PostgreSQL's codes."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("what the server says\nDETAIL: a row with somebody's id")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("53100", DiskFull),
        ("53300", Unreachable),
        ("57P01", Unreachable),
        ("57P03", Unreachable),
        ("08006", Unreachable),
        ("25006", Unreachable),
        ("40P01", Busy),
        ("55P03", Busy),
        ("23505", Conflict),
        ("42501", DiskFailed),
        ("58030", DiskFailed),
        ("XX001", Corrupted),
        ("42P01", StoreError),
    ],
)
def test_each_code_of_the_servers_is_what_can_be_done_about_it(
    sqlstate: str, kind: type[StoreError]
) -> None:
    error = translated(Failed(sqlstate), place_of("postgresql://u:hush@db.internal/relay"))
    assert type(error) is kind
    assert str(error).startswith("The database relay on db.internal")
    assert "somebody" not in str(error)
    assert "hush" not in str(error)


@pytest.mark.parametrize("error", [OSError(), TimeoutError(), ConnectionResetError()])
def test_a_connection_that_is_lost_is_a_server_that_is_not_there(error: Exception) -> None:
    assert type(translated(error, "The database")) is Unreachable


@pytest.mark.parametrize(
    "url", ["postgresql://u:hush@h/d", "postgresql://u@h/d?password=hush", "postgres://:hush@/"]
)
def test_a_password_on_the_command_line_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="PGPASSFILE") as refused:
        public_database_url(url)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("url", ["mysql://h/d", "relay.sqlite3", "postgresql:", "x" * 1000])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="postgresql://"):
        read_settings(environment={}, data="d", database_url=url)


def test_a_migration_says_the_same_in_both_languages() -> None:
    statement = """CREATE TABLE t (n INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        b BLOB NOT NULL DEFAULT x'00ff', i INTEGER) WITHOUT ROWID"""
    assert " ".join(in_postgres_words(statement).split()) == (
        "CREATE TABLE t (n BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
        r"b BYTEA NOT NULL DEFAULT '\x00ff'::bytea, i BIGINT)"
    )


@pytest.mark.needs("postgres")
async def test_a_payload_goes_with_its_last_reader_though_two_relays_take_them_at_once(
    database: Database,
) -> None:
    async with (
        open_loop(),
        open_relay_postgres(database.url) as a,
        open_relay_postgres(database.url) as b,
    ):
        for _ in range(20):
            fan_out = Arrival(
                EnvelopeId(os.urandom(16)), bytes(4096), 9000, False, ((1, 0), (2, 0))
            )
            await a.mailboxes.commit([fan_out], (), hour=1000)
            async with trio.open_nursery() as nursery:
                for store, device in ((a, 1), (b, 2)):
                    nursery.start_soon(_take_all, store.mailboxes, device)
        assert database.sql("SELECT count(*) FROM payloads") == "0\n"


async def _take_all(mailboxes: Mailboxes, device: int) -> None:
    (found,) = await mailboxes.read(
        device, after_seq=0, besides=(), max_items=10, max_bytes=10**6, hour=1000
    )
    acked = Removed(found.seq, device, found.lane, found.size_bytes, found.shared)
    await mailboxes.commit((), [acked], hour=1000)
