"""A secret as 24 words: the root secret of a recovery kit, or the key of backups, on paper.

BIP-39 with its English list: 256 bits of secret and 8 of checksum, 11 bits a word. Rule: what is
read back is the secret whole or a sentence that says which word is wrong; no second spelling of a
secret is kept anywhere. The secret is the key itself: nothing is stretched.
Source: BIP-39; list and packing by the `mnemonic` library. Spec: docs/cryptography.md, section 12.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from typing import Final

from mnemonic import Mnemonic

from restante.crypto.keys import BackupKey, RootSigningKey

WORDS: Final = 24
"""256 bits and their checksum."""

_PREFIX_CHARS: Final = 4
"""No two words of the list share their first four letters: those are enough to type."""

_SHOWN_CHARS: Final = 20


class RecoveryWordsError(ValueError):
    """The words are no secret's; the error's text says which is wrong and what to do.

    `place` is the number of the word that isn't in the list, from 1; None if it is not one word.
    """

    def __init__(self, sentence: str, *, place: int | None = None) -> None:
        super().__init__(sentence)
        self.place = place


def to_words(secret: RootSigningKey | BackupKey) -> tuple[str, ...]:
    """Return the 24 words of a secret."""
    return tuple(_list().to_mnemonic(secret.raw).split())


def from_words(text: str) -> RootSigningKey:
    """Read a root secret back from its 24 words, in any case, numbered or not.

    The first four letters of a word will do. Raises RecoveryWordsError with a sentence to show.
    """
    return RootSigningKey(_secret(text))


def backup_key_from_words(text: str) -> BackupKey:
    """Read the key of backups from its 24 words, as `from_words`. Raises RecoveryWordsError."""
    return BackupKey(_secret(text))


def _secret(text: str) -> bytes:
    typed = re.findall(r"[^\W\d_]+", text.lower())
    words = [_find(word, place) for place, word in enumerate(typed, 1)]
    if len(words) != WORDS:
        raise RecoveryWordsError(
            f"These are {len(words)} words, and it takes {WORDS}. "
            "Compare them with what you wrote down: some are missing or written twice."
        )
    try:
        return bytes(_list().to_entropy(words))
    except ValueError:
        raise RecoveryWordsError(
            "Each of these words exists, but together they are no secret: one is another word than "
            "you wrote down, or two have changed places. Compare them one by one."
        ) from None


def _find(typed: str, place: int) -> str:
    word = _by_typing().get(typed)
    if word is not None:
        return word
    near = get_close_matches(typed, _list().wordlist, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "Compare it with what you wrote down."
    raise RecoveryWordsError(
        f"Word {place}, {typed[:_SHOWN_CHARS]!r}, is no recovery word. {hint}", place=place
    )


@cache
def _list() -> Mnemonic:
    return Mnemonic("english")


@cache
def _by_typing() -> dict[str, str]:
    """Map what may be typed, whole words and their first four letters, to the word."""
    words = _list().wordlist
    return {word[:_PREFIX_CHARS]: word for word in words} | {word: word for word in words}
