"""Token buckets: how many a second, and how many at once. Pure: the time is passed in.

Rule: whoever is refused is told when to come back. A bucket that is full again is forgotten: one
that was never there is no different, so that a flood of keys costs what its last minutes brought.
Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MAX_BUCKETS: Final = 65_536
"""Networks remembered at a time; the one unused for longest goes first. A forgotten one starts
full again, which gains a flooder nothing that a new address would not."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at_s: float


class Buckets:
    """One token bucket for each key (a network, an account), all of one rate and burst."""

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self.refusals = 0
        """How often nothing was taken."""
        self._buckets: OrderedDict[bytes, _Bucket] = OrderedDict()

    def take(self, key: bytes, amount: int, now_s: float) -> int:
        """Take `amount`, or nothing: returns 0, or after how many whole seconds to ask again.

        An amount beyond the burst is let through when the bucket is full, and leaves a debt.
        """
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget(now_s)
            bucket = self._buckets[key] = _Bucket(level=self._burst, at_s=now_s)
        else:
            self._buckets.move_to_end(key)
            bucket.level = self._level(bucket, now_s)
            bucket.at_s = now_s
        needed = min(float(amount), self._burst)
        if bucket.level >= needed:
            bucket.level -= amount
            return 0
        self.refusals += 1
        return int((needed - bucket.level) / self._rate) + 1

    def _level(self, bucket: _Bucket, now_s: float) -> float:
        return min(bucket.level + max(now_s - bucket.at_s, 0.0) * self._rate, self._burst)

    def _forget(self, now_s: float) -> None:
        """Make room for one more: of those unused for longest, two at most."""
        for _ in range(2):
            oldest = next(iter(self._buckets), None)
            if oldest is None:
                return
            is_full = self._level(self._buckets[oldest], now_s) >= self._burst
            if not is_full and len(self._buckets) < MAX_BUCKETS:
                return
            del self._buckets[oldest]

    def __len__(self) -> int:
        return len(self._buckets)
