"""The sentences outside the window: in its title, and in notices on the desktop. Pure.

Rule: as in words.py; a name or a text is there only if the settings say so. Spec: docs/tui.md,
section 12.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import plural

HEADING: Final = "Restante"


def title(unread_count: int) -> str:
    """The title of the window."""
    return f"({unread_count}) {HEADING}" if unread_count else HEADING


def news(count: int, chats: int) -> str:
    """How much is new, in how many chats."""
    messages = plural("New message", "{count} new messages", count)
    if chats == 1:
        return messages
    return plural(
        "{messages} in {count} chat", "{messages} in {count} chats", chats, messages=messages
    )


def news_from(count: int, name: str) -> str:
    """How much is new from somebody, or in a group."""
    return f"{news(count, 1)}: {name}"


def said(name: str, text: str) -> str:
    """Who said what."""
    return f"{name}: {text}"
