"""How much of a room one relay takes before it looks again, where others fill the same one.

Rule: a relay admits a sixteenth of the room that it counted, or a few envelopes, and counts again.
So N relays exceed a limit by no more than N - 1 such shares, however they are flooded. No I/O.
Spec: docs/scaling.md.
"""

from __future__ import annotations

from typing import Final

SHARE: Final = 16

LEAST_ENVELOPES: Final = 32
LEAST_BYTES: Final = 512 * 1024
"""So few are always admitted: near its limit a mailbox is not counted for every envelope."""

MAX_AGE_S: Final = 60.0
"""Of what other relays may have changed, should their word of it have been lost."""

RECOUNT_S: Final = 0.25
"""A mailbox is counted no more often: it may have 20,000 rows."""


def most_until_counted(most: int, held: int, least: int) -> int:
    """Return up to what a room of `most` may fill that holds so much now."""
    return min(most, held + max((most - held) // SHARE, least))
