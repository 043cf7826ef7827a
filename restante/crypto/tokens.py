"""Delivery tokens: what lets a contact's deposit pass, without saying which contact it is.

An account has 16 *bucket tokens*; each contact gets one of them at random, so a token is no
pseudonym. Rule: the relay sees hashes of tokens until one is spent, and then the token only.
Spec: docs/cryptography.md, section 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.protocol.ids import ID_BYTES, Token
from restante.protocol.limits import BUCKET_TOKENS

if TYPE_CHECKING:
    from restante.crypto.randomness import Randomness


def generate_bucket_tokens(randomness: Randomness) -> tuple[Token, ...]:
    """Draw an account's 16 bucket tokens, 16 bytes each."""
    return tuple(generate_token(randomness) for _ in range(BUCKET_TOKENS))


def generate_token(randomness: Randomness) -> Token:
    """Draw one token: also the successor of a bucket's token after somebody was blocked."""
    return Token(randomness.random(ID_BYTES))


def pick_bucket(randomness: Randomness) -> int:
    """Draw the bucket of a new contact, 0..15, uniformly."""
    return randomness.random(1)[0] % BUCKET_TOKENS
