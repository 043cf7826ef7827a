"""What the screen says of mentions and threads. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 14.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, plural

MENTIONS_TITLE: Final = _("What names you or answers you")
NO_MENTIONS: Final = _(
    "Nobody has named you or answered you yet. It will be here, from whichever chat."
)

THREAD: Final = _("Thread")
NOT_HERE: Final = _("What this thread began with isn't here any more.")
COMPOSE: Final = _("Answer in this thread…")
NOT_LATER: Final = _("In a thread a text goes at once. Later is for the box of the chat.")
CLOSE: Final = _("Close")
MOST_COUNTED: Final = 1_000


def mentions_found(unread: int) -> str:
    """Below the list."""
    if not unread:
        return _("All of it is read.")
    return plural("{count} is unread.", "{count} are unread.", unread)


def answers(count: int) -> str:
    """Below the first message of a thread, and above the thread."""
    if count >= MOST_COUNTED:
        return _("{count} answers or more", count=count)
    return plural("{count} answer", "{count} answers", count)
