"""Attack 39: the database is opened with a key that is not its own.

Held by: SQLCipher is told to be silent before it is told the key, and what it refuses comes out as
one error of its own kind, with a sentence; the file stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.store import client_account
from restante.store.errors import Corrupted, WrongKey
from restante.store.sqlcipher import DatabaseKey
from tests.store.made_rows import made_account
from tests.store.profiles import KEY, profile, refusal

if TYPE_CHECKING:
    from pathlib import Path

OTHER_KEY = bytes(32)


async def test_a_wrong_key_is_silent_on_stderr_and_clear_to_the_user(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with profile(tmp_path) as db:
        await db.write(client_account.save_account, made_account())
    path = tmp_path / "profile.db"
    before = path.read_bytes()
    capfd.readouterr()

    error = await refusal(tmp_path, WrongKey, key=OTHER_KEY)

    assert capfd.readouterr() == ("", "")
    assert str(path) in str(error)
    assert "key" in str(error)
    assert "\n" not in str(error)
    assert OTHER_KEY.hex() not in str(error)
    assert path.read_bytes() == before
    async with profile(tmp_path, key=KEY) as db:
        assert await db.read(client_account.load_account) == made_account()


async def test_a_file_that_is_no_such_database_is_not_blamed_on_the_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "profile.db"
    for content in (b"SQLite format 3\x00" + bytes(4080), b"a letter to my landlord"):
        path.write_bytes(content)
        error = await refusal(tmp_path, Corrupted)
        assert str(path) in str(error)
        assert path.read_bytes() == content
    assert capfd.readouterr() == ("", "")


async def test_a_damaged_page_is_silent_on_stderr_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "profile.db"
    async with profile(tmp_path) as db:
        await db.write(client_account.set_value, "large", bytes(100_000))
    content = bytearray(path.read_bytes())
    content[-40_000] ^= 1
    path.write_bytes(content)
    async with profile(tmp_path) as db:
        with pytest.raises(Corrupted) as refusal:
            await db.read(client_account.get_value, "large")
    assert str(path) in str(refusal.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33), bytearray(32), "k" * 32])
def test_a_key_of_another_size_or_kind_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        DatabaseKey(raw)
