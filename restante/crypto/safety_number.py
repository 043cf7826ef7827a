"""Safety numbers: what two people compare to know that nobody sits between them.

Rule: made from the two accounts' *root* keys, so that one comparison covers all their devices and
recoveries, and equal on both sides. 60 digits; each half takes 5200 hashes, as in Signal, which
makes a look-alike dearer by that factor. Spec: docs/cryptography.md, section 9.
"""

from __future__ import annotations

from hashlib import sha512
from typing import TYPE_CHECKING, Final

from restante.crypto import labels

if TYPE_CHECKING:
    from restante.crypto.keys import RootKey

_ROUNDS: Final = 5200
_GROUPS: Final = 6


def safety_number(one: RootKey, other: RootKey) -> str:
    """Return the 60 decimal digits of two accounts; the order of the arguments doesn't matter.

    Source: Signal's NumericFingerprintGenerator (SHA-512, 5200 rounds, 6 groups of u40 mod 10^5).
    """
    return "".join(sorted((_half(one), _half(other))))


def _half(root: RootKey) -> str:
    digest = labels.SAFETY_NUMBER + root.raw
    for _ in range(_ROUNDS):
        digest = sha512(digest + root.raw).digest()
    groups = (digest[5 * n : 5 * n + 5] for n in range(_GROUPS))
    return "".join(f"{int.from_bytes(group, 'big') % 100_000:05d}" for group in groups)
