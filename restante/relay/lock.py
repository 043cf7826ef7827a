"""One relay to a directory: two would give the same numbers to different envelopes.

Rule: the lock is the kernel's, on a file that stays: it goes with the process, however that ends.
Spec: docs/relay.md, section 1.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from restante.errors import UserError

LOCK_FILE: Final = "lock"


@contextmanager
def sole_relay(data: Path) -> Iterator[None]:
    """Hold a relay's directory for the length of the block. Raises UserError: another one does."""
    try:
        held = os.open(data / LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UserError(f"The data directory {data} can't be written.") from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"Another relay runs in {data} already. Stop it first, or choose another --data."
            ) from error
        yield
    finally:
        os.close(held)
