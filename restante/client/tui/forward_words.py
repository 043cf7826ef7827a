"""The sentences about messages that are said again elsewhere. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, plural

FORWARDED: Final = frozenset({"text", "file", "location", "contact"})
"""Kinds of messages that can be."""

TITLE: Final = _("Forward to")
DISAPPEARS: Final = _(
    "This message disappears where it was said. Where you forward it, it stays as long as messages "
    "do there. Forward it?"
)
NOT_HERE: Final = _("The file isn't here yet. s fetches it; then it can be forwarded.")


def forwarded(count: int) -> str:
    """After it was done."""
    return plural("Forwarded to {count} chat.", "Forwarded to {count} chats.", count)
