"""Attack 13: the relay delivers a message a second time.

Held by: a message key leaves its chain once, and a skipped key is erased when it is used.
"""

from __future__ import annotations

import pytest

from restante.crypto.stored_session import serialise
from restante.errors import CryptoError
from tests.crypto.people import a_person, begin, meet, open_hello, open_message, seal


def test_a_message_in_order_opens_once() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    sealed = seal(alices, b"once").envelope
    bobs = open_message(bobs, sealed).session
    before = serialise(bobs)
    with pytest.raises(CryptoError):
        open_message(bobs, sealed)
    assert serialise(bobs) == before


def test_a_message_that_came_late_opens_once() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    late = seal(alices, b"late")
    early = seal(late.session, b"early")
    bobs = open_message(bobs, early.envelope).session
    bobs = open_message(bobs, late.envelope).session
    for replayed in (late.envelope, early.envelope):
        assert replayed[:16] not in bobs.expected_tags()
        with pytest.raises(CryptoError):
            open_message(bobs, replayed)


def test_a_hello_opens_once() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), b"once").envelope
    bobs = open_hello(bob, sealed)[1].session
    with pytest.raises(CryptoError):
        open_message(bobs, sealed)
