"""Attack 30: a thief copies a device's whole state once, and goes on reading.

Held by: each DH step draws a fresh X25519 pair and a fresh KEM pair, so after one round trip the
copy opens nothing more, in either direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.crypto import kdf, message_part, ratchet
from restante.crypto.stored_session import parse, serialise
from restante.crypto.tags import tag
from restante.errors import CryptoError
from restante.protocol.ids import LookupTag
from tests.crypto.people import a_person, meet, open_message, seal

if TYPE_CHECKING:
    from restante.crypto.session import Session


def reads_what_the_victim_sends(stolen: Session, envelope: bytes) -> bool:
    """Let the thief try every key that the stolen sending side holds or leads to."""
    facts, state = stolen.facts, stolen.ratchet
    wanted, part = LookupTag(envelope[:16]), envelope[16:]
    for header_key in (state.sending.header_key, state.next_sending_header_key):
        if wanted not in {tag(header_key, number) for number in range(100)}:
            continue
        header = message_part.open_header(header_key, part, tag=wanted, recipient=facts.peer_device)
        chain = state.sending.key
        for _ in range(100):
            chain, key = kdf.chain_step(chain)
            try:
                message_part.open_body(
                    key,
                    part,
                    opened=header,
                    tag=wanted,
                    sender=facts.own_device,
                    recipient=facts.peer_device,
                )
            except CryptoError:
                continue
            return True
    return False


def test_a_stolen_state_is_worthless_after_one_round_trip() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    stolen = parse(serialise(bobs))
    last = seal(bobs, b"sent before anything came in")
    assert reads_what_the_victim_sends(stolen, last.envelope)  # the thief holds what Bob held

    question = seal(alices, b"still readable, too")
    thiefs = open_message(stolen, question.envelope).session
    bobs = open_message(last.session, question.envelope).session  # here Bob draws fresh keys

    answer = seal(bobs, b"not readable any more")
    for state in (stolen, thiefs):
        assert not reads_what_the_victim_sends(state, answer.envelope)
    alices = open_message(question.session, answer.envelope).session
    healed = seal(alices, b"nor is this")
    assert ratchet.locate(thiefs.ratchet, LookupTag(healed.envelope[:16])) is not None
    with pytest.raises(CryptoError):  # the header's key was stolen too; the message's wasn't
        open_message(thiefs, healed.envelope)

    bobs = open_message(answer.session, healed.envelope).session
    again = seal(bobs, b"and by now not even a header opens")
    alices = open_message(healed.session, again.envelope).session
    later = seal(alices, b"in either direction")
    for state in (stolen, thiefs):
        assert not reads_what_the_victim_sends(state, again.envelope)
        assert again.envelope[:16] not in {
            tag(key, number)
            for key in (state.ratchet.sending.header_key, state.ratchet.next_sending_header_key)
            for number in range(100)
        }
        assert ratchet.locate(state.ratchet, LookupTag(later.envelope[:16])) is None


def test_no_step_draws_the_same_keys_twice() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    drawn = set()
    for _ in range(3):
        sealed = seal(alices, b"")
        bobs = open_message(bobs, sealed.envelope).session
        answer = seal(bobs, b"")
        alices = open_message(sealed.session, answer.envelope).session
        bobs = answer.session
        for state in (alices.ratchet.own, bobs.ratchet.own):
            drawn |= {state.pair.secret.raw, state.kem.seed.raw, state.kem_ciphertext.raw}
    assert len(drawn) == 3 * 2 * 3
