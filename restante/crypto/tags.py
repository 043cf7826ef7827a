"""Lookup tags: how a receiver finds a message's session without trying a key.

A tag is a PRF of its chain's header key and the message's number; outsiders see random bytes. The
receiver expects, for each chain, the numbers of a sliding window and beyond it every 64th.
Rule: nothing here depends on a secret but through the PRF. Spec: docs/cryptography.md, section 6.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from restante.crypto import labels
from restante.crypto.limits import MAX_NUMBER, MAX_SKIP, TAG_STRIDE
from restante.protocol.ids import LookupTag
from restante.protocol.limits import LOOKUP_WINDOW as TAG_WINDOW

if TYPE_CHECKING:
    from restante.crypto.keys import HeaderKey


def tag(key: HeaderKey, number: int) -> LookupTag:
    """Return the 16-byte tag of message `number` in the chain of `key`.

    BLAKE2b-128(key = header key 32 B, LABEL tag || number u32).
    """
    data = labels.TAG + number.to_bytes(4, "big")
    return LookupTag(blake2b(data, digest_size=16, key=key.raw).digest())


def expected_numbers(first: int) -> list[int]:
    """Return the numbers expected in a chain whose next number is `first`, nearest first."""
    window_end = first + TAG_WINDOW
    stride_start = -(-window_end // TAG_STRIDE) * TAG_STRIDE
    numbers = [*range(first, window_end), *range(stride_start, first + MAX_SKIP + 1, TAG_STRIDE)]
    if first + MAX_SKIP <= MAX_NUMBER:
        return numbers
    return [number for number in numbers if number <= MAX_NUMBER]


def newly_expected(first: int) -> list[int]:
    """Return what is expected from `first` on and was not expected from `first - 1` on."""
    candidates = (first + TAG_WINDOW - 1, first + MAX_SKIP)
    strides = (number % TAG_STRIDE == 0 for number in candidates)
    # A multiple enters at the far end, long before the window reaches it; the rest at the window.
    return [
        number
        for number, stride, far in zip(candidates, strides, (False, True), strict=True)
        if stride is far and number <= MAX_NUMBER
    ]
