"""What the screen says of invites to groups, of who asks to come in, and of spaces. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, plural

# ---- invites ---------------------------------------------------------------------------------

INVITES_TEXT: Final = _("Whoever has the link of an invite comes in, as long as it says.")
NO_INVITES: Final = _("No invites. n makes one.")
NEW: Final = _("New")
SHOW: Final = _("Show")
COPY: Final = _("Copy link")
REVOKE: Final = _("Revoke")
COPIED: Final = _("The link is copied. Give it to people whom you want in the group.")
NOT_MINE: Final = _("Only the devices of whoever made it know that link.")
REVOKED: Final = _("Revoked. Nobody comes in by it any more.")
REVOKE_TITLE: Final = _("Revoke this invite?")
REVOKE_TEXT: Final = _("Nobody comes in by it any more; whoever did stays.")

LASTS_TITLE: Final = _("How long does it last?")
LASTS: Final = (
    (3_600, _("An hour")),
    (86_400, _("A day")),
    (7 * 86_400, _("A week")),
    (0, _("Until it is revoked")),
)
USES_TITLE: Final = _("For how many people?")
USES: Final = ((1, _("One")), (10, _("Ten")), (100, _("A hundred")), (0, _("Any number")))
APPROVE_TITLE: Final = _("Who lets people in?")
APPROVE: Final = (
    (False, _("The link: whoever has it comes in")),
    (True, _("An admin, who is asked about each")),
)
LINK_TEXT: Final = _("Whoever scans this, or has the link, can come into the group.")
STATES: Final = {"open": "", "expired": _("expired"), "used up": _("used up")}
ASKS_AN_ADMIN: Final = _("asks an admin")
MINE: Final = _("by you")


def invites_title(name: str) -> str:
    """Over the invites of a group."""
    return _("Invites to {name}", name=name)


def used(count: int, of: int) -> str:
    """How often an invite was used; `of` 0: for any number of people."""
    if of:
        return _("{count} of {of} came", count=count, of=of)
    return _("{count} came", count=count)


def until(when: str) -> str:
    """How long an invite lasts."""
    return _("until {when}", when=when)


def made_by(name: str) -> str:
    """Who made an invite."""
    return _("by {name}", name=name)


# ---- coming in -------------------------------------------------------------------------------

JOIN_TITLE: Final = _("Join a group")
JOIN_TEXT: Final = _("Paste the link of an invite. It begins with restante:g")
JOIN_PLACEHOLDER: Final = "restante:g…"
ASKING_TEXT: Final = _("They have an invite, and wait for an admin's word.")
NOBODY_ASKS: Final = _("Nobody asks to come in.")
LET_IN: Final = _("Let them in")
REFUSE: Final = _("Say no")


def joined_later(names: str) -> str:
    """After an invite was followed and nobody has answered yet."""
    return _("Asked {names}. You are in once a device of theirs lets you in.", names=names)


def asking_title(name: str) -> str:
    """Over those who ask to come into a group."""
    return _("Who asks to come into {name}", name=name)


def asking(count: int) -> str:
    """In the pane beside a group."""
    return plural("{count} person asks to come in", "{count} people ask to come in", count)


def let_in(name: str) -> str:
    """After that."""
    return _("{name} is in.", name=name)


def refused(name: str) -> str:
    """After that."""
    return _("{name} was told no.", name=name)


# ---- spaces ----------------------------------------------------------------------------------

NEW_SPACE_TITLE: Final = _("New space")
NEW_SPACE_TEXT: Final = _("A space holds channels for the people in it. Give it a name.")
NEW_SPACE_PLACEHOLDER: Final = _("Village")
NEW_CHANNEL_TEXT: Final = _("What is the channel called? Everybody in the space is in it.")
NEW_CHANNEL_PLACEHOLDER: Final = _("Announcements")
CATEGORY_TITLE: Final = _("In which category?")
NO_CATEGORY: Final = _("In none")
OTHER_CATEGORY: Final = _("In a new one…")
CATEGORY_TEXT: Final = _("What is the category called?")
NO_CHANNELS: Final = _("No channels yet.")
NOT_IN_IT: Final = _("a channel that you are not in")
OF_ITS_OWN: Final = _("members of its own")
OPEN: Final = _("Open it")
MOVE: Final = _("Move it to another category")
UNLIST: Final = _("Take it off the list")
UNLISTED: Final = _("It is off the list, and stays a group.")
LIST_A_GROUP: Final = _("List a group of yours…")
A_NEW_CHANNEL: Final = _("New channel…")
LIST_TITLE: Final = _("Which group?")
LIST_TEXT: Final = _("It keeps its own members, and stands in the list.")
NO_GROUPS: Final = _("There is no group of yours that isn't in it already.")
NO_SPACE_NAME: Final = _("A space needs a name.")


def new_channel_title(space: str) -> str:
    """Over the name of a new channel."""
    return _("New channel in {name}", name=space)


def channels_title(space: str) -> str:
    """Over the channels of a space."""
    return _("Channels of {name}", name=space)


def space_begun(name: str) -> str:
    """After a space was begun."""
    return _("{name} has begun. Give it a channel: people write there.", name=name)
