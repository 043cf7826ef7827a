"""How long a test goes on, and by which seed: the short form by default, the long one for a soak.

Rule: whatever a test leaves to chance follows from SEED, which every run prints. RESTANTE_SEED=n
repeats a run. For decorators, which run at import: `@settings(max_examples=rounds(50, 5_000))`;
inside a test the fixtures `soak_rounds` and `seeded_random` say the same.
"""

from __future__ import annotations

import os
import secrets

SOAK = os.environ.get("RESTANTE_SOAK") == "1"

# Set back into the environment so that every worker process of this run has the same one.
SEED = int(os.environ.setdefault("RESTANTE_SEED", str(secrets.randbits(32))))


def rounds(short: int, long: int) -> int:
    """Return how many rounds to go: `short` in `make test`, `long` in `make soak`."""
    return long if SOAK else short
