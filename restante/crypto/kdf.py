"""Key derivation: every step from one secret to the next.

Rule: each function states its input, its label and how its output is cut; nobody else calls HKDF.
Deterministic; tests/vectors/crypto-derivations.json. Spec: docs/cryptography.md, section 3.
Source: RFC 5869, FIPS 198-1, PQXDH, section 2.2, the Double Ratchet, section 7.2.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from restante.crypto import labels
from restante.crypto.keys import (
    BodyKey,
    ChainKey,
    FormerKeySeal,
    HeaderKey,
    IntroductionKey,
    KemSecret,
    LinkRevealKey,
    LinkSecret,
    LinkVerdictKey,
    MessageKey,
    ProfileKey,
    RatchetRoot,
    SharedSecret,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_ZEROS: Final = bytes(32)
_CURVE_PREFIX: Final = b"\xff" * 32
"""F of X3DH: no X25519 output starts so, which separates this input from an XEd25519 one."""


def _hkdf(*, salt: bytes, secret: bytes, label: bytes, size_bytes: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=size_bytes, salt=salt, info=label).derive(secret)


def introduction_key(
    transcript: bytes, agreements: Sequence[SharedSecret], kem: KemSecret
) -> IntroductionKey:
    """Derive the key of a hello's introduction.

    HKDF-SHA256(salt = hello transcript 32 B, ikm = FF*32 || DH2 || DH3 [|| DH4] || SS,
    info = LABEL introduction) -> 32 B.
    """
    secret = b"".join((_CURVE_PREFIX, *(dh.raw for dh in agreements), kem.raw))
    return IntroductionKey(
        _hkdf(salt=transcript, secret=secret, label=labels.INTRODUCTION, size_bytes=32)
    )


def session_keys(
    transcript: bytes, agreements: Sequence[SharedSecret], kem: KemSecret
) -> tuple[RatchetRoot, HeaderKey, HeaderKey]:
    """Derive what a session starts from: root, initiator's header key, responder's next one.

    HKDF-SHA256(salt = session transcript 32 B, ikm = FF*32 || DH1 || DH2 || DH3 [|| DH4] || SS,
    info = LABEL session) -> 96 B, cut in three.
    """
    secret = b"".join((_CURVE_PREFIX, *(dh.raw for dh in agreements), kem.raw))
    out = _hkdf(salt=transcript, secret=secret, label=labels.SESSION, size_bytes=96)
    return RatchetRoot(out[:32]), HeaderKey(out[32:64]), HeaderKey(out[64:])


def root_step(
    root: RatchetRoot, agreement: SharedSecret, kem: KemSecret
) -> tuple[RatchetRoot, ChainKey, HeaderKey]:
    """Advance the root chain by one DH step that also carries a KEM secret.

    HKDF-SHA256(salt = root 32 B, ikm = DH 32 B || KEM secret 32 B, info = LABEL root) -> 96 B,
    cut into root || chain || next header key. Source: Double Ratchet, section 4.2, KDF_RK_HE.
    """
    secret = agreement.raw + kem.raw
    out = _hkdf(salt=root.raw, secret=secret, label=labels.ROOT, size_bytes=96)
    return RatchetRoot(out[:32]), ChainKey(out[32:64]), HeaderKey(out[64:])


def chain_step(chain: ChainKey) -> tuple[ChainKey, MessageKey]:
    """Advance a chain by one message.

    Next chain = HMAC-SHA256(chain, 02), message key = HMAC-SHA256(chain, 01).
    Source: Double Ratchet, section 7.2, KDF_CK.
    """
    key = chain.raw
    return (
        ChainKey(hmac.digest(key, b"\x02", "sha256")),
        MessageKey(hmac.digest(key, b"\x01", "sha256")),
    )


def body_key(message: MessageKey) -> BodyKey:
    """Derive the key that seals a message's body.

    HKDF-SHA256(salt = 32 zero bytes, ikm = message key 32 B, info = LABEL message) -> 32 B.
    """
    return BodyKey(_hkdf(salt=_ZEROS, secret=message.raw, label=labels.MESSAGE, size_bytes=32))


def sender_tags(shared: HeaderKey, chain: bytes) -> HeaderKey:
    """Derive what a sender key's lookup tags are made with, which is its owner's device's alone.

    HKDF-SHA256(salt = 32 zero bytes, ikm = tag key 32 B, info = LABEL sender-tags || chain 16 B)
    -> 32 B.
    """
    label = labels.SENDER_TAGS + chain
    return HeaderKey(_hkdf(salt=_ZEROS, secret=shared.raw, label=label, size_bytes=32))


def link_keys(transcript: bytes, secret: LinkSecret) -> tuple[LinkRevealKey, LinkVerdictKey]:
    """Derive what seals the rest of a linking.

    HKDF-SHA256(salt = link transcript 32 B, ikm = link secret 32 B, info = LABEL link-keys)
    -> 64 B, cut in two.
    """
    out = _hkdf(salt=transcript, secret=secret.raw, label=labels.LINK_KEYS, size_bytes=64)
    return LinkRevealKey(out[:32]), LinkVerdictKey(out[32:])


def link_digits(transcript: bytes, secret: LinkSecret, *, new: bytes, old: bytes) -> str:
    """Derive the six digits that both devices of a linking have; `new` and `old` are their nonces.

    HKDF-SHA256(salt = link transcript 32 B, ikm = link secret 32 B,
    info = LABEL link-digits || new nonce 16 B || old nonce 16 B) -> u64 mod 10^6.
    """
    label = labels.LINK_DIGITS + new + old
    out = _hkdf(salt=transcript, secret=secret.raw, label=label, size_bytes=8)
    return f"{int.from_bytes(out, 'big') % 1_000_000:06d}"


def former_key_seal(key: ProfileKey) -> FormerKeySeal:
    """Derive what seals the profile's former key while the database is encrypted anew.

    HKDF-SHA256(salt = 32 zero bytes, ikm = the new profile key 32 B, info = LABEL seal-former-key)
    -> 32 B.
    """
    out = _hkdf(salt=_ZEROS, secret=key.raw, label=labels.FORMER_KEY_SEAL, size_bytes=32)
    return FormerKeySeal(out)
