"""How long to wait before trying again: doubling, bounded, and never in step with others. Pure.

Rule: jitter over half the step, so that a thousand clients that lost one relay together don't come
back together. Source: Brooker, Exponential Backoff And Jitter, 2015.
"""

from __future__ import annotations


def unit_interval(random: bytes) -> float:
    """Return a number in [0, 1) from 7 random bytes."""
    return (int.from_bytes(random[:7], "big") >> 3) / (1 << 53)


def backoff_s(
    attempts: int, chance: float, *, first_s: float, longest_s: float, at_least_s: float = 0.0
) -> float:
    """Return the pause after so many failures (from 1), with `chance` in [0, 1).

    `at_least_s` is what a relay asked for; jitter comes on top of it.
    """
    step = min(first_s * 2.0 ** min(max(attempts - 1, 0), 30), longest_s)
    return max(step * (0.5 + chance / 2), at_least_s * (1.0 + chance / 4))
