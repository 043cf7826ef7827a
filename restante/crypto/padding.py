"""Padding: contents of every length look like one of few sizes.

`length u32 || content || zeros`, filled to exactly the size asked for. Rule: the padding is all
zeros and is checked, so one content has one padded form. Spec: docs/cryptography.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.errors import CryptoError, LocalProtocolError

LENGTH_BYTES: Final = 4


def pad(content: bytes, size_bytes: int) -> bytes:
    """Return `content` padded to `size_bytes`. Raises LocalProtocolError if it doesn't fit."""
    filling = size_bytes - LENGTH_BYTES - len(content)
    if filling < 0:
        raise LocalProtocolError(f"a content exceeds {size_bytes - LENGTH_BYTES} bytes")
    return len(content).to_bytes(LENGTH_BYTES, "big") + content + bytes(filling)


def unpad(padded: bytes) -> bytes:
    """Return the content of `padded`. Raises CryptoError unless it is what `pad` makes."""
    end = LENGTH_BYTES + int.from_bytes(padded[:LENGTH_BYTES], "big")
    if len(padded) < LENGTH_BYTES or end > len(padded):
        raise CryptoError("a content is longer than what holds it")
    if not padded.endswith(bytes(len(padded) - end)):
        raise CryptoError("a content is not padded with zeros")
    return padded[LENGTH_BYTES:end]
