"""Contact codes: what the 24 bytes in a code stand for.

A code carries `pin 16 || secret 8`. The secret leads to a sealed delivery token at the relay; the
pin is checked against the root key and the TLS key that are found there.
Rule: the relay is told the look-up id only, from which neither the seal key nor the secret follows
but by trying 2^64 of them. Spec: docs/cryptography.md, section 10.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING

from restante.crypto import aead, labels
from restante.crypto.keys import CodeSealKey, SecretKey
from restante.errors import CryptoError
from restante.protocol.code import SECRET_BYTES
from restante.protocol.ids import ID_BYTES, CodeLookupId, Token, code_lookup_id, contact_pin

if TYPE_CHECKING:
    from restante.crypto.keys import RootKey
    from restante.crypto.randomness import Randomness


class CodeSecret(SecretKey):
    """The 8 secret bytes of a code."""

    __slots__ = ()
    SIZE = SECRET_BYTES


def generate_code_secret(randomness: Randomness) -> CodeSecret:
    """Draw the secret of a new code."""
    return CodeSecret(randomness.random(CodeSecret.SIZE))


def lookup_id(secret: CodeSecret) -> CodeLookupId:
    """Return the 16 bytes under which the relay keeps a code's record."""
    return code_lookup_id(secret.raw)


def seal_token(secret: CodeSecret, token: Token, *, randomness: Randomness) -> bytes:
    """Seal a delivery token for whoever holds the code: 56 bytes, nonce first."""
    return aead.seal(
        _seal_key(secret), token, associated=_record_data(secret), randomness=randomness
    )


def open_token(secret: CodeSecret, sealed: bytes) -> Token:
    """Open a code's record. Raises CryptoError if it was not sealed with this code's secret."""
    token = aead.open_sealed(_seal_key(secret), sealed, associated=_record_data(secret))
    if len(token) != ID_BYTES:
        raise CryptoError("a code's record was refused")
    return Token(token)


def verify_contact_pin(pin: bytes, root: RootKey, relay_pin: bytes | None) -> None:
    """Check the pin of a code against what was found. Raises CryptoError if they disagree."""
    if not compare_digest(pin, contact_pin(root.raw, relay_pin)):
        raise CryptoError("a contact code's pin does not match")


def _seal_key(secret: CodeSecret) -> CodeSealKey:
    return CodeSealKey(sha256(labels.CODE_SEAL + secret.raw).digest())


def _record_data(secret: CodeSecret) -> bytes:
    return labels.CODE_RECORD + lookup_id(secret)
