"""The sentences outside the window: in its title, and in notices on the desktop. Pure.

Rule: as in words.py; a name or a text is there only if the settings say so. Spec: docs/tui.md,
section 12.
"""

from __future__ import annotations

from typing import Final

HEADING: Final = "Restante"


def title(unread_count: int) -> str:
    """The title of the window."""
    return f"({unread_count}) {HEADING}" if unread_count else HEADING


def news(count: int, chats: int) -> str:
    """How much is new, in how many chats."""
    messages = "New message" if count == 1 else f"{count} new messages"
    return messages if chats == 1 else f"{messages} in {chats} chats"


def news_from(count: int, name: str) -> str:
    """How much is new from somebody, or in a group."""
    return f"{news(count, 1)}: {name}"


def said(name: str, text: str) -> str:
    """Who said what."""
    return f"{name}: {text}"
