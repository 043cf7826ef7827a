"""Attack 38: a contact writes something, and learns from a backup's size what else is in it.

Held by: nothing is compressed, nothing is compared with anything, and sizes are few.
"""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest

from restante.crypto import backups
from restante.crypto.backups import HEADER_BYTES, LEAST_CHUNKS, SEALED_CHUNK_BYTES, padded_chunks
from restante.store.client_database import open_client_database
from restante.store.client_messages import insert_messages
from restante.store.client_rows import Rows
from restante.store.seam import open_loop
from restante.store.sqlcipher import DatabaseKey
from tests.client.made_backups import filled, written
from tests.client.made_history import fill
from tests.crypto.people import RANDOM
from tests.store.made_rows import BOB, made_message

SECRET = "the combination is 24 17 53, and the safe stands behind the map of the old harbour. "

ELSE = "".join(random.Random(3).choices("abcdefgh ", k=8 * len(SECRET)))

GUESSES: dict[str, list[str]] = {
    "nothing": [],
    "a word": ["hi"],
    "what is there": [SECRET * 8] * 60,
    "something else, as long": [ELSE] * 60,
    "one letter": ["a" * 8 * len(SECRET)] * 60,
    "much": ["x" * 60_000] * 4,
}


def write(rows: Rows, texts: list[str]) -> None:
    chance = random.Random(38)
    said = [
        made_message(chance, rank=at + 1 << 40, counter=at + 1, text=text, body=text.encode())
        for at, text in enumerate(texts)
    ]
    insert_messages(rows, BOB, said)


async def size_with(folder: Path, texts: list[str]) -> int:
    """The size of a backup of somebody with a secret, to whom a contact has written."""
    key = DatabaseKey(b"k" * 32)
    async with open_loop(), open_client_database(folder / "profile.db", key) as database:
        await filled(database, partial(fill, messages=30, conversations=2))
        await filled(database, partial(write, texts=[SECRET, *texts]))
        path = await written(database, folder / "a.backup", chunks=LEAST_CHUNKS)
        return path.stat().st_size


def a_folder(of: Path, number: int) -> Path:
    folder = of / str(number)
    folder.mkdir()
    return folder


async def test_what_a_contact_wrote_does_not_show_in_the_size(tmp_path: Path) -> None:
    sizes = {}
    for number, (name, texts) in enumerate(GUESSES.items()):
        sizes[name] = await size_with(a_folder(tmp_path, number), texts)
    assert set(sizes.values()) == {HEADER_BYTES + LEAST_CHUNKS * SEALED_CHUNK_BYTES}


@pytest.mark.parametrize("least", [1, LEAST_CHUNKS])
def test_sizes_are_few_and_padding_is_a_quarter_at_the_most(least: int) -> None:
    found = set()
    for chunks in range(1, 5_000):
        total = padded_chunks(chunks, drawn=chunks * 7919, least_chunks=least)
        assert total >= max(chunks, least)
        assert total <= max(chunks * 5 // 4 + 2, least)
        found.add(total)
    assert len(found) <= 8 * 13
    assert padded_chunks(0) == LEAST_CHUNKS


def test_the_byte_at_which_a_size_changes_is_another_one_each_time() -> None:
    """Who writes byte by byte learns from it only about how long the rest is."""
    changes = {
        next(n for n in range(900, 1_200) if padded_chunks(n, drawn=drawn) > 1_024)
        for drawn in range(0, 4_096, 37)
    }
    assert len(changes) > 30


def test_a_content_that_repeats_itself_takes_no_less_room() -> None:
    def size(content: bytes) -> int:
        sealer = backups.Sealer(backups.generate_key(RANDOM), randomness=RANDOM, least_chunks=1)
        return len(sealer.push(content)) + sum(map(len, sealer.finish()))

    length = 7 * backups.CHUNK_BYTES  # between two sizes, whatever is drawn
    assert size(bytes(length)) == size(RANDOM.random(length))
