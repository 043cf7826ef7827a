"""Token buckets: how many a second, and how many at once. Pure: the time is passed in.

Rule: whoever is refused is told when to come back. Buckets of those who went are forgotten, so
that a flood of addresses costs bounded memory. Spec: docs/relay.md, section 6.
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
            bucket = self._buckets[key] = _Bucket(level=self._burst, at_s=now_s)
            if len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            grown = bucket.level + max(now_s - bucket.at_s, 0.0) * self._rate
            bucket.level = min(grown, self._burst)
            bucket.at_s = now_s
        needed = min(float(amount), self._burst)
        if bucket.level >= needed:
            bucket.level -= amount
            return 0
        self.refusals += 1
        return int((needed - bucket.level) / self._rate) + 1

    def __len__(self) -> int:
        return len(self._buckets)
