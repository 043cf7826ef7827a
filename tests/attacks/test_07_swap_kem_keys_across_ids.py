"""Attack 7: the relay swaps two true KEM prekeys under each other's ids.

Held by: the id is part of what is signed, and of the transcript that the session's keys derive
from.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from restante.crypto import envelope
from restante.crypto.signatures import verify_bundle, verify_prekey
from restante.errors import CryptoError
from restante.protocol.manifest import PrekeyKind
from tests.crypto.people import NOW_S, a_person, begin, open_hello, seal


def test_a_prekey_under_another_id_is_refused() -> None:
    bob = a_person("bob")
    one, other = (
        prekey.public for prekey in bob.prekeys.values() if prekey.kind == PrekeyKind.KEM_ONE_TIME
    )
    swapped = msgspec.structs.replace(other, id=one.id)
    with pytest.raises(CryptoError):
        verify_prekey(swapped, bob.device.key)
    with pytest.raises(CryptoError):
        verify_bundle(msgspec.structs.replace(bob.bundle(), kem=swapped), now_s=NOW_S)


def test_a_hello_opens_only_with_the_prekey_that_its_id_names() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    hello = seal(begin(alice, bob), b"hello").envelope
    references = envelope.hello_references(hello, bob.device.device_id)
    assert references is not None
    secrets = bob.secrets_for(references)
    other = next(
        prekey_id
        for prekey_id, prekey in bob.prekeys.items()
        if prekey.kind == PrekeyKind.KEM_ONE_TIME and prekey_id != references.kem_prekey_id
    )
    swapped = bob.secrets_for(replace(references, kem_prekey_id=other))
    assert swapped.kem != secrets.kem
    with pytest.raises(CryptoError):
        open_hello(bob, hello, secrets=swapped)
    assert open_hello(bob, hello, secrets=secrets)[1].content == b"hello"
