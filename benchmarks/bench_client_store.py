"""The profile's database: filing, windows, positions, summaries, search, opening."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import trio

from benchmarks.history import fill
from restante.store import (
    client_calls,
    client_conversations,
    client_inbox,
    client_messages,
    client_search,
    client_summaries,
    client_threads,
)
from restante.store.client_database import open_client_database
from restante.store.client_messages import MessageRow
from restante.store.client_rows import Rows
from restante.store.driver import RawConnection
from restante.store.seam import Database, open_loop
from restante.store.sqlcipher import DatabaseKey

LARGE, SMALL = b"a large history-", b"a small history-"
LARGE_COUNT, SMALL_COUNT = 1_000_000, 1_000
CONVERSATIONS = 1_000
WINDOW = 64
TIMES = 200
ANSWERS = 200
SINGLE = 500
"""Messages that are filed one a transaction."""

Row = dict[str, object]


def run() -> Iterator[Row]:
    """Yield the figures of one encrypted file, in the order in which it grows."""
    with tempfile.TemporaryDirectory() as folder:
        yield from trio.run(_measure, Path(folder) / "profile.db")


async def _measure(path: Path) -> list[Row]:
    key = DatabaseKey(os.urandom(32))
    rows: list[Row] = []

    def told(bench: str, value: float, unit: str, how: str) -> None:
        rows.append(
            {"bench": f"client_store.{bench}", "value": round(value, 3), "unit": unit, "how": how}
        )

    async with open_loop():
        opened = time.perf_counter()
        async with open_client_database(path, key) as db:
            took = time.perf_counter() - opened
            told("create", took * 1e3, "ms", "new file, every table, in a warm process")
            await fill(db, SMALL, SMALL_COUNT)
            rate = await _file_singly(db)
            told("file_singly", rate, "messages/s", f"{SINGLE}, one a transaction, FULL, FTS5")
            small = await _window_ms(db, SMALL, SMALL_COUNT)
            began = time.perf_counter()
            await fill(db, LARGE, LARGE_COUNT)
            rate = LARGE_COUNT / (time.perf_counter() - began)
            told("fill", rate, "messages/s", f"{LARGE_COUNT}, 10,000 a transaction, FULL, FTS5")
            large = await _window_ms(db, LARGE, LARGE_COUNT)
            how = f"median of {TIMES} windows of {WINDOW} at evenly spread places of "
            told("window_1k", small, "ms", how + "1,000 messages, awaited from trio")
            told("window_1m", large, "ms", how + "1,000,000 messages, awaited from trio")
            told("window_ratio", large / small, "ratio", "1,000,000 over 1,000 messages")
            told(*await _position(db))
            for figure in await _mentions_and_threads(db):
                told(*figure)
            late = await _insert_in_the_middle_ms(db)
            told("insert_middle_1m", late, "ms", f"median of {TIMES}, of 1,000,000, no commit")
            for word in ("laugh", "the"):
                took = await _median_ms(partial(db.read_raw, partial(_search, word)))
                told(f"search_{word}", took, "ms", "the last 50 of many, of 1,000,000 messages")
            for number in range(CONVERSATIONS):
                await fill(db, number.to_bytes(16, "big"), 40)
            took = await _median_ms(
                lambda: db.read_raw(lambda raw: client_summaries.conversation_summaries(Rows(raw))),
                times=20,
            )
            told("summaries", took, "ms", f"{CONVERSATIONS + 2} conversations, all with unread")
            told(
                "size",
                os.stat(path).st_size / LARGE_COUNT,
                "B/message",
                "the file after all of this",
            )
        took = await _reopen_ms(path, key)
        told("open", took, "ms", "median of 20, current schema, 1,000,000 messages, warm process")
    return rows


async def _median_ms(work: Callable[[], Awaitable[object]], *, times: int = TIMES) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await work()
        took.append(time.perf_counter() - began)
    return median(took) * 1e3


async def _window_ms(db: Database, conversation: bytes, count: int) -> float:
    places = iter([number * (count - WINDOW) // TIMES for number in range(TIMES)])

    async def one() -> None:
        start = next(places)
        found = await db.read_raw(
            lambda raw: client_messages.window(Rows(raw), conversation, start, WINDOW)
        )
        if len(found) != WINDOW:
            raise RuntimeError("a window is not whole")

    return await _median_ms(one)


def _search(word: str, raw: RawConnection) -> int:
    return len(client_search.search(Rows(raw), client_search.Wanted(words=word), 50))


async def _position(db: Database) -> tuple[str, float, str, str]:
    places = [number * LARGE_COUNT // TIMES for number in range(TIMES)]

    def ids_at(raw: RawConnection) -> list[bytes]:
        rows = Rows(raw)
        return [client_messages.window(rows, LARGE, at, 1)[0].id for at in places]

    left = iter(await db.read_raw(ids_at))

    async def one() -> None:
        message_id = next(left)
        await db.read_raw(lambda raw: client_messages.position_of(Rows(raw), message_id))

    took = await _median_ms(one)
    return "position_1m", took, "ms", f"median of {TIMES}, spread over 1,000,000, awaited from trio"


async def _mentions_and_threads(db: Database) -> list[tuple[str, float, str, str]]:
    """Let every thousandth message name the user, and 200 answers lead to one of the first."""

    def mark(raw: RawConnection) -> bytes:
        rows = Rows(raw)
        for at in range(0, LARGE_COUNT, 1_000):
            (row,) = client_messages.window(rows, LARGE, at, 1)
            client_messages.set_calls(rows, row.id, client_messages.NAMES_US)
        places = range(1, LARGE_COUNT, LARGE_COUNT // ANSWERS)
        found = [client_messages.window(rows, LARGE, at, 1)[0] for at in places]
        for before, row in pairwise(found):
            client_messages.delete_message(rows, row.id)
            client_messages.insert_message(rows, replace(row, quote_id=before.id))
        return found[0].id

    first = await db.write_raw(mark)

    async def median_of(work: Callable[[Rows], object]) -> float:
        return await _median_ms(lambda: db.read_raw(lambda raw: work(Rows(raw))))

    inbox = partial(client_calls.calling, unread=False, past=None, limit=50)
    listed = partial(client_threads.answers, conversation=LARGE, first=first)
    counted = partial(client_threads.count_answers, conversation=LARGE, first=first)
    return [
        ("mentions_1m", await median_of(inbox), "ms", "the newest 50 of 1,000, all conversations"),
        ("thread_1m", await median_of(listed), "ms", f"{ANSWERS - 1} answers in a chain, in order"),
        ("answers_1m", await median_of(counted), "ms", f"how many they are: {ANSWERS - 1}"),
    ]


def _rewritten(row: MessageRow) -> MessageRow:
    message_id = os.urandom(16)
    values = {name: getattr(row, name) for name in MessageRow.__slots__}
    key = row.order_key[:8] + message_id
    return MessageRow(**{**values, "id": message_id, "order_key": key})


async def _insert_in_the_middle_ms(db: Database) -> float:
    beside = await db.read_raw(
        lambda raw: client_messages.window(Rows(raw), LARGE, LARGE_COUNT // 2, TIMES)
    )

    def work(rows: Rows) -> float:
        took = []
        for row in beside:
            late = _rewritten(row)
            began = time.perf_counter()
            client_messages.insert_message(rows, late)
            took.append(time.perf_counter() - began)
        return median(took) * 1e3

    return await db.write_raw(lambda raw: work(Rows(raw)))


async def _file_singly(db: Database) -> float:
    beside = await db.read_raw(lambda raw: client_messages.window(Rows(raw), SMALL, 0, SINGLE))

    def take_in(row: MessageRow, raw: RawConnection) -> None:
        rows = Rows(raw)
        client_messages.insert_message(rows, row)
        client_conversations.set_clock(rows, SMALL, row.rank)
        client_inbox.mark_processed(rows, row.id, 1)

    began = time.perf_counter()
    for row in beside:
        await db.write_raw(partial(take_in, _rewritten(row)))
    return SINGLE / (time.perf_counter() - began)


async def _reopen_ms(path: Path, key: DatabaseKey) -> float:
    took = []
    for _ in range(20):
        began = time.perf_counter()
        async with open_client_database(path, key):
            took.append(time.perf_counter() - began)
    return median(took) * 1e3
