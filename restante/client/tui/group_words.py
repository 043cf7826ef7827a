"""What the screen says of groups. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

MEMBERS_TITLE: Final = "Members"
LEFT: Final = "You are not in this group any more."
MAY_NOT_WRITE: Final = "You can read here, and not write."
COMPOSE_REQUEST: Final = "Accept to write here."
ASKED: Final = "you were put into it"
REQUEST_PREVIEW: Final = "You were put into this group"

ROLES: Final = {"reader": "reads", "member": "", "admin": "admin", "owner": "owner"}


def members(count: int) -> str:
    """How many are in a group."""
    return f"{count} member{'s' * (count != 1)}"


def more(count: int) -> str:
    """Below a list of members that is too long."""
    return f"and {count} more"


def request(name: str) -> str:
    """The banner of a group that a stranger has put one into."""
    return f"Somebody you don't know put you into {name}. You send nothing there until you accept."


def joined(name: str) -> str:
    """After that was accepted."""
    return f"You are in {name} now."


# ---- a new one -------------------------------------------------------------------------------

NEW_HINT: Final = "New group"
NEW_TITLE: Final = "New group"
NEW_TEXT: Final = "What is it called? Everybody in it sees the name, and you can change it later."
NEW_PLACEHOLDER: Final = "Sunday walks"
PICK_PLACEHOLDER: Final = "A name or an address"
PICKED_NOBODY: Final = "Nobody yet. Tab marks who is meant."
PICK_TAB: Final = "Mark"
PICK_ENTER: Final = "Done"
NO_NAME: Final = "A group needs a name."


def pick_title(name: str) -> str:
    """Choosing who is in a group."""
    return f"Who is in {name}?"


def add_title(name: str) -> str:
    """Choosing who else is to be in a group."""
    return f"Add people to {name}"


def picked(names: str) -> str:
    """Who is marked."""
    return f"Marked: {names}"


def begun(name: str) -> str:
    """After a group was begun."""
    return f"{name} has begun. What you write here goes to everybody in it."


def added(names: str) -> str:
    """After people were let in."""
    return f"Added {names}. They see what is written from now on."


# ---- as it is kept ---------------------------------------------------------------------------

RENAME_TITLE: Final = "Rename the group"
RENAME_TEXT: Final = "Everybody in it sees the new name."
DESCRIBE_TITLE: Final = "What is it for?"
DESCRIBE_TEXT: Final = "Everybody in it sees this. Leave it empty to take it away."
POSTING_TITLE: Final = "Who may write"
POSTING_TEXT: Final = "Whoever may not still reads all of it."
POSTING: Final = {
    "reader": "Everybody",
    "member": "Members, but not readers",
    "admin": "Admins and owners",
    "owner": "Owners alone",
}
TIMER_TEXT: Final = (
    "New messages vanish from all devices of everybody so long after they were read. Nobody can "
    "keep them from being copied."
)
LEAVE_TITLE: Final = "Leave this group?"
LEFT_NOW: Final = "You left. What was said stays here."


def leave(name: str) -> str:
    """Before somebody leaves."""
    return (
        f"Everybody in {name} sees that you left, and you hear no more of it. "
        "What was said stays on your devices."
    )


# ---- its members -----------------------------------------------------------------------------

WRITE_TO: Final = "Write to them"
ASK_FOR: Final = "Add them as a contact"
REMOVE: Final = "Take them out"
LEAVE: Final = "Leave the group"
REMOVE_TITLE: Final = "Take them out?"
MAKE: Final = {
    "reader": "Make them a reader, who can't write",
    "member": "Make them a member",
    "admin": "Make them an admin, who adds and removes people",
    "owner": "Make them an owner, who may do everything",
}
MAKE_ME: Final = {
    "reader": "Become a reader, who can't write",
    "member": "Become a member, and decide nothing any more",
    "admin": "Become an admin, and own it no more",
}


def remove(name: str) -> str:
    """Before somebody is taken out."""
    return f"{name} reads nothing that is said from then on, and everybody sees that it was you."


def removed(name: str) -> str:
    """After that."""
    return f"{name} is not in the group any more."


def of_name(name: str, *, is_me: bool, role: str) -> str:
    """The title over what can be done about a member."""
    what = ROLES[role] or "member"
    return f"You, {what}" if is_me else f"{name}, {what}"
