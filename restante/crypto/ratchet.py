"""The Double Ratchet with header encryption, and ML-KEM-768 in every DH step.

A state is a frozen value: sending and receiving return a new one, so a message that turns out to
be forged leaves no trace. Names of the specification: root (RK), own (DHs), sending (CKs, HKs, Ns),
receiving (CKr, HKr, Nr), previous_length (PN), next_*_header_key (NHKs, NHKr), skipped (MKSKIPPED).

Rule: keys and headers only; envelopes, identities and storage are unknown here.
Source: Double Ratchet, revision 4, sections 3 to 5. Spec: docs/cryptography.md, section 6.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from restante.crypto import dh, kdf, skipped
from restante.crypto.chain import ReceivingChain, SendingChain
from restante.crypto.header import Header, Heads
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import KemSeed
from restante.crypto.limits import MAX_SKIP
from restante.crypto.tags import expected_numbers, tag
from restante.errors import CryptoError
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.dh import RatchetKeyPair
    from restante.crypto.keys import (
        ChainKey,
        HeaderKey,
        KemCiphertext,
        KemKey,
        MessageKey,
        RatchetKey,
        RatchetRoot,
    )
    from restante.crypto.randomness import Randomness
    from restante.crypto.skipped import SkippedChain
    from restante.protocol.ids import LookupTag


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStep:
    """Our half of a DH step, repeated in every header of the chain that it began."""

    pair: RatchetKeyPair
    kem: KemKeyPair
    kem_ciphertext: KemCiphertext


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """The whole state of one session's ratchet."""

    root: RatchetRoot
    own: OwnStep
    sending: SendingChain
    previous_length: int
    next_sending_header_key: HeaderKey
    receiving: ReceivingChain | None
    next_receiving_header_key: HeaderKey
    skipped: tuple[SkippedChain, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message belongs: its header's key, its number, and the skipped chain if it is one.

    `begins_chain` says that the key is the next one: the peer made a DH step.
    """

    header_key: HeaderKey
    number: int
    skipped_index: int | None = None
    begins_chain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """A state after one received message, its key, and how many messages it left missing."""

    ratchet: Ratchet
    message: MessageKey
    newly_missing: int


def start(
    randomness: Randomness,
    *,
    root: RatchetRoot,
    header_key: HeaderKey,
    next_receiving_header_key: HeaderKey,
    peer_key: RatchetKey,
    peer_kem: KemKey,
) -> Ratchet:
    """Begin as the initiator: step at once against the peer's prekeys.

    Source: Double Ratchet, section 4.3, RatchetInitAliceHE. Raises CryptoError for bad peer keys.
    """
    step = _step_to_send(randomness, root, peer_key, peer_kem)
    return Ratchet(
        root=step.root,
        own=step.own,
        sending=SendingChain(key=step.chain, header_key=header_key, number=0),
        previous_length=0,
        next_sending_header_key=step.next_header_key,
        receiving=None,
        next_receiving_header_key=next_receiving_header_key,
        skipped=(),
    )


def accept(
    randomness: Randomness,
    *,
    root: RatchetRoot,
    own: RatchetKeyPair,
    own_kem: KemKeyPair,
    peer_header_key: HeaderKey,
    header_key: HeaderKey,
    header: Header,
    now_s: int,
) -> Advanced:
    """Begin as the responder, with the first header that arrived (of any number up to 1000).

    `own` and `own_kem` are the prekeys that the initiator used; `peer_header_key` opened `header`.
    Source: Double Ratchet, section 4.3, RatchetInitBobHE and DHRatchetHE. Raises CryptoError.
    """
    if header.number > MAX_SKIP:
        raise CryptoError("a message lies too far ahead")
    receiving, middle, next_receiving = _step_to_receive(
        root, own, own_kem, header, header_key=peer_header_key
    )
    receiving, missing = receiving.skip(header.number)
    receiving, message = receiving.step()
    step = _step_to_send(randomness, middle, header.ratchet_key, header.kem_key)
    ratchet = Ratchet(
        root=step.root,
        own=step.own,
        sending=SendingChain(key=step.chain, header_key=header_key, number=0),
        previous_length=0,
        next_sending_header_key=step.next_header_key,
        receiving=receiving,
        next_receiving_header_key=next_receiving,
        skipped=skipped.keep((), peer_header_key, 0, missing, now_s=now_s),
    )
    return Advanced(ratchet=ratchet, message=message, newly_missing=header.number)


def send(ratchet: Ratchet, heads: Heads) -> tuple[Ratchet, Header, MessageKey]:
    """Take the next key of the sending chain, and the header that goes with it.

    The header is to be sealed under `ratchet.sending.header_key`, which stays. Raises CryptoError
    when the chain is used up.
    """
    sending, message = ratchet.sending.step()
    header = Header(
        ratchet_key=ratchet.own.pair.public,
        kem_key=ratchet.own.kem.public,
        kem_ciphertext=ratchet.own.kem_ciphertext,
        previous_length=ratchet.previous_length,
        number=ratchet.sending.number,
        heads=heads,
    )
    following = Ratchet(
        root=ratchet.root,
        own=ratchet.own,
        sending=sending,
        previous_length=ratchet.previous_length,
        next_sending_header_key=ratchet.next_sending_header_key,
        receiving=ratchet.receiving,
        next_receiving_header_key=ratchet.next_receiving_header_key,
        skipped=ratchet.skipped,
    )
    return following, header, message


def locate(ratchet: Ratchet, wanted: LookupTag) -> Place | None:
    """Find the place of `wanted` among the expected tags, or None.

    A message in order costs one tag; at most 5 look-ups and two windows of tags are computed.
    """
    for index, chain in enumerate(ratchet.skipped):
        if wanted in chain.keys:
            return Place(
                header_key=chain.header_key,
                number=chain.keys[wanted].number,
                skipped_index=index,
            )
    windows = [(ratchet.next_receiving_header_key, 0, True)]
    if ratchet.receiving is not None:
        windows.insert(0, (ratchet.receiving.header_key, ratchet.receiving.number, False))
    further = (
        (key, number, begins)
        for key, first, begins in windows
        for number in expected_numbers(first)[1:]
    )
    for key, number, begins in itertools.chain(windows, further):
        if tag(key, number) == wanted:
            return Place(header_key=key, number=number, begins_chain=begins)
    return None


def place_in_known_chain(ratchet: Ratchet, header_key: HeaderKey, number: int) -> Place | None:
    """Find the place of message `number` of a chain that is already being received, or None."""
    receiving = ratchet.receiving
    if receiving is not None and receiving.header_key == header_key and number >= receiving.number:
        return Place(header_key=header_key, number=number)
    wanted = tag(header_key, number)
    for index, chain in enumerate(ratchet.skipped):
        if wanted in chain.keys:
            return Place(header_key=header_key, number=number, skipped_index=index)
    return None


def known_header_keys(ratchet: Ratchet) -> list[HeaderKey]:
    """Return the header keys of the chains being received, newest first."""
    keys = [chain.header_key for chain in reversed(ratchet.skipped)]
    receiving = ratchet.receiving
    if receiving is not None and (not keys or keys[0] != receiving.header_key):
        keys.insert(0, receiving.header_key)
    return keys


def forget_expired(ratchet: Ratchet, *, now_s: int) -> Ratchet:
    """Return the state without skipped keys older than 30 days; itself if there are none."""
    kept = skipped.expire(ratchet.skipped, now_s=now_s)
    return ratchet if kept is ratchet.skipped else replace(ratchet, skipped=kept)


def receive(
    randomness: Randomness, ratchet: Ratchet, place: Place, header: Header, *, now_s: int
) -> Advanced:
    """Take the key of the message at `place`, whose opened header is `header`.

    `place` was found in this very state. The returned state is to be kept only once the body
    opens. Raises CryptoError if the header is not the one of that place, lies too far ahead, or
    carries bad keys. Source: Double Ratchet, section 4.4, RatchetDecryptHE.
    """
    if header.number != place.number:
        raise CryptoError("a header and its tag disagree")
    if place.skipped_index is not None:
        wanted = tag(place.header_key, place.number)
        kept, message = skipped.take(ratchet.skipped, place.skipped_index, wanted)
        return Advanced(ratchet=replace(ratchet, skipped=kept), message=message, newly_missing=0)
    if place.begins_chain or ratchet.receiving is None:
        return _receive_new_chain(randomness, ratchet, header, now_s=now_s)
    return _receive_in_chain(ratchet, ratchet.receiving, header.number, now_s=now_s)


def _receive_in_chain(
    ratchet: Ratchet, receiving: ReceivingChain, number: int, *, now_s: int
) -> Advanced:
    gap = number - receiving.number
    if gap > MAX_SKIP:
        raise CryptoError("a message lies too far ahead")
    kept = ratchet.skipped
    if gap:
        first = receiving.number
        receiving, missing = receiving.skip(gap)
        kept = skipped.keep(kept, receiving.header_key, first, missing, now_s=now_s)
    receiving, message = receiving.step()
    following = Ratchet(
        root=ratchet.root,
        own=ratchet.own,
        sending=ratchet.sending,
        previous_length=ratchet.previous_length,
        next_sending_header_key=ratchet.next_sending_header_key,
        receiving=receiving,
        next_receiving_header_key=ratchet.next_receiving_header_key,
        skipped=kept,
    )
    return Advanced(ratchet=following, message=message, newly_missing=gap)


def _receive_new_chain(
    randomness: Randomness, ratchet: Ratchet, header: Header, *, now_s: int
) -> Advanced:
    """Do a whole DH step: end the peer's old chain, begin its new one and our own next one."""
    if header.number > MAX_SKIP:
        raise CryptoError("a message lies too far ahead")
    kept, ended, left_behind = ratchet.skipped, ratchet.receiving, 0
    if ended is not None:
        left_behind = max(header.previous_length - ended.number, 0)
        # A chain's tail may be longer than what one message may skip: then its beginning is kept.
        _, missing = ended.skip(min(left_behind, MAX_SKIP - header.number))
        kept = skipped.keep(kept, ended.header_key, ended.number, missing, now_s=now_s)
    receiving, middle, next_receiving = _step_to_receive(
        ratchet.root,
        ratchet.own.pair,
        ratchet.own.kem,
        header,
        header_key=ratchet.next_receiving_header_key,
    )
    receiving, missing = receiving.skip(header.number)
    kept = skipped.keep(kept, receiving.header_key, 0, missing, now_s=now_s)
    receiving, message = receiving.step()
    step = _step_to_send(randomness, middle, header.ratchet_key, header.kem_key)
    following = Ratchet(
        root=step.root,
        own=step.own,
        sending=SendingChain(key=step.chain, header_key=ratchet.next_sending_header_key, number=0),
        previous_length=ratchet.sending.number,
        next_sending_header_key=step.next_header_key,
        receiving=receiving,
        next_receiving_header_key=next_receiving,
        skipped=kept,
    )
    return Advanced(ratchet=following, message=message, newly_missing=left_behind + header.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SendStep:
    root: RatchetRoot
    own: OwnStep
    chain: ChainKey
    next_header_key: HeaderKey


def _step_to_send(
    randomness: Randomness, root: RatchetRoot, peer_key: RatchetKey, peer_kem: KemKey
) -> _SendStep:
    pair = dh.generate_ratchet_pair(randomness)
    kem = KemKeyPair(KemSeed(randomness.random(KemSeed.SIZE)))
    ciphertext, secret = randomness.encapsulate(peer_kem)
    root, chain, next_header_key = kdf.root_step(root, dh.agree(pair.secret, peer_key), secret)
    own = OwnStep(pair=pair, kem=kem, kem_ciphertext=ciphertext)
    return _SendStep(root=root, own=own, chain=chain, next_header_key=next_header_key)


def _step_to_receive(
    root: RatchetRoot,
    own: RatchetKeyPair,
    own_kem: KemKeyPair,
    header: Header,
    *,
    header_key: HeaderKey,
) -> tuple[ReceivingChain, RatchetRoot, HeaderKey]:
    agreement = dh.agree(own.secret, header.ratchet_key)
    secret = own_kem.decapsulate(header.kem_ciphertext)
    root, chain, next_header_key = kdf.root_step(root, agreement, secret)
    return ReceivingChain(key=chain, header_key=header_key, number=0), root, next_header_key
