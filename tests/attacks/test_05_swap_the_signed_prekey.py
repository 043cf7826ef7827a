"""Attack 5: the relay hands out a signed prekey of its own, to sit between the two.

Held by: every prekey is signed by the device that the account's manifest lists.
"""

from __future__ import annotations

import msgspec
import pytest

from restante.crypto.signatures import verify_bundle
from restante.errors import CryptoError
from restante.protocol.manifest import PrekeyKind
from tests.crypto.people import NOW_S, a_person, begin


def test_no_prekey_can_be_replaced_by_another_devices() -> None:
    alice, bob, mallory = a_person("alice"), a_person("bob"), a_person("mallory")
    good, bad = bob.bundle(), mallory.bundle()
    change = msgspec.structs.replace
    for field in ("signed", "kem", "one_time"):
        ours, theirs = getattr(good, field), getattr(bad, field)
        for swapped in (theirs, change(ours, key=theirs.key)):
            bundle = change(good, **{field: swapped})
            with pytest.raises(CryptoError):
                begin(alice, bob, bundle=bundle)


def test_a_whole_bundle_of_an_unlisted_device_is_refused() -> None:
    alice, bob, mallory = a_person("alice"), a_person("bob"), a_person("mallory")
    verify_bundle(mallory.bundle(), now_s=NOW_S)  # in itself it is sound
    with pytest.raises(CryptoError):
        begin(alice, bob, bundle=mallory.bundle())


def test_the_prekeys_are_those_that_were_signed() -> None:
    bob = a_person("bob")
    signed = bob.prekey(PrekeyKind.SIGNED)
    assert signed is not None
    assert verify_bundle(bob.bundle(), now_s=NOW_S).signed.raw == signed.public.key
