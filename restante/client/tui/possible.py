"""Whether the chat's screen can be shown here. Imports nothing heavy, since it may say no.

Rule: what can't be shown is refused before an engine is started.
"""

from __future__ import annotations

import os
import sys

from restante.client.tui import crash_words

BROWSER_DRIVER = "restante.client.tui.browser:BrowserDriver"
"""What `TEXTUAL_DRIVER` says where the screen is a page in a browser."""


def must_be_lines() -> bool:
    """Whether somebody sits at a terminal that can show lines and nothing else."""
    return _is_terminal() and _is_dumb()


def why_no_screen() -> str | None:
    """Return why the screen can't be shown here, as a sentence, or None."""
    if is_in_browser():
        return None
    if not _is_terminal():
        return crash_words.NO_TERMINAL
    return crash_words.DUMB_TERMINAL if _is_dumb() else None


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def is_in_browser() -> bool:
    """Whether whoever started this shows it in a browser."""
    return os.environ.get("TEXTUAL_DRIVER") == BROWSER_DRIVER


def _is_dumb() -> bool:
    return os.environ.get("TERM", "dumb") in {"dumb", ""}
