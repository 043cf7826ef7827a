"""Attack 40: somebody reads the disk, a log, a traceback or a crash report.

Held by: the database and its journal are SQLCipher's from the first byte, temporary tables stay in
memory, and no value that holds a key or a text shows it. (Logs: tests of the two logs.)
"""

from __future__ import annotations

import logging
import random
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.store import (
    client_account,
    client_aside,
    client_contacts,
    client_feed,
    client_messages,
    client_outbox,
    client_prekeys,
    client_search,
    client_sessions,
)
from restante.store.client_account import CodeRow, TokenRow
from restante.store.client_prekeys import PrekeyRow
from restante.store.errors import Conflict
from restante.store.sqlcipher import DatabaseKey, sqlcipher_driver
from tests.store.made_rows import (
    made_account,
    made_contact,
    made_entry,
    made_message,
    made_session,
)
from tests.store.profiles import KEY, profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from restante.store.client_rows import Rows

TEXT = "the xylophone is under the third birch"
SECRET = b"\xd0" + b"secret, never to be seen" + b"\xd1"
ADDRESS = "rosalind@relay.example"
PETNAME = "Rosalind"

MARKS = (TEXT, "xylophone", SECRET, SECRET.hex(), ADDRESS, PETNAME, KEY, KEY.hex())


def _fill(rows: Rows, chance: random.Random) -> None:
    """Put a mark in every column that says something."""
    account = made_account(
        address=ADDRESS,
        root_secret=SECRET,
        account_secret=SECRET,
        device_secret=SECRET,
        identity_secret=SECRET,
    )
    client_account.save_account(rows, account)
    client_account.set_value(rows, "draft", TEXT.encode())
    client_account.save_tokens(rows, [TokenRow(bucket=1, token=SECRET, is_live=True)])
    client_account.save_code(
        rows,
        CodeRow(secret=SECRET, lookup_id=b"l" * 16, bucket=1, is_published=False, created_at_s=1),
    )
    client_prekeys.add_prekeys(
        rows, [PrekeyRow(kind=1, id=1, secret=SECRET, expires_at_s=9, created_at_s=1)]
    )
    client_contacts.upsert_contact(
        rows, made_contact(address=ADDRESS, petname=PETNAME, token=SECRET)
    )
    client_sessions.save_session(rows, made_session(b"s" * 16, state=SECRET * 60), [b"t" * 16])
    client_aside.put_aside(rows, b"e" * 16, 1, SECRET * 150, 1)
    for rank in range(300):
        message = made_message(
            chance, rank=rank, text=TEXT, body=TEXT.encode() + SECRET, quote_excerpt=TEXT
        )
        client_messages.insert_message(rows, message)
    client_feed.append_feed(rows, "message", message.id, at_ms=1, detail=TEXT)
    client_outbox.enqueue(rows, made_entry(b"o" * 16, content=SECRET, relay=ADDRESS))


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _marks_in(content: bytes) -> Iterator[str | bytes]:
    for mark in MARKS:
        if (mark if isinstance(mark, bytes) else mark.encode()) in content:
            yield mark


async def test_no_file_of_a_profile_shows_a_text_a_name_or_a_key(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    async with profile(tmp_path) as db:
        await db.write(_fill, seeded_random)
        assert await db.read(client_search.search, client_search.Wanted(words="xylophone"), 1000)
        files = _files(tmp_path)
        assert {"profile.db", "profile.db-wal"} <= files.keys()
        assert len(files["profile.db-wal"]) > 300 * len(TEXT)
        assert {name: list(_marks_in(content)) for name, content in files.items()} == {
            name: [] for name in files
        }
    files = _files(tmp_path)
    assert len(files["profile.db"]) > 300 * len(TEXT)
    assert not files["profile.db"].startswith(b"SQLite")
    assert {name: list(_marks_in(content)) for name, content in files.items()} == {
        name: [] for name in files
    }


async def test_equal_texts_do_not_look_equal_on_the_disk(
    tmp_path: Path, seeded_random: random.Random
) -> None:
    async with profile(tmp_path) as db:
        await db.write(client_account.set_value, "zeros", bytes(400_000))
    content = (tmp_path / "profile.db").read_bytes()
    blocks = [content[at : at + 64] for at in range(0, len(content) - 63, 64)]
    assert len(content) > 400_000
    assert len(set(blocks)) == len(blocks)


async def test_temporary_tables_stay_in_memory(tmp_path: Path) -> None:
    async with profile(tmp_path) as db:
        kept = await db.database.read_raw(
            lambda raw: raw.execute("PRAGMA temp_store").fetchone()[0]
        )
    assert kept == 2  # MEMORY


def test_no_value_shows_what_it_holds() -> None:
    chance = random.Random(0)
    shown = [
        repr(value)
        for value in (
            DatabaseKey(KEY),
            sqlcipher_driver(DatabaseKey(KEY)),
            made_account(root_secret=SECRET, device_secret=SECRET, identity_secret=SECRET),
            TokenRow(bucket=1, token=SECRET, is_live=True),
            CodeRow(secret=SECRET, lookup_id=b"", bucket=1, is_published=False, created_at_s=1),
            PrekeyRow(kind=1, id=1, secret=SECRET, expires_at_s=9, created_at_s=1),
            made_contact(token=SECRET, manifest=SECRET),
            made_session(b"s" * 16, state=SECRET),
            made_entry(b"o" * 16, content=SECRET, payload=SECRET),
            made_message(chance, text=TEXT, body=SECRET, quote_excerpt=TEXT),
        )
    ]
    inside = repr(SECRET)[2:-1]
    for text in shown:
        assert TEXT not in text
        assert inside not in text
        assert KEY.hex() not in text
        assert repr(KEY)[2:-1] not in text


async def test_a_refused_statement_shows_nothing_in_its_traceback_or_any_log(
    tmp_path: Path, seeded_random: random.Random, caplog: pytest.LogCaptureFixture
) -> None:
    row = made_message(seeded_random, text=TEXT, body=SECRET)
    wrong = replace(row, id=b"w" * 16)
    with caplog.at_level(logging.DEBUG):
        async with profile(tmp_path) as db:
            await db.write(client_messages.insert_message, row)
            with pytest.raises(Conflict) as refusal:
                await db.write(client_messages.insert_message, wrong)
    told = "".join(traceback.format_exception(refusal.value)) + caplog.text
    assert list(_marks_in(told.encode())) == []
    assert repr(SECRET)[2:-1] not in told


def test_a_key_is_never_pickled_or_formatted() -> None:
    key = DatabaseKey(KEY)
    assert KEY.hex() not in f"{key} {key!r} {[key]}"
    with pytest.raises(TypeError):
        key.__reduce__()
