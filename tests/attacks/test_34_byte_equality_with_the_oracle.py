"""Attack 34: our ratchet computes something else than the Double Ratchet, and nobody notices.

Held by: every envelope equals, byte for byte, what an independent library makes of the same keys,
under loss and reordering, and each opens what the other sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doubleratchet import Header as OracleHeader

from restante.crypto import dh, envelope, message_part, ratchet
from restante.crypto import kem as kems
from restante.crypto.header import Heads
from restante.crypto.keys import HeaderKey, KemSeed, RatchetRoot
from restante.crypto.padding import unpad
from restante.crypto.session import Session, SessionFacts, SessionId
from restante.errors import CryptoError
from restante.protocol.ids import AccountId, DeviceId, LookupTag, ManifestHash
from tests.crypto.oracle import KemBook, OracleSide, public_of
from tests.crypto.people import NOW_S, RANDOM

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from restante.crypto.header import Header
    from restante.crypto.keys import KemCiphertext, KemKey, KemSecret

HEADS = Heads(sender=ManifestHash(b"\x11" * 32), recipient=ManifestHash(b"\x22" * 32))
FIRST, SECOND = DeviceId(b"A" * 16), DeviceId(b"B" * 16)


class Tape:
    """Randomness of one of our sides; what it hands out is recorded for the oracle's side."""

    def __init__(self, book: KemBook, owner_of: dict[bytes, bytes]) -> None:
        self.book = book
        self.owner_of = owner_of  # KEM public key -> the X25519 key that came with it
        self.oracle: OracleSide | None = None
        self._pending: list[bytes] = []

    def random(self, size_bytes: int, /) -> bytes:
        drawn = RANDOM.random(size_bytes)
        if size_bytes == 24:
            assert self.oracle is not None
            self.oracle.nonces.append(drawn)
        else:
            self._pending.append(drawn)
        return drawn

    def encapsulate(self, key: KemKey, /) -> tuple[KemCiphertext, KemSecret]:
        ciphertext, secret = RANDOM.encapsulate(key)
        scalar, seed = self._pending
        self._pending = []
        public = public_of(scalar)
        self.book.seeds[public] = seed
        self.book.sent[public] = (self.owner_of[key.raw], ciphertext.raw)
        self.owner_of[kems.KemKeyPair(KemSeed(seed)).public.raw] = public
        assert self.oracle is not None
        self.oracle.ratchet_secrets.append(scalar)
        return ciphertext, secret


class Both:
    """A conversation that we and the oracle hold at the same time, from one tape."""

    def __init__(self) -> None:
        root, header_key, answer_key = (RANDOM.random(32) for _ in range(3))
        self.book, owner_of = KemBook(), {}
        prekey = dh.generate_ratchet_pair(RANDOM)
        kem = kems.KemKeyPair(KemSeed(RANDOM.random(64)))
        self.book.seeds[prekey.public.raw] = kem.seed.raw
        owner_of[kem.public.raw] = prekey.public.raw
        self.tapes = [Tape(self.book, owner_of) for _ in range(2)]
        heads = HEADS.sender + HEADS.recipient
        self.oracles = [
            OracleSide(self.book, own_id=FIRST, peer_id=SECOND, header_key=header_key, heads=heads),
            OracleSide(self.book, own_id=SECOND, peer_id=FIRST, header_key=answer_key, heads=heads),
        ]
        for tape, oracle in zip(self.tapes, self.oracles, strict=True):
            tape.oracle = oracle
        started = ratchet.start(
            self.tapes[0],
            root=RatchetRoot(root),
            header_key=HeaderKey(header_key),
            next_receiving_header_key=HeaderKey(answer_key),
            peer_key=prekey.public,
            peer_kem=kem.public,
        )
        first = envelope.seal(
            self._session(started, FIRST, SECOND),
            b"first",
            heads=HEADS,
            randomness=self.tapes[0],
        )
        theirs = self.oracles[0].start(root, prekey.public.raw, self._padded(b"first", 4096))
        assert theirs == first.envelope

        tag = LookupTag(first.envelope[:16])
        header = message_part.open_header(
            HeaderKey(header_key), first.envelope[16:], tag=tag, recipient=SECOND
        )
        accepted = ratchet.accept(
            self.tapes[1],
            root=RatchetRoot(root),
            own=prekey,
            own_kem=kem,
            peer_header_key=HeaderKey(header_key),
            header_key=HeaderKey(answer_key),
            header=header,
            now_s=NOW_S,
        )
        content = self.oracles[1].accept(
            root, prekey.secret.raw, oracle_header(header), first.envelope
        )
        assert unpad(content) == b"first"
        self.sessions = [first.session, self._session(accepted.ratchet, SECOND, FIRST)]

    @staticmethod
    def _session(state: ratchet.Ratchet, own: DeviceId, peer: DeviceId) -> Session:
        facts = SessionFacts(
            session_id=SessionId(bytes(16)),
            own_device=own,
            peer_account=AccountId(bytes(16)),
            peer_device=peer,
            initiated_by_us=own == FIRST,
            hello_tag=LookupTag(bytes(16)),
            hello_hash=bytes(32),
            created_at_s=NOW_S,
        )
        return Session(facts=facts, ratchet=state, hello=None, rival=None)

    @staticmethod
    def _padded(content: bytes, bucket: int) -> bytes:
        size = len(content).to_bytes(4, "big")
        return size + content + bytes(bucket - 2476 - len(content))

    def send(self, side: int, content: bytes) -> bytes:
        """Seal on both, require equality, and return the envelope."""
        ours = envelope.seal(self.sessions[side], content, heads=HEADS, randomness=self.tapes[side])
        padded = self._padded(content, len(ours.envelope))
        assert self.oracles[side].seal(padded) == ours.envelope
        self.sessions[side] = ours.session
        return ours.envelope

    def receive(self, side: int, sealed: bytes) -> bytes:
        """Open on both, require equality, and return the content."""
        session = self.sessions[side]
        place = ratchet.locate(session.ratchet, LookupTag(sealed[:16]))
        assert place is not None
        header = message_part.open_header(
            place.header_key,
            sealed[16:],
            tag=LookupTag(sealed[:16]),
            recipient=session.facts.own_device,
        )
        ours = envelope.open_message(session, sealed, randomness=self.tapes[side], now_s=NOW_S)
        theirs = self.oracles[side].open(oracle_header(header), sealed)
        assert unpad(theirs) == ours.content
        self.sessions[side] = ours.session
        return ours.content


def oracle_header(header: Header) -> OracleHeader:
    return OracleHeader(
        ratchet_pub=header.ratchet_key.raw,
        previous_sending_chain_length=header.previous_length,
        sending_chain_length=header.number,
    )


def test_envelopes_equal_the_oracles_under_loss_and_reordering(
    seeded_random: random.Random, soak_rounds: Callable[[int, int], int]
) -> None:
    steps_seen = set()
    for _ in range(soak_rounds(6, 200)):
        both = Both()
        under_way: list[list[bytes]] = [[], []]
        lost: list[tuple[int, bytes]] = []
        opened: list[tuple[int, bytes]] = []
        sent: dict[bytes, bytes] = {}
        for number in range(60):
            side = seeded_random.randrange(2)
            draw = seeded_random.random()
            queue = under_way[side]
            if draw < 0.5:
                content = seeded_random.randbytes(seeded_random.choice((0, 5, 1620, 1621, 20_000)))
                sealed = both.send(side, content)
                sent[sealed[:16]] = content
                under_way[1 - side].append(sealed)
            elif draw < 0.6 and queue:
                lost.append((side, queue.pop(seeded_random.randrange(len(queue)))))
            elif draw < 0.65 and lost:  # found again, long after
                late_side, sealed = lost.pop(seeded_random.randrange(len(lost)))
                under_way[late_side].append(sealed)
            elif queue:
                sealed = queue.pop(seeded_random.randrange(len(queue)))
                assert both.receive(side, sealed) == sent[sealed[:16]], number
                opened.append((side, sealed))
        for side, sealed in opened:
            with pytest.raises(CryptoError):
                envelope.open_message(both.sessions[side], sealed, randomness=RANDOM, now_s=NOW_S)
        steps_seen.add(len(both.oracles[0].header_keys))
    assert max(steps_seen) > 4
