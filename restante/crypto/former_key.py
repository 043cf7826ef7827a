"""A profile's former key, sealed under its new one while the database is encrypted anew.

Rule: who has the new key has both, so that an interrupted change can be finished; who has the
former one has that alone. Knows no file. Spec: docs/cryptography.md, section 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import aead, kdf, labels
from restante.crypto.keys import ProfileKey

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness


def seal_former_key(former: ProfileKey, new: ProfileKey, *, randomness: Randomness) -> bytes:
    """Return the former key, sealed under the new one, 72 bytes."""
    seal = kdf.former_key_seal(new)
    return aead.seal(seal, former.raw, associated=labels.FORMER_KEY_DATA, randomness=randomness)


def open_former_key(sealed: bytes, new: ProfileKey) -> ProfileKey:
    """Return the former key. Raises CryptoError: it was sealed under another one."""
    seal = kdf.former_key_seal(new)
    return ProfileKey(aead.open_sealed(seal, sealed, associated=labels.FORMER_KEY_DATA))
