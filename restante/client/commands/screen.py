"""Whether the chat's screen can be shown here. Imports nothing heavy, since it may say no.

Rule: what can't be shown is refused before an engine is started.
"""

from __future__ import annotations

import os
import sys

from restante.client.tui import words


def why_no_screen() -> str | None:
    """Return why the screen can't be shown here, as a sentence, or None."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return words.NO_TERMINAL
    if os.environ.get("TERM", "dumb") in {"dumb", ""}:
        return words.DUMB_TERMINAL
    return None
