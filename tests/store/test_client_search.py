"""Words are found without their accents, as typed, and not once their message is erased."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from restante.store import client_messages
from restante.store.client_messages import MessageRow
from restante.store.client_search import search
from restante.store.driver import RawConnection
from tests.store.made_rows import BOB, made_message
from tests.store.profiles import Profile, profile

GROUP = b"a group of three"


async def _file(db: Profile, *rows: MessageRow) -> None:
    for row in rows:
        await db.write(client_messages.insert_message, row)


async def _found(db: Profile, query: str, conversation: bytes | None = None) -> list[str]:
    found = await db.read(search, query, conversation, 10)
    return [placed.row.text for placed in found]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Crème brûlée at noon", "creme brulee"),
        ("meet me in Łódź", "łodz"),
        ("Tiê\u0301ng Viê\u0323t", "tieng viet"),
        ("straight on, then left", "LEFT strai"),
        ('say "hello" to her', '"hello"'),
        ("it is 5 o'clock", "o'clock"),
        ("a-b_c", "a-b"),
        ("日本語の手紙", "日本語"),
    ],
)
async def test_words_are_found_without_accents_case_or_order(
    tmp_path: Path, seeded_random: random.Random, text: str, query: str
) -> None:
    async with profile(tmp_path) as db:
        await _file(
            db,
            made_message(seeded_random, rank=1, text=text),
            made_message(seeded_random, rank=2, text="something else"),
        )
        assert await _found(db, query) == [text]


@pytest.mark.parametrize(
    "query", ["", "  ", "*", '"', "(", "AND", "-x:", "text:", "\x00", "^", "+"]
)
async def test_nothing_that_is_typed_is_a_query_language(
    tmp_path: Path, seeded_random: random.Random, query: str
) -> None:
    async with profile(tmp_path) as db:
        await _file(db, made_message(seeded_random, rank=1, text="good morning"))
        assert await _found(db, query) == []
        assert await _found(db, f"good {query}") in ([], ["good morning"])


async def test_one_conversation_or_all_the_last_to_arrive_first(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    async with profile(tmp_path) as db:
        await _file(
            db,
            made_message(seeded_random, rank=3, text="tea one"),
            made_message(seeded_random, rank=1, text="tea two", conversation=GROUP),
            made_message(seeded_random, rank=2, text="tea three"),
        )
        assert await _found(db, "tea") == ["tea three", "tea two", "tea one"]
        assert await _found(db, "tea", BOB) == ["tea three", "tea one"]
        assert await _found(db, "tea", GROUP) == ["tea two"]
        assert await _found(db, "tea", b"nowhere") == []
        placed = await db.read(search, "tea", None, 1)
        assert [each.position for each in placed] == [0]


async def test_only_texts_are_found(tmp_path: Path, seeded_random: random.Random) -> None:
    async with profile(tmp_path) as db:
        await _file(
            db, made_message(seeded_random, rank=1, kind="gap", text="a message is missing")
        )
        assert await _found(db, "missing") == []


async def test_a_rewritten_text_is_found_by_its_new_words_alone(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    row = made_message(seeded_random, rank=1, text="old words")
    async with profile(tmp_path) as db:
        await _file(db, row)
        await db.write(client_messages.update_text, row.id, "new words", "read", None)
        assert await _found(db, "old") == []
        assert await _found(db, "words") == ["new words"]


async def test_an_erased_message_leaves_no_word_in_the_index(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    secret, other = (
        made_message(seeded_random, rank=1, text="rendezvous xylophone"),
        made_message(seeded_random, rank=2, text="rendezvous"),
    )

    def pages(raw: RawConnection) -> bytes:
        return b"".join(block for (block,) in raw.execute("SELECT block FROM message_search_data"))

    def is_sound(raw: RawConnection) -> None:
        raw.execute(
            "INSERT INTO message_search (message_search, rank) VALUES ('integrity-check', 1)"
        )

    async with profile(tmp_path) as db:
        await _file(db, secret, other)
        assert b"xylophone" in await db.database.read_raw(pages)
        await db.write(client_messages.delete_message, secret.id)
        assert await _found(db, "rendezvous") == ["rendezvous"]
        assert b"xylophone" not in await db.database.read_raw(pages)
        await db.database.write_raw(is_sound)
