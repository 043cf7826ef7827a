"""Sender keys: one envelope for all devices of a group, which they open with its sender's chain.

A device that writes gives its chain to each device of the group over their own session, and takes
another one when anybody who has it is gone. Rule: every message has a key of its own, which is
erased with its use, on both sides; and a signature by a key that only the sender has, for all
readers have the chain (attack 43). A chain's name and its tags follow from the device that gave it:
a reader who hands it on as their own has another one, which opens nothing. To a relay such an
envelope looks like any other.
Spec: docs/cryptography.md, section 17; docs/protocol/groups.md, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from restante.crypto import aead, kdf, labels, signing, statements
from restante.crypto.keys import (
    ChainKey,
    HeaderKey,
    MessageKey,
    SenderSigningKey,
    SenderVerifyKey,
)
from restante.crypto.padding import LENGTH_BYTES, pad, unpad
from restante.crypto.signatures import verify_group_message
from restante.crypto.tags import tag
from restante.errors import CryptoError, LocalProtocolError
from restante.protocol.group import SENDER_CHAIN_LENGTH, SenderKey
from restante.protocol.ids import ID_BYTES, KEY_BYTES, SIGNATURE_BYTES, LookupTag
from restante.protocol.limits import BUCKETS
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness

MESSAGES: Final = 100
"""After so many a sender takes another chain: whoever copied this one reads no further."""

OVERHEAD_BYTES: Final = ID_BYTES + aead.OVERHEAD_BYTES + SIGNATURE_BYTES + LENGTH_BYTES
"""Of an envelope, what is no content: tag, nonce and MAC, signature, length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderChain:
    """A chain of one's own, from `number` on."""

    id: bytes
    group: bytes
    number: int
    chain: ChainKey
    tags: HeaderKey
    signing: SenderSigningKey

    def shared(self) -> SenderKey:
        """Return what a reader gets, for what is said from now on."""
        return SenderKey(
            number=self.number,
            chain_key=self.chain.raw,
            tag_key=self.tags.raw,
            verify_key=signing.sender_verify_key(self.signing).raw,
        )

    def pack(self) -> bytes:
        """Return its secrets as they are stored: chain 32 B || tags 32 B || signing seed 32 B."""
        return self.chain.raw + self.tags.raw + self.signing.raw


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderChain:
    """Somebody's chain, from `number` on, and the keys of messages that were passed over."""

    id: bytes
    group: bytes
    number: int
    chain: ChainKey
    tags: HeaderKey
    verify: SenderVerifyKey
    skipped: Mapping[int, MessageKey]

    def expected(self) -> dict[LookupTag, int]:
        """Return the tags of all messages that may still come on it, with their numbers."""
        key = kdf.sender_tags(self.tags, self.id)
        return {tag(key, n): n for n in range(self.number, SENDER_CHAIN_LENGTH)}

    def pack(self) -> bytes:
        """Return it as it is stored: chain || tags || verify key, then each skipped key."""
        left = (n.to_bytes(4, "big") + key.raw for n, key in self.skipped.items())
        return b"".join((self.chain.raw, self.tags.raw, self.verify.raw, *left))


def begin(randomness: Randomness, group: bytes, device: bytes) -> SenderChain:
    """Draw a new chain for what a device, 16 B, says in a group."""
    own = SenderSigningKey(randomness.random(KEY_BYTES))
    return SenderChain(
        id=_name(group, device, signing.sender_verify_key(own)),
        group=group,
        number=0,
        chain=ChainKey(randomness.random(KEY_BYTES)),
        tags=HeaderKey(randomness.random(KEY_BYTES)),
        signing=own,
    )


def _name(group: bytes, device: bytes, verify: SenderVerifyKey) -> bytes:
    """Name a chain, 16 B, by whose it is: nobody else's has the name, whatever they copy."""
    return sha256(labels.SENDER_CHAIN + group + device + verify.raw).digest()[:ID_BYTES]


def stored_sender(packed: bytes, *, id: bytes, group: bytes, number: int) -> SenderChain:
    """Return a chain of one's own as it was stored. Raises CryptoError if it is damaged."""
    return SenderChain(
        id=id,
        group=group,
        number=number,
        chain=ChainKey(packed[:32]),
        tags=HeaderKey(packed[32:64]),
        signing=SenderSigningKey(packed[64:]),
    )


def stored_reader(packed: bytes, *, id: bytes, group: bytes, number: int) -> ReaderChain:
    """Return somebody's chain as it was stored. Raises CryptoError if it is damaged."""
    size = 4 + KEY_BYTES
    left = packed[96:]
    return ReaderChain(
        id=id,
        group=group,
        number=number,
        chain=ChainKey(packed[:32]),
        tags=HeaderKey(packed[32:64]),
        verify=SenderVerifyKey(packed[64:96]),
        skipped={
            int.from_bytes(left[at : at + 4], "big"): MessageKey(left[at + 4 : at + size])
            for at in range(0, len(left), size)
        },
    )


def has_sent(chain: SenderChain, lookup: bytes) -> bool:
    """Whether a lookup tag is of a message that was sealed on a chain of one's own."""
    key = kdf.sender_tags(chain.tags, chain.id)
    return any(lookup == tag(key, number) for number in range(chain.number))


def accept(key: SenderKey, group: bytes, device: bytes) -> ReaderChain:
    """Return the chain that a member's device, 16 B, has given us for a group."""
    return ReaderChain(
        id=_name(group, device, SenderVerifyKey(key.verify_key)),
        group=group,
        number=key.number,
        chain=ChainKey(key.chain_key),
        tags=HeaderKey(key.tag_key),
        verify=SenderVerifyKey(key.verify_key),
        skipped={},
    )


def seal(
    chain: SenderChain, content: bytes, *, randomness: Randomness
) -> tuple[SenderChain, bytes]:
    """Seal a content for everybody who has the chain; return what is left of it, and the envelope.

    Raises LocalProtocolError if it fits no bucket, or the chain is used up.
    """
    if chain.number >= SENDER_CHAIN_LENGTH:
        raise LocalProtocolError("a sender key is used up")
    total = OVERHEAD_BYTES + len(content)
    size = next((bucket for bucket in BUCKETS if total <= bucket), None)
    if size is None:
        raise LocalProtocolError(f"{len(content)} bytes of content fit no envelope")
    following, message = kdf.chain_step(chain.chain)
    lookup = tag(kdf.sender_tags(chain.tags, chain.id), chain.number)
    statement = statements.group_message(
        group=chain.group, chain=chain.id, number=chain.number, digest=sha256(content).digest()
    )
    signature = signing.sign_group_message(chain.signing, statement)
    room = size - ID_BYTES - aead.OVERHEAD_BYTES - SIGNATURE_BYTES
    sealed = aead.seal(
        kdf.body_key(message),
        signature + pad(content, room),
        associated=_data(chain, chain.number, lookup),
        randomness=randomness,
    )
    return replace(chain, number=chain.number + 1, chain=following), lookup + sealed


def open_message(chain: ReaderChain, number: int, envelope: bytes) -> tuple[ReaderChain, bytes]:
    """Open message `number` of a chain; return what is left of the chain, and the content.

    Raises CryptoError, and then nothing has changed: not sealed with it, not signed by its owner,
    opened before.
    """
    if number >= SENDER_CHAIN_LENGTH:
        raise CryptoError("a message beyond a sender key's end")
    skipped, key, at = dict(chain.skipped), chain.chain, chain.number
    if number < at:
        if number not in skipped:
            raise CryptoError("a message that was opened before")
        message = skipped.pop(number)
    else:
        while at <= number:
            key, message = kdf.chain_step(key)
            skipped[at] = message
            at += 1
        message = skipped.pop(number)
    lookup = LookupTag(envelope[:ID_BYTES])
    opened = aead.open_sealed(
        kdf.body_key(message), envelope[ID_BYTES:], associated=_data(chain, number, lookup)
    )
    content = unpad(opened[SIGNATURE_BYTES:])
    verify_group_message(
        chain.verify,
        group=chain.group,
        chain=chain.id,
        number=number,
        digest=sha256(content).digest(),
        signature=opened[:SIGNATURE_BYTES],
    )
    return replace(chain, number=at, chain=key, skipped=skipped), content


def _data(chain: SenderChain | ReaderChain, number: int, lookup: LookupTag) -> bytes:
    return b"".join(
        (
            labels.SENDER_DATA,
            labels.SUITE_BYTE,
            chain.group,
            chain.id,
            number.to_bytes(4, "big"),
            lookup,
        )
    )
