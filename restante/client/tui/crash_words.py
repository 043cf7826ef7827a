"""The sentences before and after the screen: no terminal for it, and an end by a bug. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

CRASHED: Final = _(
    "Restante stopped on a bug of its own. What you sent and received is safe in the database.\n"
    "This is where it happened; it holds no message, no name and no key:"
)
CRASH_ASK: Final = _("\nKeep this in a file, to send to those who make Restante? y/N")
CRASH_NOT_KEPT: Final = _("Nothing was kept.")


def crash_kept(path: str) -> str:
    """Where it lies, and what becomes of it: nothing by itself."""
    return _(
        "Kept in {path}, for you alone to read. Look at it, then send it; nothing sends it.",
        path=path,
    )


def crash_unkept(path: str, why: str) -> str:
    """It can't be written."""
    return _("{path} can't be written ({why}), so nothing was kept.", path=path, why=why)


DUMB_TERMINAL: Final = _(
    "This terminal can't show the interface (TERM is dumb or unset). Use `restante chat --plain`."
)
NO_TERMINAL: Final = _(
    "There is no terminal to show the interface on. Use `restante chat --plain`, "
    "`restante send` and `restante tail`."
)
