"""What the screen says of groups. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

MEMBERS_TITLE: Final = "Members"
LEFT: Final = "You are not in this group any more."
MAY_NOT_WRITE: Final = "You can read here, and not write."

ROLES: Final = {"reader": "reads", "member": "", "admin": "admin", "owner": "owner"}


def members(count: int) -> str:
    """How many are in a group."""
    return f"{count} member{'s' * (count != 1)}"


def more(count: int) -> str:
    """Below a list of members that is too long."""
    return f"and {count} more"
