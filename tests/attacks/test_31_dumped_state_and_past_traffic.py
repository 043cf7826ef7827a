"""Attack 31: a thief copies a device's state, having recorded all traffic before.

Held by: chains go forward by a one-way function, and used keys are not kept.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.crypto import envelope, kdf
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import KemSeed
from restante.crypto.stored_session import serialise
from restante.errors import CryptoError
from tests.crypto.people import RANDOM, a_person, begin, meet, open_hello, open_message, seal


def test_a_state_opens_nothing_that_it_has_opened() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    past = []
    for turn in range(3):
        for number in range(3):
            sealed = seal(alices, b"%d in turn %d" % (number, turn))
            past.append(sealed.envelope)
            alices, bobs = sealed.session, open_message(bobs, sealed.envelope).session
        answer = seal(bobs, b"answer")
        alices, bobs = open_message(alices, answer.envelope).session, answer.session
    for recorded in past:
        with pytest.raises(CryptoError):
            open_message(bobs, recorded)


def test_a_state_turned_back_by_hand_still_opens_nothing() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    past = []
    for number in range(4):
        sealed = seal(alices, b"%d" % number)
        past.append(sealed.envelope)
        alices, bobs = sealed.session, open_message(bobs, sealed.envelope).session
    receiving = bobs.ratchet.receiving
    assert receiving is not None
    for number in range(4):
        turned = replace(receiving, number=number)
        state = replace(bobs, ratchet=replace(bobs.ratchet, receiving=turned))
        with pytest.raises(CryptoError):
            open_message(state, past[number])


def test_no_used_message_key_is_in_the_stored_state() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    used = []
    for _ in range(3):
        used.append(kdf.chain_step(alices.ratchet.sending.key)[1])
        used_chain = alices.ratchet.sending.key
        sealed = seal(alices, b"")
        alices, bobs = sealed.session, open_message(bobs, sealed.envelope).session
        for stored in (serialise(alices), serialise(bobs)):
            assert all(key.raw not in stored for key in used)
            assert used_chain.raw not in stored


def test_a_recorded_hello_is_closed_to_who_steals_the_device_later() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), b"secret").envelope
    references = envelope.hello_references(sealed, bob.device.device_id)
    assert references is not None
    before = bob.secrets_for(references)
    open_hello(bob, sealed)
    bob.erase_one_time(references)  # what is stolen now has the reusable secrets only
    with pytest.raises(KeyError):
        bob.secrets_for(references)
    fresh = KemKeyPair(KemSeed(RANDOM.random(64)))
    for guess in (replace(before, kem=fresh), replace(before, one_time=before.signed)):
        with pytest.raises(CryptoError):
            open_hello(bob, sealed, secrets=guess)
