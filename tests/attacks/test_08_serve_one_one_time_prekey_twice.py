"""Attack 8: the relay gives one one-time prekey to two people, or replays a hello made with it.

Held by: its secret is erased with the first hello that opens, so the second can't be opened, and
a hello that names a one-time prekey doesn't open without it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.crypto import envelope
from restante.errors import CryptoError
from restante.protocol.manifest import PrekeyKind
from tests.crypto.endpoint import Endpoint
from tests.crypto.people import a_person, begin, open_hello, seal


def test_the_second_hello_by_one_one_time_prekey_is_refused() -> None:
    alice, bob, carol = a_person("alice"), a_person("bob"), a_person("carol")
    bundle = bob.bundle()
    first = seal(begin(alice, bob, bundle=bundle), b"first").envelope
    second = seal(begin(carol, bob, bundle=bundle), b"second").envelope
    end = Endpoint(bob, alice)
    assert end.receive(first)
    with pytest.raises(CryptoError):
        end.receive(second)
    assert (end.contents, end.sessions_opened) == ([b"first"], 1)


def test_what_is_erased_is_what_was_used_once_and_nothing_else() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    hello = seal(begin(alice, bob), b"hello").envelope
    references = envelope.hello_references(hello, bob.device.device_id)
    assert references is not None
    before = dict(bob.prekeys)
    bob.erase_one_time(references)
    gone = before.keys() - bob.prekeys.keys()
    assert gone == {references.one_time_id, references.kem_prekey_id}
    assert {before[number].kind for number in gone} == {
        PrekeyKind.ONE_TIME,
        PrekeyKind.KEM_ONE_TIME,
    }

    hello = seal(begin(alice, bob, bundle=bob.bundle(one_time=False)), b"hello").envelope
    references = envelope.hello_references(hello, bob.device.device_id)
    assert references is not None
    before = dict(bob.prekeys)
    bob.erase_one_time(references)
    assert bob.prekeys == before


def test_a_hello_does_not_open_without_the_one_time_prekey_it_names() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    hello = seal(begin(alice, bob), b"hello").envelope
    references = envelope.hello_references(hello, bob.device.device_id)
    assert references is not None
    secrets = bob.secrets_for(references)
    with pytest.raises(CryptoError):
        open_hello(bob, hello, secrets=replace(secrets, one_time=None))
