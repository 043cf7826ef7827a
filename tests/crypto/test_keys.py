"""Keys are distinct, immutable, and never show their bytes."""

from __future__ import annotations

import copy
import inspect
import pickle  # noqa: TID251 - to show that keys refuse it
from dataclasses import dataclass

import pytest

from restante.crypto import keys
from restante.crypto.keys import (
    ChainKey,
    HeaderKey,
    KemSeed,
    PublicKey,
    RatchetKey,
    RatchetRoot,
    SecretKey,
)
from restante.errors import CryptoError

ALL = [
    kind
    for _, kind in inspect.getmembers(keys, inspect.isclass)
    if issubclass(kind, SecretKey | PublicKey)
]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_no_key_shows_its_bytes(kind: type[SecretKey | PublicKey]) -> None:
    raw = b"A1b2" * (kind.SIZE // 4)
    key = kind(raw)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Holder:
        key: object

    for text in (repr(key), str(key), f"{key}", f"{key!r}", "%s" % key, repr(Holder(key=[key]))):  # noqa: UP031
        assert "A1b2" not in text
        assert raw.hex()[:8] not in text
        assert "redacted" in text


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_key_of_the_wrong_size_or_type_is_refused(kind: type[SecretKey | PublicKey]) -> None:
    for wrong in (b"", bytes(kind.SIZE - 1), bytes(kind.SIZE + 1), bytearray(kind.SIZE), None):
        with pytest.raises(CryptoError):
            kind(wrong)  # type: ignore[arg-type]


def test_keys_of_two_types_are_never_equal() -> None:
    assert ChainKey(bytes(32)) == ChainKey(bytes(32))
    assert ChainKey(bytes(32)) != ChainKey(b"\x01" * 32)
    assert ChainKey(bytes(32)) != HeaderKey(bytes(32))
    assert RatchetRoot(bytes(32)) != bytes(32)


def test_a_key_cannot_be_changed_or_pickled() -> None:
    key = ChainKey(bytes(32))
    with pytest.raises(AttributeError):
        key.raw = b"\x01" * 32
    with pytest.raises(AttributeError):
        del key.raw
    with pytest.raises(TypeError):
        pickle.dumps(key)
    assert copy.copy(key) is key
    assert copy.deepcopy([key])[0] is key


def test_only_public_values_are_hashable() -> None:
    assert len({RatchetKey(bytes(32)), RatchetKey(bytes(32))}) == 1
    with pytest.raises(TypeError):
        hash(KemSeed(bytes(64)))
