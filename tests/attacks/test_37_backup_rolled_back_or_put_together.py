"""Attack 37: a backup is replaced by an older one, its chunks are reordered, or its end is missing.

Held by: chunks are chained and bound to their file, the last one is marked, nothing is called whole
before that mark, and the number inside is compared with what the profile knows.
"""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest
import trio
from nacl import bindings as sodium

from restante.client.backing_up.reading import file_id, read_items, read_through
from restante.crypto import backups
from restante.crypto.backups import CHUNK_BYTES, HEADER_BYTES, MAGIC, SEALED_CHUNK_BYTES
from restante.errors import CryptoError, UserError
from restante.protocol.backup import BackupBegins
from restante.store.client_database import open_client_database
from restante.store.seam import open_loop
from restante.store.sqlcipher import DatabaseKey
from tests.client.made_backups import KEY, check, filled, nobody, written
from tests.client.made_history import fill
from tests.client.world import a_world
from tests.crypto.people import RANDOM
from tests.rounds import rounds


def sealed(content: bytes, key: backups.BackupKey = KEY, *, least_chunks: int = 1) -> bytes:
    sealer = backups.Sealer(key, randomness=RANDOM, least_chunks=least_chunks)
    return sealer.push(content) + b"".join(sealer.finish())


def opened(file: bytes, key: backups.BackupKey = KEY) -> bytes:
    opener = backups.Opener(key)
    content = opener.push(file)
    opener.finish()
    return content


CONTENT = RANDOM.random(3 * CHUNK_BYTES + 1)
FILE = sealed(CONTENT)
HEADER = FILE[:HEADER_BYTES]
STARTS = range(HEADER_BYTES, len(FILE), SEALED_CHUNK_BYTES)
CHUNKS = [FILE[at : at + SEALED_CHUNK_BYTES] for at in STARTS]


def refused(file: bytes) -> None:
    with pytest.raises(CryptoError):
        opened(file)


def test_four_chunks_open_in_their_order_only() -> None:
    assert len(CHUNKS) == 4
    assert opened(HEADER + b"".join(CHUNKS)).rstrip(b"\x00") == CONTENT.rstrip(b"\x00")
    first, second, third, last = CHUNKS
    for order in (
        [second, first, third, last],
        [first, third, second, last],
        [first, second, last, third],
        [last, first, second, third],
        [first, first, second, third, last],
        [first, third, last],
        [second, third, last],
        [last],
        [first, second, third, last, last],
    ):
        refused(HEADER + b"".join(order))


@pytest.mark.parametrize("chunks", range(4))
def test_a_backup_without_its_final_chunk_is_not_whole(chunks: int) -> None:
    opener = backups.Opener(KEY)
    assert CONTENT.startswith(opener.push(HEADER + b"".join(CHUNKS[:chunks])))
    with pytest.raises(CryptoError):
        opener.finish()


@pytest.mark.parametrize("kept", [0, 1, HEADER_BYTES - 1, HEADER_BYTES, len(FILE) - 1])
def test_a_backup_that_is_cut_off_anywhere_is_not_whole(kept: int) -> None:
    refused(FILE[:kept])


def test_chunks_of_another_backup_under_the_same_key_are_refused() -> None:
    other = sealed(CONTENT)
    for at in range(4):
        start = HEADER_BYTES + at * SEALED_CHUNK_BYTES
        end = start + SEALED_CHUNK_BYTES
        refused(FILE[:start] + other[start:end] + FILE[end:])
    # The whole stream under another file's id: whoever goes by ids would take one for the other.
    end_of_id = len(MAGIC) + backups.ID_BYTES
    refused(other[:end_of_id] + FILE[end_of_id:])
    refused(b"restante backup?" + FILE[len(MAGIC) :])


def test_a_chunk_with_a_tag_of_no_backup_is_refused() -> None:
    stream = sodium.crypto_secretstream_xchacha20poly1305_state()
    header = sodium.crypto_secretstream_xchacha20poly1305_init_push(stream, KEY.raw)
    file = MAGIC + b"i" * backups.ID_BYTES + header
    for tag in (
        sodium.crypto_secretstream_xchacha20poly1305_TAG_PUSH,
        sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL,
    ):
        file += sodium.crypto_secretstream_xchacha20poly1305_push(
            stream, bytes(CHUNK_BYTES), backups._data(b"i" * backups.ID_BYTES), tag
        )
    refused(file)


def test_a_stream_that_goes_on_after_its_end_is_refused() -> None:
    """As only somebody who has the key could make one: chained, and after a FINAL."""
    stream = sodium.crypto_secretstream_xchacha20poly1305_state()
    file = MAGIC + b"i" * backups.ID_BYTES
    file += sodium.crypto_secretstream_xchacha20poly1305_init_push(stream, KEY.raw)
    for _ in range(2):
        file += sodium.crypto_secretstream_xchacha20poly1305_push(
            stream,
            bytes(CHUNK_BYTES),
            backups._data(b"i" * backups.ID_BYTES),
            sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL,
        )
    refused(file)


async def a_small_backup(folder: Path) -> Path:
    """A real one, of a history with texts, changes and records, in one chunk or two."""
    key = DatabaseKey(b"k" * 32)
    async with open_loop(), open_client_database(folder / "profile.db", key) as database:
        await filled(database, partial(fill, messages=40, conversations=2))
        path = await written(database, folder / "a.backup")
        await check(path)
    return path


def test_every_flipped_byte_of_a_small_backup_fails_its_check(tmp_path: Path) -> None:
    path = trio.run(a_small_backup, tmp_path)
    size = path.stat().st_size
    assert size <= HEADER_BYTES + 2 * SEALED_CHUNK_BYTES
    assert read_through(path, KEY, nobody).ends.messages > 30
    chance = random.Random(37)
    everywhere = set(range(0, size, rounds(48, 1)))
    everywhere |= set(range(HEADER_BYTES + 64)) | set(range(size - 64, size))
    with path.open("r+b", buffering=0) as file:
        for at in sorted(everywhere):
            file.seek(at)
            before = file.read(1)
            file.seek(at)
            file.write(bytes([before[0] ^ (1 << chance.randrange(8))]))
            with pytest.raises(UserError):
                read_through(path, KEY, nobody)
            file.seek(at)
            file.write(before)
    assert read_through(path, KEY, nobody).id == file_id(path)


async def test_an_older_backup_in_the_place_of_a_newer_one_is_noticed(tmp_path: Path) -> None:
    file, kept = tmp_path / "alice.backup", tmp_path / "kept"
    async with a_world(tmp_path) as world, world.online("alice") as alice:
        await alice.backup_create(str(file))
        file.rename(kept)
        await alice.backup_create(str(file))
        assert (await alice.backup_verify(str(file))).number == 2
        file.unlink()
        kept.rename(file)
        # It is whole, and opens: only its number tells.
        key = await alice._doors.backups.key(None)
        first = next(item for _, item in read_items(file, key))
        assert isinstance(first, BackupBegins)
        assert first.generation == 1
        with pytest.raises(UserError, match="Somebody put an older one"):
            await alice.backup_verify(str(file))
        with pytest.raises(UserError, match="Somebody put an older one"):
            await alice.backup_restore(str(file))
        assert [each.state for each in await alice.backups()] == ["another"]
