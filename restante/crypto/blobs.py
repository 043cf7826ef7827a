"""Blobs: what is too large for an envelope, sealed in chunks that can't be moved, cut or swapped.

libsodium's secretstream: 64 KiB chunks, chained by its counter, the last one tagged FINAL. Rule:
until `Opener.finish` has returned, nothing that came out is known to be whole; a blob without its
FINAL chunk is an error. Padded, so that a size tells little of what is inside. Knows no relay; a
blob is named by the hash of its capability. Spec: docs/cryptography.md, section 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nacl import bindings as sodium
from nacl.exceptions import CryptoError as SodiumError

from restante.crypto import labels
from restante.crypto.keys import BlobKey
from restante.errors import CryptoError, LocalProtocolError
from restante.protocol.ids import BlobCapability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restante.crypto.randomness import Randomness
    from restante.protocol.ids import BlobId

CHUNK_BYTES: Final = 65_536
"""Plaintext of a chunk: 0.1 ms of work, and 0.03 % more for its tag."""

HEADER_BYTES: Final = 24
TAG_BYTES: Final = 17
"""One byte that says whether the stream goes on, and the authenticator."""

SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES

_MESSAGE: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_Stream = sodium.crypto_secretstream_xchacha20poly1305_state
_LENGTH_BYTES: Final = 8
_MOST_BYTES: Final = 2**48
"""Longer contents don't exist; a length is checked before anything is computed from it."""


def generate_capability(randomness: Randomness) -> BlobCapability:
    """Draw what lets somebody fetch a blob, 32 bytes; the blob's name is its hash (`blob_id`)."""
    return BlobCapability(randomness.random(32))


def generate_key(randomness: Randomness) -> BlobKey:
    """Draw a key for one blob, or for several that the same devices may read."""
    return BlobKey(randomness.random(BlobKey.SIZE))


def sealed_size(content_bytes: int) -> int:
    """Return how many bytes a content takes at the relay: header, and whole chunks.

    The length and the content are padded by Padme (at most 12 %, 3 % from 1 GiB on) and then to
    whole chunks. Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", 2019.
    """
    return HEADER_BYTES + _chunks(content_bytes) * SEALED_CHUNK_BYTES


def seal_blob(key: BlobKey, content: bytes, *, blob: BlobId, randomness: Randomness) -> bytes:
    """Seal a content that is in memory whole."""
    sealer = Sealer(key, content_bytes=len(content), blob=blob, randomness=randomness)
    return sealer.push(content) + b"".join(sealer.finish())


def open_blob(key: BlobKey, sealed: bytes, *, blob: BlobId) -> bytes:
    """Open a blob that is in memory whole. Raises CryptoError unless all of it is right."""
    opener = Opener(key, blob=blob)
    content = opener.push(sealed)
    opener.finish()
    return content


class Sealer:
    """Seals a content of known length, piece by piece."""

    def __init__(
        self, key: BlobKey, *, content_bytes: int, blob: BlobId, randomness: Randomness
    ) -> None:
        """Begin. The stream's header is drawn from `randomness`, as libsodium would draw it."""
        header = randomness.random(HEADER_BYTES)
        self._stream, self._data = _begin(key, header), _data(blob)
        self._left = content_bytes
        self._chunks_left = _chunks(content_bytes)
        self._ready = [header]
        self._waiting = bytearray(content_bytes.to_bytes(_LENGTH_BYTES, "big"))

    def push(self, content: bytes) -> bytes:
        """Take the next piece, of any length; return what is sealed now, perhaps nothing.

        Raises LocalProtocolError if there is more than was said.
        """
        self._left -= len(content)
        if self._left < 0:
            raise LocalProtocolError("a blob's content is longer than was said")
        self._waiting += content
        # The last chunk is left to `finish`, which alone may tag it so.
        while self._chunks_left > 1 and len(self._waiting) >= CHUNK_BYTES:
            self._ready.append(self._seal(_MESSAGE))
        ready, self._ready = b"".join(self._ready), []
        return ready

    def finish(self) -> Iterator[bytes]:
        """Yield the rest: what waits, the padding and the FINAL chunk, chunk by chunk.

        Raises LocalProtocolError if there is less than was said.
        """
        if self._left:
            raise LocalProtocolError("a blob's content is shorter than was said")
        yield from self._ready
        while self._chunks_left:
            yield self._seal(_FINAL if self._chunks_left == 1 else _MESSAGE)

    def _seal(self, tag: int) -> bytes:
        chunk = bytes(self._waiting[:CHUNK_BYTES]).ljust(CHUNK_BYTES, b"\x00")
        del self._waiting[:CHUNK_BYTES]
        self._chunks_left -= 1
        return sodium.crypto_secretstream_xchacha20poly1305_push(
            self._stream, chunk, self._data, tag
        )


class Opener:
    """Opens a blob from its beginning, piece by piece."""

    def __init__(self, key: BlobKey, *, blob: BlobId) -> None:
        self._key, self._data = key, _data(blob)
        self._stream: _Stream | None = None
        self._waiting = bytearray()
        self._chunks_left: int | None = None
        self._left = 0

    def push(self, sealed: bytes) -> bytes:
        """Take the next piece, of any length; return the content that is open now.

        Each byte of it is the sender's, in its place; that there is no more, only `finish` says.
        Raises CryptoError for a chunk that isn't the next of this blob.
        """
        self._waiting += sealed
        if self._stream is None:
            if len(self._waiting) < HEADER_BYTES:
                return b""
            self._stream = _begin(self._key, bytes(self._waiting[:HEADER_BYTES]))
            del self._waiting[:HEADER_BYTES]
        opened = bytearray()
        at = 0
        while len(self._waiting) - at >= SEALED_CHUNK_BYTES:
            chunk = bytes(self._waiting[at : at + SEALED_CHUNK_BYTES])
            at += SEALED_CHUNK_BYTES
            opened += self._open(self._stream, chunk)
        del self._waiting[:at]
        return bytes(opened)

    def finish(self) -> None:
        """Say that there is no more. Raises CryptoError unless the blob ended with FINAL."""
        if self._chunks_left != 0 or self._waiting:
            raise CryptoError("a blob is cut off")

    def _open(self, stream: _Stream, sealed: bytes) -> bytes:
        if self._chunks_left == 0:
            raise CryptoError("a blob goes on after its end")
        try:
            chunk, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(
                stream, sealed, self._data
            )
        except SodiumError:
            raise CryptoError("a chunk of a blob was refused") from None
        if self._chunks_left is None:
            self._left = int.from_bytes(chunk[:_LENGTH_BYTES], "big")
            if self._left > _MOST_BYTES:
                raise CryptoError("a blob is longer than anything")
            self._chunks_left = _chunks(self._left)
            chunk = chunk[_LENGTH_BYTES:]
        self._chunks_left -= 1
        if tag != (_MESSAGE if self._chunks_left else _FINAL):
            raise CryptoError("a blob ends where it should not")
        content, padding = chunk[: self._left], chunk[self._left :]
        if padding.strip(b"\x00"):
            raise CryptoError("a blob is not padded with zeros")
        self._left -= len(content)
        return content


def _begin(key: BlobKey, header: bytes) -> _Stream:
    """Return a stream's state; sealing and opening begin with the same one."""
    stream = _Stream()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(stream, header, key.raw)
    return stream


def _data(blob: BlobId) -> bytes:
    return labels.BLOB_CHUNK + blob


def _chunks(content_bytes: int) -> int:
    size = _LENGTH_BYTES + content_bytes
    exponent = size.bit_length() - 1
    step = 1 << max(0, exponent - exponent.bit_length())
    padded = -(-size // step) * step
    return -(-padded // CHUNK_BYTES)
