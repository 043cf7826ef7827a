"""The sentences of what is sent later, and of what is taken back. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 10.
"""

from __future__ import annotations

from typing import Final

TITLE: Final = "Send later"
TEXT: Final = (
    "When? It goes out if Restante runs then, else when it runs again. "
    "This device alone knows of it."
)
PLACEHOLDER: Final = "18:30, tomorrow, monday 9:00, +2h"
NO_MOMENT: Final = (
    "That is no time to come. Write 18:30, tomorrow 9:00, monday, +2h or 4 June 8:00."
)
LIST_TITLE: Final = "Sent later"
NOTHING: Final = "Nothing waits for its time. Write something, then ^s."
CHANGE: Final = "Change"
TAKE_BACK: Final = "Take back"
TAKEN_BACK: Final = "Taken back. It is in the box again."
NOT_WHILE_EDITING: Final = "An edit can't wait. Send it now, or leave it with Esc."


def goes_at(when: str) -> str:
    """What was typed, as it was understood."""
    return f"It goes out {when}."


def kept(when: str) -> str:
    """After a text was put aside for its time."""
    return f"It goes out {when}. ^s on an empty box shows what waits."


def waiting(count: int, when: str) -> str:
    """Above the box: what waits in this chat."""
    return f"1 text goes out {when}" if count == 1 else f"{count} texts go out, the next {when}"
