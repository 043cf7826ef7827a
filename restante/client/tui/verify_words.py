"""The sentences about safety numbers. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

SAFETY_TITLE: Final = _("Safety number")
SAFETY_MATCH: Final = _("They match")
SAFETY_DIFFER: Final = _("They differ")
SAFETY_PICTURE: Final = _("Picture")
SAFETY_TYPE: Final = _("Paste")
SAFETY_TYPE_TITLE: Final = _("Compare with theirs")
SAFETY_TYPE_TEXT: Final = _(
    "Paste the sixty digits that they see in their chat with you. They must have reached you "
    "another way than through this chat."
)
SAFETY_TYPE_PLACEHOLDER: Final = "12345 67890 …"
SAFETY_DIFFER_TITLE: Final = _("The numbers differ")
SAFETY_TAKE_BACK: Final = _("Take verification back")


def safety_text(name: str) -> str:
    """How to compare."""
    return _(
        "Read this to {name} on a call, or look at their screen. If all sixty digits are the "
        "same on both sides, nobody is in between.",
        name=name,
    )


def safety_differs(name: str) -> str:
    """When the numbers are not the same."""
    return _(
        "Then one of you has another key for the other than they really use. Make sure that both "
        "look at the number of this chat, and that {name} has not set up Restante anew.\n\n"
        "If they still differ, somebody is in between: write nothing here that they mustn't read, "
        "and exchange new contact codes in person.",
        name=name,
    )


def safety_scan(name: str) -> str:
    """Below the picture of the number."""
    return _(
        "{name} scans it and pastes it in: Verify, t. Both numbers are the same, or neither.",
        name=name,
    )
