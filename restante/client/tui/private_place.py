"""A folder that is its owner's alone, in memory where the system has such a place, for a moment.

Rule: what is put there is gone when the moment is over, however it ends. Spec: docs/tui.md,
section 5.
"""

from __future__ import annotations

import os
import tempfile


def private_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed, with what is in it, when its context ends."""
    place = os.environ.get("XDG_RUNTIME_DIR")
    is_usable = place and os.access(place, os.W_OK)
    return tempfile.TemporaryDirectory(prefix="restante-", dir=place if is_usable else None)
