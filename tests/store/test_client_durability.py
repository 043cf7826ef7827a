"""A transaction is whole or not there: after an exception, a kill, a full or damaged disk."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from restante.store import (
    client_account,
    client_conversations,
    client_feed,
    client_inbox,
    client_messages,
    client_outbox,
    client_sessions,
)
from restante.store.client_rows import Rows
from restante.store.errors import Corrupted, DiskFailed, DiskFull
from tests.processes import Process, start
from tests.store.crashing_client import NEVER, POINTS, SESSION, take_in
from tests.store.made_rows import BOB, PHONE, made_message
from tests.store.profiles import Profile, profile, refusal

TIMEOUT_S = 120


def _start(folder: Path, point: str, passes: int) -> Process:
    return start(
        *("tests.store.crashing_client", str(folder), point, str(passes)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _everything(rows: Rows) -> dict[str, object]:
    """Return what every table says of how many transactions there were."""
    session = client_sessions.session(rows, SESSION)
    return {
        "messages": client_messages.count(rows, BOB),
        "clock": client_conversations.clock(rows, BOB),
        "feed": len(client_feed.feed_after(rows, 0, 10_000)),
        "session": 0 if session is None else int(session.state),
        "tags": client_sessions.tags_of(rows, SESSION),
        "outbox": client_outbox.count(rows),
        "receipts": client_inbox.count_receipts(rows),
    }


def _all_of(count: int) -> dict[str, object]:
    return {
        "messages": count,
        "clock": count,
        "feed": count,
        "session": count,
        "tags": {count.to_bytes(16, "big")} if count else set(),
        "outbox": count,
        "receipts": count,
    }


async def _is_whole(folder: Path, committed: int) -> int:
    """Assert that what was reported is there, at most one more is, and nothing is half there."""
    async with profile(folder) as db:
        found = await db.read(client_messages.count, BOB)
        assert found in (committed, committed + 1)
        assert await db.read(_everything) == _all_of(found)
        for number in range(1, found + 2):
            processed = await db.read(client_inbox.is_processed, number.to_bytes(16, "big"))
            assert processed == (number <= found)
        checked = await db.database.read_raw(
            lambda raw: raw.execute("PRAGMA integrity_check").fetchall()
        )
        assert checked == [("ok",)]
    return found


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_each_point_leaves_whole_transactions(tmp_path: Path, point: str) -> None:
    committed = 0
    for passes in (1, 4):
        program = _start(tmp_path, point, passes)
        told, errors = program.communicate(timeout=TIMEOUT_S)
        assert (program.returncode, errors) == (-signal.SIGKILL, b"")
        lines = [int(line) for line in told.split()]
        expected = passes if point == "committed" else passes - 1
        assert lines == list(range(committed + 1, committed + 1 + expected))
        committed += expected
        # A point before the commit leaves nothing of its transaction.
        assert await _is_whole(tmp_path, committed) == committed


async def test_kills_from_outside_leave_whole_transactions(
    tmp_path: Path, soak_rounds: Callable[[int, int], int], seeded_random: random.Random
) -> None:
    committed = 0
    for _ in range(soak_rounds(3, 200)):
        program = _start(tmp_path, NEVER, 1)
        assert program.stdout is not None
        for _ in range(seeded_random.randint(1, 20)):
            committed = int(program.stdout.readline())
        program.kill()
        told, errors = program.communicate(timeout=TIMEOUT_S)
        assert errors == b""
        # What was written before the kill and read after it; the last line may be cut.
        for line in told.splitlines(keepends=True):
            if line.endswith(b"\n"):
                committed = int(line)
        committed = await _is_whole(tmp_path, committed)


async def test_an_exception_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def fail(rows: Rows) -> None:
        take_in(rows, 2)
        raise LookupError

    async with profile(tmp_path) as db:
        await db.write(take_in, 1)
        with pytest.raises(LookupError):
            await db.write(fail)
        assert await db.read(_everything) == _all_of(1)
        await db.write(take_in, 2)
        assert await db.read(_everything) == _all_of(2)


async def _set_room(db: Profile, pages: int) -> None:
    await db.database.outside_transactions(
        lambda raw: raw.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    )


async def test_a_full_disk_says_so_and_loses_nothing(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await db.write(take_in, 1)
        await _set_room(db, 1)  # SQLite takes the present size, if that is more

        def too_much(rows: Rows) -> None:
            take_in(rows, 2)
            client_account.set_value(rows, "large", bytes(1_000_000))

        with pytest.raises(DiskFull) as refusal:
            await db.write(too_much)
        assert str(tmp_path / "profile.db") in str(refusal.value)
        assert await db.read(_everything) == _all_of(1)
        await _set_room(db, 1_000_000)
        await db.write(take_in, 2)
        assert await db.read(_everything) == _all_of(2)


async def test_a_damaged_file_says_so(tmp_path: Path, seeded_random: random.Random) -> None:
    path = tmp_path / "profile.db"
    added = [made_message(seeded_random, rank=rank) for rank in range(2000)]
    async with profile(tmp_path) as db:
        await db.write(client_messages.insert_messages, BOB, added)
    content = bytearray(path.read_bytes())
    for at in range(len(content) // 2, len(content), 4096):
        content[at] ^= 1
    path.write_bytes(content)
    async with profile(tmp_path) as db:
        with pytest.raises(Corrupted) as refusal:
            await db.read(client_messages.window, BOB, 0, 2000)
    assert str(path) in str(refusal.value)


async def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    error = await refusal(folder, DiskFailed)
    assert str(folder / "profile.db") in str(error)


async def test_the_files_are_their_owner_s_alone(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        await db.write(client_conversations.next_counter, PHONE)
        modes = {path.name: path.stat().st_mode & 0o777 for path in sorted(tmp_path.iterdir())}  # noqa: ASYNC240
    assert modes["profile.db"] == modes["profile.db-wal"] == 0o600
