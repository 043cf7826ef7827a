"""Blobs: any content goes through whole, in any pieces, and its size tells little."""

from __future__ import annotations

import pytest
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_init_push,
    crypto_secretstream_xchacha20poly1305_push,
    crypto_secretstream_xchacha20poly1305_state,
    crypto_secretstream_xchacha20poly1305_TAG_FINAL,
)

from restante.crypto import blobs
from restante.crypto.blobs import CHUNK_BYTES, SEALED_CHUNK_BYTES, Opener, Sealer
from restante.errors import CryptoError, LocalProtocolError
from restante.protocol.ids import BlobId, blob_id
from tests.crypto.people import RANDOM

KEY = blobs.generate_key(RANDOM)
BLOB = blob_id(blobs.generate_capability(RANDOM))
LENGTHS = (0, 1, CHUNK_BYTES - 9, CHUNK_BYTES - 8, CHUNK_BYTES - 7, CHUNK_BYTES, 400_000)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_content_goes_through_whole(length: int) -> None:
    content = RANDOM.random(length)
    sealed = blobs.seal_blob(KEY, content, blob=BLOB, randomness=RANDOM)
    assert len(sealed) == blobs.sealed_size(length)
    assert blobs.open_blob(KEY, sealed, blob=BLOB) == content


@pytest.mark.parametrize("piece_bytes", [7_001, CHUNK_BYTES, SEALED_CHUNK_BYTES, 262_144])
def test_a_content_goes_through_in_any_pieces(piece_bytes: int) -> None:
    content = RANDOM.random(400_000)
    sealer = Sealer(KEY, content_bytes=len(content), blob=BLOB, randomness=RANDOM)
    pieces = [
        sealer.push(content[at : at + piece_bytes]) for at in range(0, len(content), piece_bytes)
    ]
    sealed = b"".join([*pieces, *sealer.finish()])
    opener = Opener(KEY, blob=BLOB)
    opened = [
        opener.push(sealed[at : at + piece_bytes]) for at in range(0, len(sealed), piece_bytes)
    ]
    opener.finish()
    assert b"".join(opened) == content
    assert opened[0] == content[: len(opened[0])], "what is open early is usable early"


def test_a_blob_opens_byte_by_byte() -> None:
    content = b"text"
    sealed = blobs.seal_blob(KEY, content, blob=BLOB, randomness=RANDOM)
    opener = Opener(KEY, blob=BLOB)
    early = b"".join(opener.push(sealed[at : at + 1]) for at in range(30))
    assert early == b""
    assert opener.push(sealed[30:]) == content
    opener.finish()


def test_a_sealer_takes_exactly_what_was_said() -> None:
    longer = Sealer(KEY, content_bytes=3, blob=BLOB, randomness=RANDOM)
    with pytest.raises(LocalProtocolError):
        longer.push(b"four")
    shorter = Sealer(KEY, content_bytes=3, blob=BLOB, randomness=RANDOM)
    shorter.push(b"2")
    with pytest.raises(LocalProtocolError):
        list(shorter.finish())


def test_sizes_are_few_and_waste_little() -> None:
    def padded(length: int) -> int:
        return (blobs.sealed_size(length) - 24) // SEALED_CHUNK_BYTES * CHUNK_BYTES

    assert {blobs.sealed_size(length) for length in range(0, CHUNK_BYTES - 7, 997)} == {65_577}
    for length in (10**5, 10**6, 10**7, 10**8, 10**9, 5 * 2**30):
        assert length < padded(length) < 1.12 * length + CHUNK_BYTES
    megabytes = range(100 * 2**20, 101 * 2**20, 50_021)
    assert len({blobs.sealed_size(length) for length in megabytes}) <= 3
    assert padded(10**9) < 1.01 * 10**9


def test_each_blob_is_sealed_anew() -> None:
    once, again = (blobs.seal_blob(KEY, b"x", blob=BLOB, randomness=RANDOM) for _ in range(2))
    assert once[:24] != again[:24]
    assert once[24:] != again[24:]


def by_libsodium(plaintext: bytes, *, blob: BlobId = BLOB) -> bytes:
    """Seal one chunk as libsodium's documentation says, with a header that it draws itself."""
    state = crypto_secretstream_xchacha20poly1305_state()
    header = crypto_secretstream_xchacha20poly1305_init_push(state, KEY.raw)
    chunk = crypto_secretstream_xchacha20poly1305_push(
        state,
        plaintext,
        b"restante/v1/blob-chunk\x00" + blob,
        crypto_secretstream_xchacha20poly1305_TAG_FINAL,
    )
    return header + chunk


def test_the_stream_is_libsodiums_own() -> None:
    plaintext = (4).to_bytes(8, "big") + b"text"
    sealed = by_libsodium(plaintext.ljust(CHUNK_BYTES, b"\x00"))
    assert blobs.open_blob(KEY, sealed, blob=BLOB) == b"text"


@pytest.mark.parametrize(
    "plaintext",
    [
        (4).to_bytes(8, "big") + b"text" + bytes(100) + b"\x01",
        (2**63).to_bytes(8, "big"),
        (2**48 + 1).to_bytes(8, "big"),
        (CHUNK_BYTES).to_bytes(8, "big"),
    ],
)
def test_a_length_or_padding_that_cannot_be_is_refused(plaintext: bytes) -> None:
    with pytest.raises(CryptoError):
        blobs.open_blob(KEY, by_libsodium(plaintext.ljust(CHUNK_BYTES, b"\x00")), blob=BLOB)
