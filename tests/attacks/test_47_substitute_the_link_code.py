"""Attack 47: somebody between the devices shows a code of their own, or changes what passes.

Held by: the digits come from all that both sides said, nonces are committed to before anything of
the other side is known, and the code pins what stands in the first slot.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.crypto import hpke, link_messages, own_keys, signing
from restante.crypto.codes import CodeSecret
from restante.crypto.keys import LinkRevealKey, XWingKey, XWingSeed
from restante.crypto.linking import OldDevice
from restante.errors import CryptoError
from restante.protocol.ids import link_pin
from restante.protocol.linking import LinkAccept, LinkOffer, LinkReveal
from tests.crypto.devices_meeting import a_new_device, listing, meet_device
from tests.crypto.people import RANDOM, a_person


def test_who_sits_between_two_linkings_shows_two_different_numbers() -> None:
    alice = a_person("alice")
    real = a_new_device(alice)
    mallorys = a_new_device(alice, name="laptop")  # its code is what alice's old device reads
    towards_new = OldDevice.open(RANDOM, real.code, real.offer)
    towards_old = OldDevice.open(RANDOM, mallorys.code, mallorys.offer)
    message, seen_by_mallory = mallorys.accept(towards_old.reply(alice.manifest.root))
    _, shown_by_the_new_device = real.accept(towards_new.reply(alice.manifest.root))
    towards_old.reveal(message)
    assert seen_by_mallory != shown_by_the_new_device
    assert not towards_old.confirm(shown_by_the_new_device)


def reveal_key(old: OldDevice) -> LinkRevealKey:
    return old._reveal_key


def test_a_nonce_other_than_the_one_committed_to_is_refused() -> None:
    """Who could choose it once the other side is known would search one that makes digits equal."""
    alice = a_person("alice")
    new = a_new_device(alice)
    old = OldDevice.open(RANDOM, new.code, new.offer)
    acceptance = old.reply(alice.manifest.root)
    transcript = link_messages.transcript(new.code, new.offer, acceptance)
    searched = LinkReveal(
        nonce=RANDOM.random(16),
        signature=signing.sign_link_proof(new._device.signing, transcript),
    )
    sealed = link_messages.seal_reveal(reveal_key(old), searched, randomness=RANDOM)
    with pytest.raises(CryptoError):
        old.reveal(sealed)


def test_another_offer_in_the_first_slot_is_not_what_the_code_pins() -> None:
    alice = a_person("alice")
    new, mallorys = a_new_device(alice), a_new_device(alice)
    secret = CodeSecret(new.code.secret)
    fields = link_messages.open_offer(CodeSecret(mallorys.code.secret), mallorys.offer)
    under_the_same_secret = link_messages.seal_offer(secret, fields, randomness=RANDOM)
    for offer in (mallorys.offer, under_the_same_secret):
        with pytest.raises(CryptoError):
            OldDevice.open(RANDOM, new.code, offer)


def test_who_does_not_know_the_code_answers_nothing() -> None:
    """A relay sees each slot; suppose that it even guessed what stands in the first one."""
    alice = a_person("alice")
    new = a_new_device(alice)
    key = XWingKey(link_messages.open_offer(CodeSecret(new.code.secret), new.offer).xwing_key)
    accept = LinkAccept(
        root_key=a_person("mallory").manifest.root.raw, nonce=bytes(16), secret=bytes(32)
    )
    guessed = replace(new.code, secret=bytes(8))
    with pytest.raises(CryptoError):
        new.accept(link_messages.seal_accept(key, accept, code=guessed, randomness=RANDOM))
    with pytest.raises(CryptoError):
        link_messages.open_offer(CodeSecret(bytes(8)), new.offer)


def test_digits_cover_every_byte_of_what_was_said() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    said = OldDevice.open(RANDOM, new.code, new.offer).reply(alice.manifest.root)
    hashed = {
        link_messages.transcript(code, offer, acceptance)
        for code in (new.code, replace(new.code, secret=bytes(8)), replace(new.code, pin=bytes(16)))
        for offer in (new.offer, new.offer[:-1], new.offer + said[:1])
        for acceptance in (said, said[1:], said[:-1])
    }
    assert len(hashed) == 27


def test_an_acceptance_that_was_swapped_leaves_nothing_to_confirm() -> None:
    """Somebody who has read the code and was faster: the two sides then share no key at all."""
    alice, mallory = a_person("alice"), a_person("mallory")
    new = a_new_device(alice)
    faster = OldDevice.open(RANDOM, new.code, new.offer)
    old = OldDevice.open(RANDOM, new.code, new.offer)
    old.reply(alice.manifest.root)
    message, _ = new.accept(faster.reply(mallory.manifest.root))
    with pytest.raises(CryptoError):
        old.reveal(message)


def test_a_grant_into_an_account_of_somebody_else_is_refused() -> None:
    alice, mallory = a_person("alice"), a_person("mallory")
    new = a_new_device(alice)
    faster, digits = meet_device(mallory, new)
    assert faster.confirm(digits), "the one who has the code may say what he likes"
    granted = faster.grant(listing(mallory, faster.entry), b"")
    with pytest.raises(CryptoError):
        new.finish(granted)


def test_keys_of_somebody_elses_device_cannot_be_offered() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    seed, nonce = XWingSeed(RANDOM.random(32)), RANDOM.random(16)
    mallorys = own_keys.generate_device(RANDOM)
    made = a_new_device(alice).code
    offer = link_messages.seal_offer(
        CodeSecret(made.secret),
        LinkOffer(
            version=1,
            xwing_key=hpke.public_key(seed).raw,
            device=bob.manifest.devices[0].entry,
            commitment=link_messages.commitment(nonce),
            name="laptop",
        ),
        randomness=RANDOM,
    )
    code = replace(made, pin=link_pin(offer))
    old = OldDevice.open(RANDOM, code, offer)
    acceptance = old.reply(alice.manifest.root)
    proof = signing.sign_link_proof(
        mallorys.signing, link_messages.transcript(code, offer, acceptance)
    )
    reveal = LinkReveal(nonce=nonce, signature=proof)
    with pytest.raises(CryptoError):
        old.reveal(link_messages.seal_reveal(reveal_key(old), reveal, randomness=RANDOM))
