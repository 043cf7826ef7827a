"""Attack 6: a prekey of one kind, with its true signature, is offered as one of another kind.

Held by: the kind is part of what is signed, and each place in a bundle takes certain kinds only.
"""

from __future__ import annotations

import itertools

import msgspec
import pytest

from restante.crypto.signatures import verify_bundle, verify_prekey
from restante.errors import CryptoError
from restante.protocol.manifest import PrekeyBundle, PrekeyKind
from tests.crypto.people import NOW_S, a_person


def test_a_signature_of_one_kind_holds_for_no_other() -> None:
    bob = a_person("bob")
    for kind, other in itertools.permutations(PrekeyKind, 2):
        prekey = bob.prekey(kind)
        assert prekey is not None
        verify_prekey(prekey.public, bob.device.key)
        with pytest.raises(CryptoError):
            verify_prekey(msgspec.structs.replace(prekey.public, kind=int(other)), bob.device.key)


def test_each_place_of_a_bundle_takes_its_kinds_only() -> None:
    bob = a_person("bob")
    by_kind = {kind: bob.prekey(kind) for kind in PrekeyKind}
    for signed, kem, one_time in itertools.product(PrekeyKind, repeat=3):
        keys = [by_kind[kind] for kind in (signed, kem, one_time)]
        assert keys[0] is not None
        assert keys[1] is not None
        assert keys[2] is not None
        bundle = PrekeyBundle(
            signing_key=bob.device.key.raw,
            signed=keys[0].public,
            kem=keys[1].public,
            one_time=keys[2].public,
        )
        is_right = (
            signed == PrekeyKind.SIGNED
            and kem in {PrekeyKind.KEM_ONE_TIME, PrekeyKind.KEM_LAST_RESORT}
            and one_time == PrekeyKind.ONE_TIME
        )
        if is_right:
            verify_bundle(bundle, now_s=NOW_S)
        else:
            with pytest.raises(CryptoError):
                verify_bundle(bundle, now_s=NOW_S)


def test_an_x25519_key_is_no_kem_key_even_if_it_says_so() -> None:
    bob = a_person("bob")
    one_time = bob.prekey(PrekeyKind.ONE_TIME)
    assert one_time is not None
    posing = msgspec.structs.replace(one_time.public, kind=int(PrekeyKind.KEM_ONE_TIME))
    with pytest.raises(CryptoError):
        verify_bundle(msgspec.structs.replace(bob.bundle(), kem=posing), now_s=NOW_S)
