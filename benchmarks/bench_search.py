"""Finding messages in a profile's database of a million: by words, person, place, time and kind.

Each figure is what a search costs in the engine's process, awaited from trio, with the messages
that are shown and where they stand. The words are those of benchmarks/history.py: a small
vocabulary, so that each is in every tenth message or so, which is harder than a real history.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import trio

from benchmarks.history import fill
from restante.store.client_database import open_client_database
from restante.store.client_rows import Rows
from restante.store.client_search import LINK, Wanted, search
from restante.store.driver import RawConnection
from restante.store.seam import Database, open_loop
from restante.store.sqlcipher import DatabaseKey

LARGE, RARE = b"a large history-", b"a rare one------"
LARGE_COUNT, RARE_COUNT = 1_000_000, 300
SHOWN = 50
TIMES = 30
MIDDLE_MS = 1_600_000_000_000 + LARGE_COUNT // 2 * 60_000

Row = dict[str, object]

ASKED: dict[str, Wanted] = {
    "word": Wanted(words="laugh"),
    "common_word": Wanted(words="the"),
    "unfinished": Wanted(words="nig"),
    "accents": Wanted(words="muller naive"),
    "five_words": Wanted(words="the train is late again"),
    "none": Wanted(words="xylophone"),
    "here": Wanted(words="the", conversation=RARE),
    "person": Wanted(words="the", author=RARE),
    "time": Wanted(words="the", since_ms=MIDDLE_MS, before_ms=MIDDLE_MS + 86_400_000),
    "kind": Wanted(words="the", kind=LINK),
    "person_alone": Wanted(author=RARE),
}


def run() -> Iterator[Row]:
    """Yield the figures of one encrypted file."""
    with tempfile.TemporaryDirectory() as folder:
        yield from trio.run(_measure, Path(folder) / "profile.db")


async def _measure(path: Path) -> list[Row]:
    rows: list[Row] = []
    async with open_loop(), open_client_database(path, DatabaseKey(os.urandom(32))) as db:
        await fill(db, RARE, RARE_COUNT)
        began = time.perf_counter()
        await fill(db, LARGE, LARGE_COUNT)
        rate = LARGE_COUNT / (time.perf_counter() - began)
        rows.append(_row("fill", rate, "messages/s", "10,000 a transaction"))
        for name, wanted in ASKED.items():
            took, found = await _asked(db, wanted)
            how = f"{TIMES} times, {found} of {LARGE_COUNT + RARE_COUNT} messages found and placed"
            rows.append(_row(name, median(took), "ms", "median, " + how))
            rows.append(_row(f"{name}_worst", max(took), "ms", "worst, " + how))
        size = os.stat(path).st_size / LARGE_COUNT
        rows.append(_row("size", size, "B/message", "the whole file"))
    return rows


def _row(bench: str, value: float, unit: str, how: str) -> Row:
    return {"bench": f"search.{bench}", "value": round(value, 2), "unit": unit, "how": how}


async def _asked(db: Database, wanted: Wanted) -> tuple[list[float], int]:
    def work(raw: RawConnection) -> int:
        return len(search(Rows(raw), wanted, SHOWN))

    took, found = [], 0
    for _ in range(TIMES):
        began = time.perf_counter()
        found = await db.read_raw(work)
        took.append((time.perf_counter() - began) * 1e3)
    return took, found
