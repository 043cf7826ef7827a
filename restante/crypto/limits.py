"""The numbers that bound what a peer can make a session do, each with its reason.

Rule: they are constants of the protocol version, equal on both sides. Spec: docs/cryptography.md,
section 7.
"""

from __future__ import annotations

from typing import Final

from restante.protocol.limits import DEFAULT_TTL_S

MAX_SKIP: Final = 1000
"""Keys that one message may skip: 1000 chain steps cost about 6 ms, and no more is ever spent."""

MAX_SKIPPED: Final = 2000
"""Skipped keys kept in a session, about 100 KB; the oldest go first."""

MAX_SKIPPED_CHAINS: Final = 5
"""Chains with skipped keys kept in a session: a peer that steps its DH ratchet with every message
can't make us keep one header key for each."""

SKIPPED_TTL_S: Final = DEFAULT_TTL_S
"""Skipped keys die with the envelopes that they wait for: a mailbox keeps none longer."""

MAX_NUMBER: Final = 0xFFFF_FFFF
"""The last message number of a chain; n is a u32."""

TAG_STRIDE: Final = 64
"""Past the window, every so many-th number is expected too, as far as a message may skip: a run
that expired in the mailbox is bridged there, and whatever waits before it is found then."""

MAX_OWN_HEADS: Final = 8
"""Own manifest heads tried when a hello names an older one than the latest."""
