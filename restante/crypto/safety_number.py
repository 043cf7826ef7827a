"""Safety numbers: what two people compare to know that nobody sits between them.

Rule: made from the two accounts' *root* keys, so that one comparison covers all their devices and
recoveries, and equal on both sides. 60 digits; each half takes 5200 hashes, as in Signal, which
makes a look-alike dearer by that factor. As a QR code, a machine compares, and so compares all of
it; there the order tells whose screen it is. Spec: docs/cryptography.md, section 9.
"""

from __future__ import annotations

import base64
from hashlib import sha256, sha512
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from restante.crypto import labels

if TYPE_CHECKING:
    from restante.crypto.keys import RootKey

_ROUNDS: Final = 5200
_GROUPS: Final = 6

QR_PREFIX: Final = b"restante:v"
"""What a scanned safety number opens with; no code of another kind does."""

_QR_VERSION: Final = b"\x01"


def safety_number(one: RootKey, other: RootKey) -> str:
    """Return the 60 decimal digits of two accounts; the order of the arguments doesn't matter.

    Source: Signal's NumericFingerprintGenerator (SHA-512, 5200 rounds, 6 groups of u40 mod 10^5).
    """
    return "".join(sorted((_half(one), _half(other))))


def safety_qr(own: RootKey, theirs: RootKey) -> bytes:
    """Return what one's own screen shows for the other to scan or paste: 54 ASCII characters.

    `restante:v`, then as base64url version u8 = 1 || SHA-256(LABEL safety-qr || own root 32 B ||
    their root 32 B).
    """
    digest = sha256(labels.SAFETY_QR + own.raw + theirs.raw).digest()
    return QR_PREFIX + base64.urlsafe_b64encode(_QR_VERSION + digest)


def matches(scanned: bytes, own: RootKey, theirs: RootKey) -> bool:
    """Whether `scanned` is what *their* screen shows to us; white space round it is ignored.

    False for one's own screen, for other keys, and for anything that is no such code.
    """
    return compare_digest(scanned.strip(), safety_qr(theirs, own))


def _half(root: RootKey) -> str:
    digest = labels.SAFETY_NUMBER + root.raw
    for _ in range(_ROUNDS):
        digest = sha512(digest + root.raw).digest()
    groups = (digest[5 * n : 5 * n + 5] for n in range(_GROUPS))
    return "".join(f"{int.from_bytes(group, 'big') % 100_000:05d}" for group in groups)
