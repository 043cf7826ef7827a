"""Attack 40: somebody with the database's key looks for what was deleted, in the index of words.

Held by: the index forgets a message's words in the transaction that erases, edits or empties it,
and its pages are written over, not only given back.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from restante.store import client_messages, client_rewrites
from restante.store.client_rows import Rows
from restante.store.client_search import Wanted, search
from restante.store.driver import RawConnection
from tests.store.made_rows import made_message
from tests.store.profiles import Profile, profile

SECRET = "xylophone"
SAID = f"the {SECRET} is under the third birch"
ROUNDS = 200
"""Messages around the secret one: enough for FTS5 to merge its pieces several times."""


def _pages(raw: RawConnection) -> bytes:
    tables = [
        name
        for (name,) in raw.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'message_search_%'"
        ).fetchall()
    ]
    return b"".join(
        repr(raw.execute(f"SELECT * FROM {each}").fetchall()).encode()  # noqa: S608  (ours)
        for each in tables
    )


def _is_sound(raw: RawConnection) -> None:
    raw.execute("INSERT INTO message_search (message_search, rank) VALUES ('integrity-check', 1)")


def _erased(rows: Rows, message_id: bytes) -> object:
    return client_messages.delete_message(rows, message_id)


def _edited(rows: Rows, message_id: bytes) -> object:
    return client_rewrites.rewrite(
        rows, message_id, kind="text", text="never mind", quote_id=None, quote_excerpt=None
    )


def _emptied(rows: Rows, message_id: bytes) -> object:
    return client_rewrites.erase(rows, message_id, kind="deleted")


@pytest.mark.parametrize("done", [_erased, _edited, _emptied])
async def test_what_is_gone_is_in_no_page_of_the_index(
    tmp_path: Path, seeded_random: random.Random, done: Callable[[Rows, bytes], Any]
) -> None:
    async with profile(tmp_path) as db:
        before = [made_message(seeded_random, rank=n, text=f"word{n} birch") for n in range(ROUNDS)]
        secret = made_message(seeded_random, rank=50, text=SAID)
        for row in (*before[: ROUNDS // 2], secret, *before[ROUNDS // 2 :]):
            await db.write(client_messages.insert_message, row)
        assert SECRET.encode() in await db.database.read_raw(_pages)
        assert len(await _found(db, SECRET)) == 1
        await db.write(done, secret.id)
        assert await _found(db, SECRET) == []
        assert SECRET.encode() not in await db.database.read_raw(_pages)
        assert len(await _found(db, "birch")) == ROUNDS
        await db.database.write_raw(_is_sound)


async def _found(db: Profile, words: str) -> list[Any]:
    return await db.read(search, Wanted(words=words), 500)
