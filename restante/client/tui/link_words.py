"""The sentences of links. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 11.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

TITLE: Final = _("Where it leads")
TEXT: Final = _("Nothing was fetched. This is what your browser would ask:")
NOWHERE: Final = _("goes to no host")
OPENED: Final = _("Opened in your browser.")
COPIED: Final = _("Copied: there is no browser to open it in.")
ANSWERED: Final = _("The message it answers")
DISGUISED: Final = _("it looks as if it went elsewhere")
NOT_ENCRYPTED: Final = _("not encrypted on its way")


def goes_to(host: str) -> str:
    """Where a link really goes."""
    return _("goes to {host}", host=host)
