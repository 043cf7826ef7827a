"""Attack 29: who stole Bob's identity key pretends to Bob to be Alice.

Held by: DH1 is made of the sender's identity key and the recipient's *prekey*, so Bob's identity
key is no help, and no session is kept until a message under DH1 opens.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.errors import CryptoError
from tests.crypto.people import Person, a_person, begin, open_hello, seal


def posing_as(victim: Person, thief: Person) -> Person:
    """Return `thief`, who shows the victim's public manifest and device key as his own."""
    device = replace(thief.device, key=victim.device.key, device_id=victim.device.device_id)
    return replace(thief, manifest=victim.manifest, device=device)


def test_nobody_begins_a_session_as_alice_without_her_identity_key() -> None:
    alice, bob, mallory = a_person("alice"), a_person("bob"), a_person("mallory")
    forged = seal(begin(posing_as(alice, mallory), bob), b"it is me, Alice").envelope
    with pytest.raises(CryptoError):
        open_hello(bob, forged)


def test_bobs_own_identity_key_is_no_help_against_bob() -> None:
    alice, bob, mallory = a_person("alice"), a_person("bob"), a_person("mallory")
    thief = replace(mallory, device=replace(mallory.device, identity=bob.device.identity))
    forged = seal(begin(posing_as(alice, thief), bob), b"it is me, Alice").envelope
    with pytest.raises(CryptoError):
        open_hello(bob, forged)


def test_who_introduces_a_device_that_the_manifest_does_not_list_is_refused() -> None:
    alice, bob, mallory = a_person("alice"), a_person("bob"), a_person("mallory")
    with pytest.raises(CryptoError):
        begin(replace(mallory, manifest=alice.manifest), bob)
