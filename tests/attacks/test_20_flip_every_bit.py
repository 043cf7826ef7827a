"""Attack 20: the relay changes an envelope, if only by a bit, or cuts it short.

Held by: every byte is authenticated, a repeated hello is compared with the first one, and opening
works on values that are never changed, so that a forgery leaves no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restante.crypto import envelope
from restante.crypto.stored_session import serialise
from restante.errors import CryptoError
from tests.crypto.people import a_person, begin, meet, open_hello, open_message, seal

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def test_every_flipped_bit_of_a_message_is_noticed_and_leaves_no_trace() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    sealed = seal(alices, b"whole").envelope
    before = serialise(bobs)
    for at in range(len(sealed)):
        for bit in range(8):
            with pytest.raises(CryptoError):
                open_message(bobs, flipped(sealed, at, bit))
    assert serialise(bobs) == before
    assert open_message(bobs, sealed).content == b"whole"


def test_a_flipped_bit_anywhere_in_a_hello_is_noticed(
    seeded_random: random.Random, soak_rounds: Callable[[int, int], int]
) -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), b"whole").envelope
    step = 16384 // soak_rounds(600, 16384)
    for at in range(seeded_random.randrange(step), len(sealed), step):
        damaged = flipped(sealed, at, seeded_random.randrange(8))
        if envelope.hello_references(damaged, bob.device.device_id) is not None:
            with pytest.raises(CryptoError):
                open_hello(bob, damaged)
        else:
            assert at < 1148
    assert open_hello(bob, sealed)[1].content == b"whole"


def test_a_flipped_bit_anywhere_in_a_repeated_hello_is_noticed(
    seeded_random: random.Random, soak_rounds: Callable[[int, int], int]
) -> None:
    alice, bob = a_person("alice"), a_person("bob")
    first = seal(begin(alice, bob), b"first")
    second = seal(first.session, b"second").envelope
    bobs = open_hello(bob, first.envelope)[1].session
    before = serialise(bobs)
    step = 16384 // soak_rounds(2048, 16384)
    for at in range(seeded_random.randrange(step), len(second), step):
        with pytest.raises(CryptoError):
            open_message(bobs, flipped(second, at, seeded_random.randrange(8)))
    assert serialise(bobs) == before
    assert open_message(bobs, second).content == b"second"


def test_a_shortened_or_lengthened_envelope_is_refused() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    sealed = seal(alices, b"whole").envelope
    for wrong in (sealed[:-1], sealed + b"\x00", sealed + bytes(16384 - 4096), sealed[:2432]):
        with pytest.raises(CryptoError):
            open_message(bobs, wrong)
