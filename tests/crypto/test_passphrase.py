"""A key under a passphrase: the same passphrase gives it back, nothing else does."""

from __future__ import annotations

import pickle  # noqa: TID251 - to show that a passphrase refuses it
from dataclasses import replace

import pytest
from nacl.pwhash import argon2id

from restante.crypto.keys import ProfileKey
from restante.crypto.passphrase import (
    MAX_BYTES,
    MODERATE,
    MOST_MEMORY_BYTES,
    MOST_PASSES,
    SALT_BYTES,
    SEALED_KEY_BYTES,
    Passphrase,
    PassphraseError,
    SealedKey,
    Stretching,
    TooDearError,
    open_profile_key,
    seal_profile_key,
)
from restante.crypto.randomness import SystemRandomness
from restante.errors import CryptoError

CHEAP = Stretching(passes=1, memory_bytes=argon2id.MEMLIMIT_MIN)
KEY = ProfileKey(bytes(range(32)))
RANDOM = SystemRandomness()


def sealed(text: str = "three small owls") -> SealedKey:
    return seal_profile_key(KEY, Passphrase(text), CHEAP, randomness=RANDOM)


def test_the_passphrase_gives_the_key_back_and_another_does_not() -> None:
    kept = sealed()
    assert open_profile_key(kept, Passphrase("three small owls")) == KEY
    for other in ("three small owl", "Three small owls", "three small owls ", "x"):
        with pytest.raises(CryptoError):
            open_profile_key(kept, Passphrase(other))


def test_one_passphrase_in_two_unicode_forms_is_one() -> None:
    kept = sealed("K\u00f6nigin")
    assert open_profile_key(kept, Passphrase("Ko\u0308nigin")) == KEY


def test_everything_beside_the_sealed_key_is_part_of_it() -> None:
    kept = sealed()
    changed = [
        replace(kept, salt=bytes(SALT_BYTES)),
        replace(kept, stretching=replace(CHEAP, passes=2)),
        replace(kept, stretching=replace(CHEAP, memory_bytes=CHEAP.memory_bytes + 1024)),
        *(
            replace(kept, sealed=bytes(byte ^ (at == i) for i, byte in enumerate(kept.sealed)))
            for at in range(SEALED_KEY_BYTES)
        ),
        replace(kept, salt=b""),
        replace(kept, sealed=kept.sealed[:-1]),
    ]
    for each in changed:
        with pytest.raises(CryptoError):
            open_profile_key(each, Passphrase("three small owls"))


def test_the_memory_that_is_named_is_part_of_it_where_it_changes_nothing_else() -> None:
    """Argon2 counts memory in KiB: the bytes below are bound by the seal alone."""
    kept = sealed()
    other = replace(kept, stretching=replace(CHEAP, memory_bytes=CHEAP.memory_bytes + 1))
    with pytest.raises(CryptoError):
        open_profile_key(other, Passphrase("three small owls"))


def test_the_same_twice_shares_no_byte_string() -> None:
    one, two = sealed(), sealed()
    assert one.salt != two.salt
    assert one.sealed != two.sealed


@pytest.mark.parametrize("text", ["", "x" * (MAX_BYTES + 1)])
def test_what_can_be_no_passphrase_is_refused(text: str) -> None:
    with pytest.raises(PassphraseError):
        Passphrase(text)


@pytest.mark.parametrize(
    ("passes", "memory_bytes"),
    [
        (0, 8192),
        (MOST_PASSES + 1, 8192),
        (1, 8191),
        (1, MOST_MEMORY_BYTES + 1),
        (-1, -1),
    ],
)
def test_a_file_may_not_ask_for_everything(passes: int, memory_bytes: int) -> None:
    with pytest.raises(CryptoError):
        Stretching(passes=passes, memory_bytes=memory_bytes)


def test_memory_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_args: object, **_options: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(argon2id, "kdf", refuses)  # the library's, which asks the system
    with pytest.raises(TooDearError):
        sealed()


def test_what_is_used_is_dear_enough() -> None:
    assert Stretching(passes=3, memory_bytes=256 * 1024**2) == MODERATE


def test_nothing_shows_a_passphrase() -> None:
    secret = Passphrase("three small owls")
    for shown in (repr(secret), str(secret), f"{secret}", repr([secret])):
        assert "owls" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
