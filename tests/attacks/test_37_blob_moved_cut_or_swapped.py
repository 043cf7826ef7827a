"""Attack 37: chunks of a blob are reordered, repeated, left out, cut off or taken from another.

Held by: each chunk is chained to those before it and bound to its blob's name, the last one is
marked, and nothing is called whole before that mark.
"""

from __future__ import annotations

import pytest

from restante.crypto import blobs
from restante.crypto.blobs import CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES, Opener
from restante.errors import CryptoError
from restante.protocol.ids import blob_id
from tests.crypto.people import RANDOM

KEY = blobs.generate_key(RANDOM)
BLOB, OTHER = (blob_id(blobs.generate_capability(RANDOM)) for _ in range(2))
CONTENT = RANDOM.random(3 * CHUNK_BYTES)
SEALED = blobs.seal_blob(KEY, CONTENT, blob=BLOB, randomness=RANDOM)
HEADER = SEALED[:HEADER_BYTES]
STARTS = range(HEADER_BYTES, len(SEALED), SEALED_CHUNK_BYTES)
CHUNKS = [SEALED[at : at + SEALED_CHUNK_BYTES] for at in STARTS]


def refused(sealed: bytes) -> None:
    with pytest.raises(CryptoError):
        blobs.open_blob(KEY, sealed, blob=BLOB)


def test_four_chunks_open_in_their_order_only() -> None:
    assert len(CHUNKS) == 4
    assert blobs.open_blob(KEY, HEADER + b"".join(CHUNKS), blob=BLOB) == CONTENT
    first, second, third, last = CHUNKS
    for order in (
        [second, first, third, last],
        [first, third, second, last],
        [first, second, last, third],
        [last, first, second, third],
        [first, first, second, third, last],
        [first, second, second, third, last],
        [first, third, last],
        [second, third, last],
        [last],
    ):
        refused(HEADER + b"".join(order))


@pytest.mark.parametrize("chunks", range(4))
def test_a_blob_that_is_cut_off_between_chunks_is_not_whole(chunks: int) -> None:
    opener = Opener(KEY, blob=BLOB)
    opened = opener.push(HEADER + b"".join(CHUNKS[:chunks]))
    assert CONTENT.startswith(opened)
    with pytest.raises(CryptoError):
        opener.finish()


@pytest.mark.parametrize("kept", [0, 1, 23, 24, 25, SEALED_CHUNK_BYTES + 23, len(SEALED) - 1])
def test_a_blob_that_is_cut_off_anywhere_is_not_whole(kept: int) -> None:
    refused(SEALED[:kept])


def test_nothing_comes_after_the_end() -> None:
    for more in (b"\x00", CHUNKS[0], CHUNKS[3], SEALED):
        refused(SEALED + more)


def test_chunks_of_another_blob_under_the_same_key_are_refused() -> None:
    other = blobs.seal_blob(KEY, CONTENT, blob=OTHER, randomness=RANDOM)
    refused(other)
    refused(SEALED[:-SEALED_CHUNK_BYTES] + other[-SEALED_CHUNK_BYTES:])
    refused(other[:HEADER_BYTES] + SEALED[HEADER_BYTES:])


def test_a_shorter_blob_with_a_final_chunk_in_the_middle_is_refused() -> None:
    """Who has the key and lies about the end is found out by the length in the first chunk."""
    for after_bytes in (0, CHUNK_BYTES, 2 * CHUNK_BYTES):
        sealer = blobs.Sealer(KEY, content_bytes=len(CONTENT), blob=BLOB, randomness=RANDOM)
        begun = sealer.push(CONTENT[:after_bytes])
        sealer._left, sealer._chunks_left = 0, 1
        refused(begun + b"".join(sealer.finish()))


def test_no_bit_of_a_blob_can_be_flipped() -> None:
    sealed = blobs.seal_blob(KEY, b"text", blob=BLOB, randomness=RANDOM)
    for at in (*range(HEADER_BYTES + 40), *range(HEADER_BYTES + 40, len(sealed), 9_973)):
        damaged = bytearray(sealed)
        damaged[at] ^= 1
        refused(bytes(damaged))
    with pytest.raises(CryptoError):
        blobs.open_blob(blobs.generate_key(RANDOM), sealed, blob=BLOB)
