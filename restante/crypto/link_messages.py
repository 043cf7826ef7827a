"""What stands in the slots of a linking: each message sealed, of one size, and bound to the code.

Rule: slots 1 and 5 are sealed by what the code's secret alone gives, which keeps a device's name
from the relay and proves nothing more; slot 2 to the key that slot 1 offers; slots 3 and 4 under
keys of the secret in slot 2. Whatever opens as something else than it should is a CryptoError.
Used by `linking` alone. Spec: docs/cryptography.md, section 11.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeVar

from restante.crypto import aead, hpke, labels, padding
from restante.crypto.keys import LinkSealKey
from restante.errors import CryptoError, RemoteProtocolError
from restante.protocol.codec import decode, decode_tagged, encode
from restante.protocol.ids import length_prefixed
from restante.protocol.limits import MAX_SLOT_BYTES
from restante.protocol.linking import (
    LINK_VERDICTS,
    LinkAbort,
    LinkAborted,
    LinkAccept,
    LinkOffer,
    LinkReveal,
)

if TYPE_CHECKING:
    from restante.crypto.codes import CodeSecret
    from restante.crypto.keys import LinkRevealKey, LinkVerdictKey, XWingKey, XWingSeed
    from restante.crypto.randomness import Randomness
    from restante.protocol.code import Code
    from restante.protocol.linking import LinkVerdict

OFFER_BYTES: Final = 2048
"""Slot 1, whatever the device is called."""

VERDICT_BYTES: Final = MAX_SLOT_BYTES
"""Slot 4: a grant looks like an abort, and no size says how many devices an account has."""

_T = TypeVar("_T")


def commitment(nonce: bytes) -> bytes:
    """Return the 32 bytes that bind a new device to its nonce (16 B) before it shows it."""
    return sha256(labels.LINK_COMMITMENT + nonce).digest()


def transcript(code: Code, offer: bytes, acceptance: bytes) -> bytes:
    """Return the hash, 32 B, of all that was said before the digits: the code, slots 1 and 2.

    SHA-256(LABEL transcript-link || pin 16 B || secret 8 B || slot 1 and slot 2, each with its
    length u32).
    """
    said = length_prefixed(offer) + length_prefixed(acceptance)
    return sha256(labels.LINK_TRANSCRIPT + code.pin + code.secret + said).digest()


def seal_offer(secret: CodeSecret, offer: LinkOffer, *, randomness: Randomness) -> bytes:
    """Seal slot 1 for who has the code: 2,048 bytes."""
    padded = padding.pad(encode(offer), OFFER_BYTES - aead.OVERHEAD_BYTES)
    return aead.seal(
        _seal_key(secret), padded, associated=labels.LINK_OFFER_DATA, randomness=randomness
    )


def open_offer(secret: CodeSecret, sealed: bytes) -> LinkOffer:
    """Open slot 1, unverified. Raises CryptoError."""
    padded = aead.open_sealed(_seal_key(secret), sealed, associated=labels.LINK_OFFER_DATA)
    return _parse(padding.unpad(padded), LinkOffer)


def seal_accept(key: XWingKey, accept: LinkAccept, *, code: Code, randomness: Randomness) -> bytes:
    """Seal slot 2 to the key that slot 1 offers: 1,223 bytes. Raises CryptoError for a bad key."""
    return randomness.seal_to(key, encode(accept), info=_info(code))


def open_accept(seed: XWingSeed, sealed: bytes, *, code: Code) -> LinkAccept:
    """Open slot 2. Raises CryptoError."""
    return _parse(hpke.open_sealed(seed, sealed, info=_info(code)), LinkAccept)


def seal_reveal(key: LinkRevealKey, reveal: LinkReveal, *, randomness: Randomness) -> bytes:
    """Seal slot 3: 125 bytes."""
    return aead.seal(key, encode(reveal), associated=labels.LINK_REVEAL_DATA, randomness=randomness)


def open_reveal(key: LinkRevealKey, sealed: bytes) -> LinkReveal:
    """Open slot 3. Raises CryptoError."""
    return _parse(aead.open_sealed(key, sealed, associated=labels.LINK_REVEAL_DATA), LinkReveal)


def seal_verdict(key: LinkVerdictKey, verdict: LinkVerdict, *, randomness: Randomness) -> bytes:
    """Seal slot 4: 16,384 bytes."""
    padded = padding.pad(encode(verdict), VERDICT_BYTES - aead.OVERHEAD_BYTES)
    return aead.seal(key, padded, associated=labels.LINK_VERDICT_DATA, randomness=randomness)


def open_verdict(key: LinkVerdictKey, sealed: bytes) -> LinkVerdict:
    """Open slot 4. Raises CryptoError."""
    padded = aead.open_sealed(key, sealed, associated=labels.LINK_VERDICT_DATA)
    try:
        return decode_tagged(padding.unpad(padded), LINK_VERDICTS)
    except RemoteProtocolError:
        raise CryptoError("a message of a linking is malformed") from None


def seal_cancel(secret: CodeSecret, *, randomness: Randomness) -> bytes:
    """Seal slot 5: that the new device's user gave up."""
    packed = encode(LinkAborted(reason=LinkAbort.CANCELLED))
    return aead.seal(
        _seal_key(secret), packed, associated=labels.LINK_CANCEL_DATA, randomness=randomness
    )


def is_cancel(secret: CodeSecret, sealed: bytes) -> bool:
    """Whether slot 5 was sealed by who has the code. Never raises."""
    try:
        aead.open_sealed(_seal_key(secret), sealed, associated=labels.LINK_CANCEL_DATA)
    except CryptoError:
        return False
    return True


def _seal_key(secret: CodeSecret) -> LinkSealKey:
    return LinkSealKey(sha256(labels.LINK_SEAL + secret.raw).digest())


def _info(code: Code) -> bytes:
    return labels.LINK + code.pin + code.secret


def _parse(packed: bytes, kind: type[_T]) -> _T:
    try:
        return decode(packed, kind)
    except RemoteProtocolError:
        raise CryptoError("a message of a linking is malformed") from None
