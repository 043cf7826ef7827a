"""Words are found without their accents, as typed, with who, where and when; erased, not at all."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from restante.store import client_messages, client_rewrites
from restante.store.client_messages import MessageRow
from restante.store.client_search import LINK, Wanted, search
from restante.store.driver import RawConnection
from restante.store.migrations import CLIENT, Lineage, bring_up_to_date
from restante.store.seam import open_database, open_loop
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver
from tests.store.made_rows import BOB, made_message
from tests.store.profiles import KEY, Profile, profile

GROUP = b"a group of three"


async def _file(db: Profile, *rows: MessageRow) -> None:
    for row in rows:
        await db.write(client_messages.insert_message, row)


async def _found(db: Profile, query: str = "", **wanted: Any) -> list[str]:
    found = await db.read(search, Wanted(words=query, **wanted), 10)
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


def at(second: int, chance: random.Random, **changed: Any) -> MessageRow:
    """A message of a second."""
    return made_message(chance, rank=second * 1000 << 16, **changed)


async def test_one_conversation_or_all_the_newest_first(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    async with profile(tmp_path) as db:
        await _file(
            db,
            at(300, seeded_random, text="tea one"),
            at(100, seeded_random, text="tea two", conversation=GROUP),
            at(200, seeded_random, text="tea three"),
            at(50, seeded_random, text="tea from a history"),
        )
        assert await _found(db, "tea") == ["tea one", "tea three", "tea two", "tea from a history"]
        here = await _found(db, "tea", conversation=BOB)
        assert here == ["tea one", "tea three", "tea from a history"]
        assert await _found(db, "tea", conversation=GROUP) == ["tea two"]
        assert await _found(db, "tea", conversation=b"nowhere") == []
        placed = await db.read(search, Wanted(words="tea"), 2)
        assert [each.position for each in placed] == [2, 1]


async def test_what_is_found_goes_on_past_what_was_found(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    rows = [at(7, seeded_random, text=f"tea {number}") for number in range(5)]
    async with profile(tmp_path) as db:
        await _file(db, *rows)
        assert await _found(db, "tea", past=rows[3].id) == ["tea 2", "tea 1", "tea 0"]
        assert await _found(db, "tea", past=rows[0].id) == []
        assert len(await _found(db, "tea", past=b"was erased since")) == 5


async def test_a_person_a_time_and_a_kind_narrow_it_with_words_or_without(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    carol = b"carol-----------"
    async with profile(tmp_path) as db:
        await _file(
            db,
            at(100, seeded_random, text="see https://example.org/tea", author=carol),
            at(200, seeded_random, text="the harbour", kind="location"),
            at(300, seeded_random, text="tea at the harbour"),
        )
        assert await _found(db, author=carol) == ["see https://example.org/tea"]
        assert await _found(db, "tea", author=BOB) == ["tea at the harbour"]
        assert await _found(db, kind=LINK) == ["see https://example.org/tea"]
        assert await _found(db, "harbour", kind="location") == ["the harbour"]
        assert await _found(db, "harbour", since_ms=200_000, before_ms=300_000) == ["the harbour"]
        assert await _found(db, "harbour", since_ms=200_001) == [
            "tea at the harbour",
            "the harbour",
        ]
        assert await _found(db, "harbour", before_ms=300_001) == [
            "tea at the harbour",
            "the harbour",
        ]
        assert await _found(db, conversation=BOB, since_ms=300_000) == ["tea at the harbour"]
        assert await _found(db, since_ms=1) == []
        assert await _found(db, "?!", conversation=BOB) == []


async def test_the_last_word_may_be_unfinished_but_for_one_or_two_letters(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    async with profile(tmp_path) as db:
        await _file(db, at(1, seeded_random, text="the is 日本語の手紙 thé à"))
        for query in ("is", "日", "日本", "the is", "à", "thé", "the"):
            assert len(await _found(db, query)) == 1, query
        assert await _found(db, "i") == []
        assert await _found(db, "the t") == []


async def test_facets_are_no_words(tmp_path: Path, seeded_random: random.Random) -> None:
    async with profile(tmp_path) as db:
        await _file(db, at(1, seeded_random, text="good morning"))
        for query in ("ktext", "c1", f"a{BOB.hex()}", "facets : c1"):
            assert await _found(db, query) == []


async def test_a_time_that_a_sender_claims_hides_and_lifts_nothing(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    far = 2**63 - 1
    async with profile(tmp_path) as db:
        await _file(
            db,
            at(100, seeded_random, text="tea of tomorrow", sent_at_ms=far, received_at_ms=100_000),
            at(200, seeded_random, text="tea of today"),
            at(300, seeded_random, text="tea of nowhere", sent_at_ms=far, received_at_ms=None),
            at(300, seeded_random, text="tea of old", sent_at_ms=0, received_at_ms=None),
        )
        found = await _found(db, "tea")
        assert found == ["tea of nowhere", "tea of today", "tea of tomorrow", "tea of old"]
        assert await _found(db, "tea", before_ms=150_000) == ["tea of tomorrow", "tea of old"]


async def test_only_what_people_said_is_found(tmp_path: Path, seeded_random: random.Random) -> None:
    silent = ("gap", "undecryptable", "unknown", "notice", "setting", "deleted")
    async with profile(tmp_path) as db:
        for kind in silent:
            await _file(db, made_message(seeded_random, rank=1, kind=kind, text="is missing"))
        assert await _found(db, "missing") == []


async def test_a_rewritten_text_is_found_by_its_new_words_alone(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    row = made_message(seeded_random, rank=1, text="old words")
    async with profile(tmp_path) as db:
        await _file(db, row)
        new = {"kind": row.kind, "text": "new words", "quote_id": None, "quote_excerpt": None}
        await db.write(client_rewrites.rewrite, row.id, **new)
        assert await _found(db, "old") == []
        assert await _found(db, "words") == ["new words"]


async def test_an_older_profile_is_indexed_anew(tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    for file in CLIENT.directory.glob("000[123]_*.py"):
        shutil.copy(file, migrations)
    older = Lineage(name=CLIENT.name, application_id=CLIENT.application_id, directory=migrations)

    def file_as_then(raw: RawConnection) -> None:
        raw.execute("INSERT INTO conversations VALUES (7, x'bb', 0, 0, 0, 0)")
        for number, second in ((1, 9), (2, 5)):
            message_id = bytes([number]) * 16
            key = second.to_bytes(8, "big") + message_id
            raw.execute(
                "INSERT INTO messages (number, id, conversation, order_key, author, device_id,"
                " counter, rank, sent_at_ms, kind, state, timer_s, text, body)"
                " VALUES (?, ?, 7, ?, x'cc', x'dd', 0, ?, ?, 'text', 'read', 0, ?, x'')",
                (number, message_id, key, second, second * 1000, f"tea of {second}"),
            )

    driver = sqlcipher_driver(DatabaseKey(KEY))
    async with open_loop(), open_database(tmp_path / "profile.db", driver=driver) as database:
        await bring_up_to_date(database, older)
        await database.write_raw(file_as_then)
    async with profile(tmp_path) as db:
        assert await _found(db, "tea", kind="text", author=b"\xcc") == ["tea of 9", "tea of 5"]
        assert await _found(db, "tea", since_ms=9_000, conversation=b"\xbb") == ["tea of 9"]
