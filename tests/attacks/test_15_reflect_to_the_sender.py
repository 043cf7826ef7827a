"""Attack 15: the relay delivers somebody's own envelope back, as if it came from the peer.

Held by: the two directions have different header keys, and a hello's tag names its recipient.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.crypto import envelope
from restante.errors import CryptoError
from tests.crypto.people import a_person, begin, meet, open_hello, open_message, seal


def test_a_message_means_nothing_to_its_sender() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    for session in (alices, bobs):
        sealed = seal(session, b"mine")
        for state in (session, sealed.session):
            assert sealed.envelope[:16] not in state.expected_tags()
            with pytest.raises(CryptoError):
                open_message(state, sealed.envelope)


def test_a_hello_is_none_for_its_sender() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), b"hello")
    assert envelope.hello_references(sealed.envelope, alice.device.device_id) is None
    assert sealed.envelope[:16] not in sealed.session.expected_tags()
    with pytest.raises(CryptoError):
        open_message(sealed.session, sealed.envelope)


def test_a_device_begins_no_session_with_itself() -> None:
    alice, mallory = a_person("alice"), a_person("mallory")
    with pytest.raises(CryptoError):
        begin(alice, alice)
    device = replace(mallory.device, key=alice.device.key)
    posing = replace(mallory, manifest=alice.manifest, device=device)
    hello = seal(begin(posing, alice), b"you wrote this yourself").envelope
    with pytest.raises(CryptoError):
        open_hello(alice, hello)
