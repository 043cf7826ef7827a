"""Attack 46: who sees only sizes tells messages, or people, apart.

Held by: an envelope has one of three sizes, whatever it holds; any other is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.errors import CryptoError
from restante.protocol.limits import BUCKETS
from tests.crypto.people import a_person, begin, make_person, meet, open_message, seal

if TYPE_CHECKING:
    import random


def test_every_envelope_has_a_buckets_size(seeded_random: random.Random) -> None:
    alice, bob = a_person("alice"), a_person("bob")
    alices, bobs = meet(alice, bob)
    sizes = [0, 1, 1619, 1620, 1621, 13908, 13909, 63060]
    sizes += [seeded_random.randrange(63060) for _ in range(40)]
    for size_bytes in sizes:
        assert len(seal(alices, bytes(size_bytes)).envelope) in BUCKETS
        assert len(seal(bobs, bytes(size_bytes)).envelope) in BUCKETS
        if size_bytes <= 53696:
            assert len(seal(begin(alice, bob), bytes(size_bytes)).envelope) in BUCKETS[1:]


def test_short_contents_all_have_one_size() -> None:
    alices, _ = meet(a_person("alice"), a_person("bob"))
    assert {len(seal(alices, bytes(size)).envelope) for size in range(0, 1621, 20)} == {4096}


def test_a_hello_does_not_tell_how_long_the_senders_name_is() -> None:
    bob = a_person("bob")
    lengths = {
        len(seal(begin(make_person(name), bob, reply_token=token), b"hello").envelope)
        for name in ("a", "a" * 32)
        for token in (None, b"T" * 16)
    }
    assert lengths == {16384}


def test_an_envelope_of_another_size_is_refused() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    sealed = seal(alices, b"text").envelope
    for wrong in (sealed[:4095], sealed + b"\x00", sealed + bytes(4096)):
        with pytest.raises(CryptoError):
            open_message(bobs, wrong)
