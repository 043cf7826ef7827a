"""The sentences of what is sent later, and of what is taken back. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 10.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, plural

TITLE: Final = _("Send later")
TEXT: Final = _(
    "When? It goes out if Restante runs then, else when it runs again. "
    "This device alone knows of it."
)
PLACEHOLDER: Final = _("18:30, tomorrow, monday 9:00, +2h")
NO_MOMENT: Final = _(
    "That is no time to come. Write 18:30, tomorrow 9:00, monday, +2h or 4 June 8:00."
)
LIST_TITLE: Final = _("Sent later")
NOTHING: Final = _("Nothing waits for its time. Write something, then ^s.")
CHANGE: Final = _("Change")
TAKE_BACK: Final = _("Take back")
TAKEN_BACK: Final = _("Taken back. It is in the box again.")
NOT_WHILE_EDITING: Final = _("An edit can't wait. Send it now, or leave it with Esc.")


def goes_at(when: str) -> str:
    """What was typed, as it was understood."""
    return _("It goes out {when}.", when=when)


def kept(when: str) -> str:
    """After a text was put aside for its time."""
    return _("It goes out {when}. ^s on an empty box shows what waits.", when=when)


def waiting(count: int, when: str) -> str:
    """Above the box: what waits in this chat."""
    return plural(
        "1 text goes out {when}", "{count} texts go out, the next {when}", count, when=when
    )
