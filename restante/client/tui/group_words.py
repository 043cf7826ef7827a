"""What the screen says of groups. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, plural
from restante.client.tui import words

MEMBERS_TITLE: Final = _("Members")
LEFT: Final = _("You are not in this group any more.")
MAY_NOT_WRITE: Final = _("You can read here, and not write.")
COMPOSE_REQUEST: Final = _("Accept to write here.")
ASKED: Final = _("you were put into it")
REQUEST_PREVIEW: Final = _("You were put into this group")

NAMES_ALL: Final = _("Everybody in this group")
ROLES: Final = {"reader": _("reads"), "member": "", "admin": _("admin"), "owner": _("owner")}


def members(count: int) -> str:
    """How many are in a group."""
    return plural("{count} member", "{count} members", count)


def are_typing(names: list[str]) -> str:
    """Above the box; nobody: nothing."""
    match names:
        case []:
            return ""
        case [name]:
            return words.is_typing(name)
        case [one, other]:
            return _("{one} and {other} are typing…", one=one, other=other)
        case [one, other, *rest]:
            return plural(
                "{one}, {other} and {count} more are typing…",
                "{one}, {other} and {count} more are typing…",
                len(rest),
                one=one,
                other=other,
            )
    return ""


def more(count: int) -> str:
    """Below a list of members that is too long."""
    return _("and {count} more", count=count)


def request(name: str) -> str:
    """The banner of a group that a stranger has put one into."""
    return _(
        "Somebody you don't know put you into {name}. You send nothing there until you accept.",
        name=name,
    )


def joined(name: str) -> str:
    """After that was accepted."""
    return _("You are in {name} now.", name=name)


# ---- a new one -------------------------------------------------------------------------------

NEW_HINT: Final = _("New group")
NEW_TITLE: Final = _("New group")
NEW_TEXT: Final = _(
    "What is it called? Everybody in it sees the name, and you can change it later."
)
NEW_PLACEHOLDER: Final = _("Sunday walks")
PICK_PLACEHOLDER: Final = _("A name or an address")
PICKED_NOBODY: Final = _("Nobody yet. Tab marks who is meant.")
PICK_TAB: Final = _("Mark")
PICK_ENTER: Final = _("Done")
NO_NAME: Final = _("A group needs a name.")


def pick_title(name: str) -> str:
    """Choosing who is in a group."""
    return _("Who is in {name}?", name=name)


def add_title(name: str) -> str:
    """Choosing who else is to be in a group."""
    return _("Add people to {name}", name=name)


def picked(names: str) -> str:
    """Who is marked."""
    return _("Marked: {names}", names=names)


def begun(name: str) -> str:
    """After a group was begun."""
    return _("{name} has begun. What you write here goes to everybody in it.", name=name)


def added(names: str) -> str:
    """After people were let in."""
    return _("Added {names}. They see what is written from now on.", names=names)


# ---- as it is kept ---------------------------------------------------------------------------

RENAME_TITLE: Final = _("Rename the group")
RENAME_TEXT: Final = _("Everybody in it sees the new name.")
DESCRIBE_TITLE: Final = _("What is it for?")
DESCRIBE_TEXT: Final = _("Everybody in it sees this. Leave it empty to take it away.")
PICTURE_TITLE: Final = _("The group's picture")
PICTURE_TEXT: Final = _(
    "Where it is. Everybody in it sees a few blurred cells of it. Leave it empty to take it away."
)
PICTURE_PLACEHOLDER: Final = "~/walkers.jpg"
POSTING_TITLE: Final = _("Who may write")
POSTING_TEXT: Final = _("Whoever may not still reads all of it.")
POSTING: Final = {
    "reader": _("Everybody"),
    "member": _("Members, but not readers"),
    "admin": _("Admins and owners"),
    "owner": _("Owners alone"),
}
CALLING_TITLE: Final = _("Who may call everybody")
CALLING_TEXT: Final = _("Whose @all is for all members, also those who hear of mentions alone.")
TIMER_TEXT: Final = _(
    "New messages vanish from all devices of everybody so long after they were read. Nobody can "
    "keep them from being copied."
)
LEAVE_TITLE: Final = _("Leave this group?")
LEFT_NOW: Final = _("You left. What was said stays here.")


def leave(name: str) -> str:
    """Before somebody leaves."""
    return _(
        "Everybody in {name} sees that you left, and you hear no more of it. "
        "What was said stays on your devices.",
        name=name,
    )


# ---- its members -----------------------------------------------------------------------------

WRITE_TO: Final = _("Write to them")
ASK_FOR: Final = _("Add them as a contact")
REMOVE: Final = _("Take them out")
LEAVE: Final = _("Leave the group")
REMOVE_TITLE: Final = _("Take them out?")
MAKE: Final = {
    "reader": _("Make them a reader, who can't write"),
    "member": _("Make them a member"),
    "admin": _("Make them an admin, who adds and removes people"),
    "owner": _("Make them an owner, who may do everything"),
}
MAKE_ME: Final = {
    "reader": _("Become a reader, who can't write"),
    "member": _("Become a member, and decide nothing any more"),
    "admin": _("Become an admin, and own it no more"),
}


def remove(name: str) -> str:
    """Before somebody is taken out."""
    return _(
        "{name} reads nothing that is said from then on, and everybody sees that it was you.",
        name=name,
    )


def removed(name: str) -> str:
    """After that."""
    return _("{name} is not in the group any more.", name=name)


def of_name(name: str, *, is_me: bool, role: str) -> str:
    """The title over what can be done about a member."""
    what = ROLES[role] or _("member")
    return _("You, {role}", role=what) if is_me else f"{name}, {what}"
