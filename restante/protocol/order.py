"""The order of a conversation: the same on every device, whatever came when. Pure arithmetic.

A rank is a hybrid logical clock: unix milliseconds << 16 | count. Rule: a message is filed under
the rank that its sender gave it, never under one that depends on the reader or on when it was read;
so all devices that have the same messages show them in the same order. A message's rank is greater
than that of everything its sender had seen, unless that lay more than 24 h past the sender's clock:
no wild clock moves another's. Spec: docs/protocol/content.md, section 4. Source: Kulkarni et al.,
Logical Physical Clocks, 2014.
"""

from __future__ import annotations

from typing import Final, NewType

from restante.protocol.ids import MessageId
from restante.protocol.limits import CLOCK_DRIFT_MAX_S

OrderKey = NewType("OrderKey", bytes)
"""24 bytes: rank u64 big-endian || message id 16 B. Sorts as bytes."""

HIGHEST_RANK: Final = (1 << 63) - 1
"""What a content can carry."""

FARTHEST_AHEAD_S: Final = 366 * 86_400
"""No clock that anybody goes by is wrong by more; a rank beyond could never be outranked."""

_COUNT_BITS = 16


def rank_at(now_ms: int) -> int:
    """Return the lowest rank of a moment."""
    return now_ms << _COUNT_BITS


def is_credible(rank: int, now_ms: int) -> bool:
    """Whether a rank lies at most 24 h past our clock, so that it may push the conversation's."""
    return rank <= rank_at(now_ms + CLOCK_DRIFT_MAX_S * 1000)


def is_out_of_reach(rank: int, now_ms: int) -> bool:
    """Whether a rank lies over a year past our clock: what carries it decides nothing (C22)."""
    return rank > rank_at(now_ms + FARTHEST_AHEAD_S * 1000)


def advance(clock: int, rank: int, now_ms: int) -> int:
    """Return a conversation's clock after a message of that rank has arrived.

    The clock is the highest credible rank; it starts at 0 and never goes back. After a message of
    our own it is that message's rank.
    """
    return max(clock, rank) if is_credible(rank, now_ms) else clock


def next_rank(clock: int, now_ms: int) -> int:
    """Return the rank of a message written now: past the conversation's clock.

    A clock more than 48 h ahead can only be left from a time when our own was wrong: it is left
    behind rather than dragged along, or all answers would stand above what they answer.
    """
    if clock > rank_at(now_ms + 2 * CLOCK_DRIFT_MAX_S * 1000):
        return rank_at(now_ms)
    return max(rank_at(now_ms), clock + 1)


def order_key(rank: int, message: MessageId) -> OrderKey:
    """Return the key by which conversations are sorted."""
    return OrderKey(rank.to_bytes(8, "big") + message)
