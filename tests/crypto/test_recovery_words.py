"""The 24 words of a recovery kit: they give the root secret back, or say which word is wrong."""

from __future__ import annotations

import hashlib

import pytest

from restante.crypto import signing
from restante.crypto.keys import RootSigningKey
from restante.crypto.recovery_words import (
    WORDS,
    RecoveryWordsError,
    _list,
    from_words,
    to_words,
)
from tests.crypto.people import RANDOM

# BIP-39's own vectors for 256 bits (trezor/python-mnemonic, vectors.json).
KNOWN = {
    "00" * 32: "abandon " * 23 + "art",
    "7f" * 32: "legal winner thank year wave sausage worth useful " * 2
    + "legal winner thank year wave sausage worth title",
    "80" * 32: "letter advice cage absurd amount doctor acoustic avoid " * 2
    + "letter advice cage absurd amount doctor acoustic bless",
    "ff" * 32: "zoo " * 23 + "vote",
    "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c": (
        "hamster diagram private dutch cause delay private meat slide toddler razor book happy "
        "fancy gospel tennis maple dilemma loan word shrug inflict delay length"
    ),
}


@pytest.mark.parametrize(("secret", "words"), KNOWN.items())
def test_words_are_those_of_the_published_vectors(secret: str, words: str) -> None:
    root = RootSigningKey(bytes.fromhex(secret))
    assert " ".join(to_words(root)) == words.strip()
    assert from_words(words) == root


def test_the_list_is_the_published_one() -> None:
    listed = "".join(f"{word}\n" for word in _list().wordlist)
    assert hashlib.sha256(listed.encode()).hexdigest() == (
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    )
    assert len({word[:4] for word in _list().wordlist}) == 2048


def test_any_secret_reads_back_and_is_the_same_account() -> None:
    for _ in range(50):
        root = RootSigningKey(RANDOM.random(32))
        words = to_words(root)
        assert len(words) == WORDS
        again = from_words(" ".join(words))
        assert signing.root_key(again) == signing.root_key(root)


def test_words_may_be_typed_as_people_type() -> None:
    root = RootSigningKey(RANDOM.random(32))
    words = to_words(root)
    numbered = "\n".join(f"{number:2}. {word}" for number, word in enumerate(words, 1))
    for text in (
        numbered,
        " ".join(words).upper(),
        ", ".join(words) + ".",
        "\t".join(word[:4] for word in words),
        f"  {words[0]}\u3000" + "\r\n".join(words[1:]),
    ):
        assert from_words(text) == root


@pytest.mark.parametrize("place", [1, 7, 24])
def test_a_wrong_word_is_named_with_its_place(place: int) -> None:
    words = ["abandon"] * 23 + ["art"]
    words[place - 1] = "abbandon"
    with pytest.raises(RecoveryWordsError, match="Did you mean 'abandon'") as caught:
        from_words(" ".join(words))
    assert caught.value.place == place
    assert f"Word {place}, 'abbandon'," in str(caught.value)


def test_a_word_like_no_other_is_named_in_short_and_without_a_guess() -> None:
    words = ["abandon"] * 23 + ["q" * 5000]
    with pytest.raises(RecoveryWordsError, match="Compare it with what") as caught:
        from_words(" ".join(words))
    assert len(str(caught.value)) < 100
    for hostile in ("\x1b[31m" * 24, "\u202eabandon " * 24, "\ud800" * 24, "\u00e4b " * 24):
        with pytest.raises(RecoveryWordsError) as caught:
            from_words(hostile)
        assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("number", [0, 1, 23, 25, 48])
def test_another_number_of_words_is_refused(number: int) -> None:
    with pytest.raises(RecoveryWordsError, match=f"These are {number} words") as caught:
        from_words("abandon " * number)
    assert caught.value.place is None


def test_the_checksum_finds_a_wrong_and_a_swapped_word() -> None:
    root = RootSigningKey(bytes(range(32)))
    words = list(to_words(root))
    swapped = [words[1], words[0], *words[2:]]
    replaced = [*words[:-1], "zoo"]
    for wrong in (swapped, replaced):
        assert wrong != words
        with pytest.raises(RecoveryWordsError, match="changed places"):
            from_words(" ".join(wrong))


def test_a_secret_is_not_shown_by_an_error_about_its_words() -> None:
    words = list(to_words(RootSigningKey(bytes(range(32)))))
    words[11] = "nonsense"
    with pytest.raises(RecoveryWordsError) as caught:
        from_words(" ".join(words))
    assert not any(word in str(caught.value) for word in set(words) - {"nonsense", "word"})
