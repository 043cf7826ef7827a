"""The seam: transactions are all or nothing, and errors say what can be done."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import trio
import trio_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.store.driver import RawConnection, sqlite_driver
from restante.store.errors import Conflict, Corrupted, DiskFailed, DiskFull
from restante.store.relay_seam import Database, open_database
from restante.store.seam import connected, create_private, end_threads, open_loop


async def _count(db: Database) -> int:
    async def work(connection: AsyncConnection) -> int:
        return int((await connection.execute(text("SELECT count(*) FROM t"))).scalar_one())

    return await db.read(work)


def _create(raw: RawConnection) -> None:
    raw.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)")


def _insert(key: int) -> Any:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text("INSERT INTO t (k) VALUES (:k)"), {"k": key})

    return work


async def test_a_write_is_seen_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    async with open_loop():
        async with open_database(path) as db:
            await db.write_raw(_create)
            await db.write(_insert(1))
        async with open_database(path) as db:
            assert await _count(db) == 1
    assert path.stat().st_mode & 0o777 == 0o600


async def test_an_exception_in_either_kind_of_write_keeps_nothing(tmp_path: Path) -> None:
    async def failing(connection: AsyncConnection) -> None:
        await _insert(1)(connection)
        raise LookupError

    def failing_raw(raw: RawConnection) -> None:
        raw.execute("INSERT INTO t (k) VALUES (2)")
        raise LookupError

    async with open_loop(), open_database(tmp_path / "x.db") as db:
        await db.write_raw(_create)
        with pytest.raises(LookupError):
            await db.write(failing)
        with pytest.raises(LookupError):
            await db.write_raw(failing_raw)
        assert await _count(db) == 0
        await db.write(_insert(3))
        assert await _count(db) == 1


async def test_a_cancelled_write_is_committed_or_had_no_effect(tmp_path: Path) -> None:
    started = trio.Event()
    token = trio.lowlevel.current_trio_token()

    def slow(raw: RawConnection) -> None:
        raw.execute("INSERT INTO t (k) VALUES (1)")
        trio.from_thread.run_sync(started.set, trio_token=token)

    async with open_loop(), open_database(tmp_path / "x.db") as db:
        await db.write_raw(_create)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(db.write_raw, slow)
            await started.wait()
            nursery.cancel_scope.cancel()
        assert await _count(db) == 1
        with trio.CancelScope() as scope:
            scope.cancel()
            await db.write(_insert(2))
        assert await _count(db) == 1


async def test_cancelling_everything_round_a_write_still_closes_cleanly(tmp_path: Path) -> None:
    with trio.CancelScope() as scope:
        async with open_loop(), open_database(tmp_path / "x.db") as db:
            await db.write_raw(_create)
            scope.cancel()
            for key in range(100):
                await db.write(_insert(key))
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert not (tmp_path / "x.db-wal").exists(), "the last connection to close checkpoints"
    connection = sqlite3.connect(tmp_path / "x.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def test_a_process_that_ends_without_closing_leaves_no_thread_in_a_database(
    tmp_path: Path,
) -> None:
    path = tmp_path / "left-open.sqlite"
    create_private(path)
    async with open_loop():
        left_open = await trio_asyncio.aio_as_trio(connected)(path, sqlite_driver())
    assert left_open._thread.is_alive()
    end_threads()
    assert not left_open._thread.is_alive()


async def test_a_read_sees_one_snapshot_while_others_write(tmp_path: Path) -> None:
    async with open_loop(), open_database(tmp_path / "x.db") as db:
        await db.write_raw(_create)
        between = trio.Event()
        token = trio.lowlevel.current_trio_token()

        def reading(raw: RawConnection) -> tuple[int, int]:
            first = raw.execute("SELECT count(*) FROM t").fetchone()[0]
            trio.from_thread.run(db.write, _insert(1), trio_token=token)
            trio.from_thread.run_sync(between.set, trio_token=token)
            return first, raw.execute("SELECT count(*) FROM t").fetchone()[0]

        assert await db.read_raw(reading) == (0, 0)
        assert between.is_set()
        assert await _count(db) == 1


async def test_what_is_no_database_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"not a database, but long enough to be looked at as one" * 100)
    async with open_loop():
        with pytest.raises(Corrupted, match=r"x\.db is damaged"):
            async with open_database(path):
                pass
    assert path.read_bytes().startswith(b"not a database")


async def test_a_place_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    async with open_loop():
        with pytest.raises(DiskFailed):
            async with open_database(tmp_path / "nowhere" / "x.db"):
                pass


async def test_a_full_disk_keeps_nothing_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    def fill(raw: RawConnection) -> None:
        for key in range(100):
            raw.execute("INSERT INTO t VALUES (?, ?)", (key, b"x" * 10_000))

    async with open_loop(), open_database(tmp_path / "x.db") as db:
        await db.write_raw(_create)
        await db.outside_transactions(lambda raw: raw.execute("PRAGMA max_page_count = 20"))
        with pytest.raises(DiskFull):
            await db.write_raw(fill)
        assert await _count(db) == 0
        await db.outside_transactions(lambda raw: raw.execute("PRAGMA max_page_count = 2000"))
        await db.write_raw(fill)
        assert await _count(db) == 100


async def test_a_row_that_exists_is_a_conflict(tmp_path: Path) -> None:
    async with open_loop(), open_database(tmp_path / "x.db") as db:
        await db.write_raw(_create)
        await db.write(_insert(1))
        with pytest.raises(Conflict):
            await db.write(_insert(1))


async def test_the_durable_settings_are_in_force_on_every_connection(tmp_path: Path) -> None:
    def settings(raw: RawConnection) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys", "page_size")
        return [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    driver = sqlite_driver(page_bytes=8192)
    async with open_loop(), open_database(tmp_path / "x.db", driver=driver) as db:
        expected = ["wal", 2, 1, 8192]
        assert await db.outside_transactions(settings) == expected
        assert await db.read_raw(settings) == expected
