"""Attack 10: the relay hands out prekeys whose secrets should be gone by now.

Held by: the expiry is signed with the key, and whoever begins a session compares it.
"""

from __future__ import annotations

import msgspec
import pytest

from restante.crypto import own_keys
from restante.errors import CryptoError
from tests.crypto.people import NOW_S, a_person, begin


def test_an_expired_prekey_begins_no_session() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    begin(alice, bob, now_s=NOW_S + own_keys.PREKEY_TTL_S - 1)
    with pytest.raises(CryptoError):
        begin(alice, bob, now_s=NOW_S + own_keys.PREKEY_TTL_S)


def test_nobody_but_the_device_prolongs_a_prekey() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    bundle = bob.bundle()
    for field in ("signed", "kem", "one_time"):
        prolonged = msgspec.structs.replace(getattr(bundle, field), expires_at_s=2**40)
        with pytest.raises(CryptoError):
            begin(alice, bob, bundle=msgspec.structs.replace(bundle, **{field: prolonged}))
