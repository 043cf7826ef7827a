"""How a session is stored: one canonical byte string, secret, to be kept in the encrypted database.

    version u8 = 1 | flags u8 | session id 16 | own device 16 | peer account 16 | peer device 16
    hello tag 16 | hello hash 32 | created u64 | [rival 16] | [hello 9380]
    root 32 | own ratchet secret 32 | own ratchet key 32 | own KEM seed 64 | KEM ciphertext 1088
    previous length u64 | sending: key 32, header key 32, number u64 | next sending header key 32
    [receiving: key 32, header key 32, number u64] | next receiving header key 32
    skipped chains u8, each: header key 32, count u16, each: number u32, key 32, kept at u64

Numbers are big endian. Rule: `parse` accepts exactly what `serialise` makes; a state of another
version is refused, never guessed at. Tags are derived again. Spec: docs/cryptography.md, section 8.
"""

from __future__ import annotations

from typing import Final, TypeVar

from restante.crypto.chain import ReceivingChain, SendingChain
from restante.crypto.dh import RatchetKeyPair
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import (
    ChainKey,
    HeaderKey,
    KemCiphertext,
    KemSeed,
    MessageKey,
    PublicKey,
    RatchetKey,
    RatchetRoot,
    RatchetSecret,
    SecretKey,
)
from restante.crypto.ratchet import OwnStep, Ratchet
from restante.crypto.session import Session, SessionFacts, SessionId
from restante.crypto.skipped import SkippedChain, SkippedKey
from restante.crypto.tags import tag
from restante.errors import CryptoError
from restante.protocol.envelope import HELLO_PREFIX_BYTES
from restante.protocol.ids import AccountId, DeviceId, LookupTag

VERSION: Final = 1
_INITIATED, _HELLO, _RIVAL, _RECEIVING = 1, 2, 4, 8

_Key = TypeVar("_Key", bound=SecretKey | PublicKey)


def serialise(session: Session) -> bytes:
    """Return the bytes of `session`: about 1.6 KB, and 44 more for each skipped key."""
    facts, state = session.facts, session.ratchet
    flags = (
        _INITIATED * facts.initiated_by_us
        | _HELLO * (session.hello is not None)
        | _RIVAL * (session.rival is not None)
        | _RECEIVING * (state.receiving is not None)
    )
    parts = [
        bytes((VERSION, flags)),
        facts.session_id,
        facts.own_device,
        facts.peer_account,
        facts.peer_device,
        facts.hello_tag,
        facts.hello_hash,
        facts.created_at_s.to_bytes(8, "big"),
        session.rival or b"",
        session.hello or b"",
        state.root.raw,
        state.own.pair.secret.raw,
        state.own.pair.public.raw,
        state.own.kem.seed.raw,
        state.own.kem_ciphertext.raw,
        state.previous_length.to_bytes(8, "big"),
        *_chain_parts(state.sending),
        state.next_sending_header_key.raw,
        *(() if state.receiving is None else _chain_parts(state.receiving)),
        state.next_receiving_header_key.raw,
        len(state.skipped).to_bytes(1, "big"),
    ]
    for chain in state.skipped:
        parts += [chain.header_key.raw, len(chain.keys).to_bytes(2, "big")]
        for key in chain.keys.values():
            parts += [
                key.number.to_bytes(4, "big"),
                key.message.raw,
                key.kept_at_s.to_bytes(8, "big"),
            ]
    return b"".join(parts)


def parse(stored: bytes) -> Session:
    """Return the session that `stored` holds. Raises CryptoError for anything else."""
    reader = _Reader(stored)
    if reader.number(1) != VERSION:
        raise CryptoError("a stored session is of another version")
    flags = reader.number(1)
    if flags > _INITIATED | _HELLO | _RIVAL | _RECEIVING:
        raise CryptoError("a stored session is damaged")
    facts = SessionFacts(
        initiated_by_us=bool(flags & _INITIATED),
        session_id=SessionId(reader.take(16)),
        own_device=DeviceId(reader.take(16)),
        peer_account=AccountId(reader.take(16)),
        peer_device=DeviceId(reader.take(16)),
        hello_tag=LookupTag(reader.take(16)),
        hello_hash=reader.take(32),
        created_at_s=reader.number(8),
    )
    rival = SessionId(reader.take(16)) if flags & _RIVAL else None
    hello = reader.take(HELLO_PREFIX_BYTES) if flags & _HELLO else None
    ratchet = Ratchet(
        root=reader.key(RatchetRoot),
        own=OwnStep(
            pair=RatchetKeyPair(secret=reader.key(RatchetSecret), public=reader.key(RatchetKey)),
            kem=KemKeyPair(reader.key(KemSeed)),
            kem_ciphertext=reader.key(KemCiphertext),
        ),
        previous_length=reader.number(8),
        sending=SendingChain(
            key=reader.key(ChainKey), header_key=reader.key(HeaderKey), number=reader.number(8)
        ),
        next_sending_header_key=reader.key(HeaderKey),
        receiving=_receiving_chain(reader) if flags & _RECEIVING else None,
        next_receiving_header_key=reader.key(HeaderKey),
        skipped=tuple(_skipped_chain(reader) for _ in range(reader.number(1))),
    )
    reader.finish()
    return Session(facts=facts, ratchet=ratchet, hello=hello, rival=rival)


def _chain_parts(chain: SendingChain | ReceivingChain) -> tuple[bytes, bytes, bytes]:
    return chain.key.raw, chain.header_key.raw, chain.number.to_bytes(8, "big")


def _receiving_chain(reader: _Reader) -> ReceivingChain:
    return ReceivingChain(
        key=reader.key(ChainKey), header_key=reader.key(HeaderKey), number=reader.number(8)
    )


def _skipped_chain(reader: _Reader) -> SkippedChain:
    header_key = reader.key(HeaderKey)
    keys = {}
    count = reader.number(2)
    for _ in range(count):
        number = reader.number(4)
        keys[tag(header_key, number)] = SkippedKey(
            number=number, message=reader.key(MessageKey), kept_at_s=reader.number(8)
        )
    if not keys or len(keys) != count:
        raise CryptoError("a stored session is damaged")
    return SkippedChain(header_key=header_key, keys=keys)


class _Reader:
    """Takes fields off the front of a byte string."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size_bytes: int) -> bytes:
        field = self._data[self._at : self._at + size_bytes]
        if len(field) != size_bytes:
            raise CryptoError("a stored session is damaged")
        self._at += size_bytes
        return field

    def number(self, size_bytes: int) -> int:
        return int.from_bytes(self.take(size_bytes), "big")

    def key(self, kind: type[_Key]) -> _Key:
        return kind(self.take(kind.SIZE))

    def finish(self) -> None:
        if self._at != len(self._data):
            raise CryptoError("a stored session is damaged")
