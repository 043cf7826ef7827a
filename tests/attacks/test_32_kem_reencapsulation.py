"""Attack 32: who knows a KEM secret encapsulates it again, to another of the recipient's keys, so
that the two sides disagree about which key protected them.

Held by: the KEM key, its id and the ciphertext are in the transcript, so nothing rests on the KEM
binding its secret to its key.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from restante.crypto import envelope
from restante.crypto.kem import KemKeyPair
from restante.crypto.keys import KemCiphertext, KemKey, KemSecret, KemSeed
from restante.errors import CryptoError
from tests.crypto.people import RANDOM, a_person, begin, open_hello, seal


class Unbinding(KemKeyPair):
    """A KEM pair that yields another pair's secret: the worst that re-encapsulation could do."""

    __slots__ = ("_public_shown", "_true")

    def __init__(self, true: KemKeyPair, shown: KemKey) -> None:
        super().__init__(KemSeed(bytes(64)))
        object.__setattr__(self, "_true", true)
        object.__setattr__(self, "_public_shown", shown)

    @property
    def public(self) -> KemKey:
        return self._public_shown  # type: ignore[attr-defined,no-any-return]

    def decapsulate(self, ciphertext: KemCiphertext) -> KemSecret:
        return self._true.decapsulate(ciphertext)  # type: ignore[attr-defined,no-any-return]


def test_the_same_secret_under_another_key_opens_nothing() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), b"hello").envelope
    references = envelope.hello_references(sealed, bob.device.device_id)
    assert references is not None
    secrets = bob.secrets_for(references)
    same = Unbinding(secrets.kem, secrets.kem.public)
    assert open_hello(bob, sealed, secrets=replace(secrets, kem=same))[1].content == b"hello"

    other = KemKeyPair(KemSeed(RANDOM.random(64))).public
    with pytest.raises(CryptoError):
        open_hello(bob, sealed, secrets=replace(secrets, kem=Unbinding(secrets.kem, other)))
