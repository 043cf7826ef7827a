"""The sentences of links. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 11.
"""

from __future__ import annotations

from typing import Final

TITLE: Final = "Where it leads"
TEXT: Final = "Nothing was fetched. This is what your browser would ask:"
NOWHERE: Final = "goes to no host"
OPENED: Final = "Opened in your browser."
COPIED: Final = "Copied: there is no browser to open it in."
ANSWERED: Final = "The message it answers"
DISGUISED: Final = "it looks as if it went elsewhere"
NOT_ENCRYPTED: Final = "not encrypted on its way"


def goes_to(host: str) -> str:
    """Where a link really goes."""
    return f"goes to {host}"
