"""The file that holds a backup: one stream of sealed chunks, that ends where it says.

libsodium's secretstream under the account's backup key: 64 KiB chunks, chained by its counter,
bound to the file's own id, the last one tagged FINAL. Rule: until `Opener.finish` has returned,
nothing that came out is known to be whole. What is inside is neither compressed nor compared with
anything, and how many chunks there are is one of few numbers: so a size says how much there is,
roughly, and nothing of what it says (attack 38). Knows no format of what is inside.
Spec: docs/cryptography.md, section 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nacl import bindings as sodium
from nacl.exceptions import CryptoError as SodiumError

from restante.crypto import labels
from restante.crypto.keys import BackupKey
from restante.errors import CryptoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restante.crypto.randomness import Randomness

MAGIC: Final = b"restante backup\n"
"""What each file of this version begins with, in clear: whoever finds one may know what it is."""

ID_BYTES: Final = 16
STREAM_HEADER_BYTES: Final = 24
HEADER_BYTES: Final = len(MAGIC) + ID_BYTES + STREAM_HEADER_BYTES

CHUNK_BYTES: Final = 65_536
TAG_BYTES: Final = 17
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES

LEAST_CHUNKS: Final = 16
"""1 MiB: the smallest backup. Up to there nobody sees whether anything was ever written."""

STEPS: Final = 8
"""Sizes from one power of two to the next. Padding is a quarter at the most, an eighth or so."""

_MESSAGE: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_Stream = sodium.crypto_secretstream_xchacha20poly1305_state
_DRAWN_BYTES: Final = 8


def generate_key(randomness: Randomness) -> BackupKey:
    """Draw the key of an account's backups, 32 bytes."""
    return BackupKey(randomness.random(BackupKey.SIZE))


def padded_chunks(chunks: int, *, drawn: int = 0, least_chunks: int = LEAST_CHUNKS) -> int:
    """Return how many chunks a file has that needs so many.

    The next of 8 sizes in each power of two, after `drawn` modulo the distance of two such sizes
    was added: without that, who can make a history grow by single bytes would find out at which
    one the size changes, and so how long the rest of it is.
    """
    needed = max(chunks, 1)
    needed += drawn % _step(max(needed, least_chunks))
    step = _step(needed)
    return max(-(-needed // step) * step, least_chunks)


class Sealer:
    """Seals what is pushed, whose length nobody knows before its end."""

    def __init__(
        self, key: BackupKey, *, randomness: Randomness, least_chunks: int = LEAST_CHUNKS
    ) -> None:
        """Begin a file. Its id and the stream's header are drawn from `randomness`."""
        self.id: Final = randomness.random(ID_BYTES)
        header = randomness.random(STREAM_HEADER_BYTES)
        self._drawn = int.from_bytes(randomness.random(_DRAWN_BYTES), "big")
        self._least_chunks = least_chunks
        self._stream, self._data = _begin(key, header), _data(self.id)
        self._chunks = 0
        self._ready = bytearray(MAGIC + self.id + header)
        self._waiting = bytearray()

    def push(self, content: bytes | bytearray) -> bytes:
        """Take the next piece, of any length; return what is sealed now, perhaps nothing."""
        self._waiting += content
        at = 0
        while len(self._waiting) - at > CHUNK_BYTES:  # the last one is left to `finish`
            self._seal(bytes(self._waiting[at : at + CHUNK_BYTES]), _MESSAGE)
            at += CHUNK_BYTES
        del self._waiting[:at]
        ready, self._ready = bytes(self._ready), bytearray()
        return ready

    def finish(self) -> Iterator[bytes]:
        """Yield the rest, chunk by chunk: what waits, the padding of zeros, and the FINAL chunk."""
        total = padded_chunks(self._chunks + 1, drawn=self._drawn, least_chunks=self._least_chunks)
        while self._chunks < total:
            chunk = bytes(self._waiting).ljust(CHUNK_BYTES, b"\x00")
            self._waiting.clear()
            self._seal(chunk, _FINAL if self._chunks == total - 1 else _MESSAGE)
            yield bytes(self._ready)
            self._ready.clear()

    def _seal(self, chunk: bytes, tag: int) -> None:
        self._ready += sodium.crypto_secretstream_xchacha20poly1305_push(
            self._stream, chunk, self._data, tag
        )
        self._chunks += 1


class Opener:
    """Opens a file from its beginning, in pieces of any length."""

    def __init__(self, key: BackupKey) -> None:
        self._key = key
        self.id: bytes | None = None
        """The file's own, once its header is read."""
        self._stream: _Stream | None = None
        self._data = b""
        self._waiting = bytearray()
        self._is_over = False

    def push(self, sealed: bytes) -> bytes:
        """Take the next piece; return what is open now, padding included.

        Each byte of it is what was sealed, in its place; that there is no more, only `finish` says.
        Raises CryptoError for a chunk that isn't the next of this file, or another key's.
        """
        self._waiting += sealed
        if self._stream is None:
            if len(self._waiting) < HEADER_BYTES:
                return b""
            self._stream = self._begin(bytes(self._waiting[:HEADER_BYTES]))
            del self._waiting[:HEADER_BYTES]
        opened = bytearray()
        at = 0
        while len(self._waiting) - at >= SEALED_CHUNK_BYTES:
            sealed_chunk = bytes(self._waiting[at : at + SEALED_CHUNK_BYTES])
            opened += self._open(self._stream, sealed_chunk)
            at += SEALED_CHUNK_BYTES
        del self._waiting[:at]
        return bytes(opened)

    def finish(self) -> None:
        """Say that there is no more. Raises CryptoError unless the file ended with FINAL."""
        if not self._is_over or self._waiting:
            raise CryptoError("a backup is cut off")

    def _begin(self, header: bytes) -> _Stream:
        if not header.startswith(MAGIC):
            raise CryptoError("the file is no backup")
        end = len(MAGIC) + ID_BYTES
        self.id = header[len(MAGIC) : end]
        self._data = _data(self.id)
        return _begin(self._key, header[end:])

    def _open(self, stream: _Stream, sealed: bytes) -> bytes:
        if self._is_over:
            raise CryptoError("a backup goes on after its end")
        try:
            chunk, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(
                stream, sealed, self._data
            )
        except SodiumError:
            raise CryptoError("a chunk of a backup was refused") from None
        if tag not in {_MESSAGE, _FINAL}:
            raise CryptoError("a chunk of a backup says what none does")
        self._is_over = tag == _FINAL
        opened: bytes = chunk
        return opened


def _begin(key: BackupKey, header: bytes) -> _Stream:
    """Return a stream's state; sealing and opening begin with the same one."""
    stream = _Stream()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(stream, header, key.raw)
    return stream


def _data(file_id: bytes) -> bytes:
    return labels.BACKUP_CHUNK + file_id


def _step(chunks: int) -> int:
    """Return the distance between the two sizes that so many chunks lie between."""
    octave = 1 << ((chunks - 1).bit_length() - 1) if chunks > 1 else 1
    return max(octave // STEPS, 1)
