"""The sentences about a conversation as its user keeps it: mute, archive, pins, places. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

# ---- mute, pin, archive ----------------------------------------------------------------------

MUTE_TITLE: Final = "Mute this chat"
MUTE_TEXT: Final = "Its messages come as before, and say nothing. They can't tell."
UNMUTE: Final = "Not muted"
FOR_EVER: Final = "For ever"
ALERTS_TITLE: Final = "Notices of this chat"
ALERTS_TEXT: Final = "What calls you, on all your devices. Your keywords are in the settings (F2)."
ALERTS: Final = {
    "all": "Every message",
    "mentions": "Those that name you, or hold a keyword",
    "none": "None",
}
MUTED: Final = "muted"
UNMUTED: Final = "You hear of this chat again."
PINNED_CHAT: Final = "Kept at the top, on all your devices."
UNPINNED_CHAT: Final = "Back in its place."
KEPT: Final = "at the top of your chats"
PUT_AWAY: Final = "archived"
ARCHIVED: Final = "Archived. A shows what is there."
UNARCHIVED: Final = "Back among your chats."
BACK_TO_CHATS: Final = "Back to your chats"
COME_BACK: Final = "Marked as unread, on all your devices."
NOTHING_NEW: Final = "Nothing new in any chat."


def muted(name: str, until: str) -> str:
    """After a chat was muted; an empty `until`: for ever."""
    return f"{name} is muted until {until}." if until else f"{name} is muted."


def muted_until(until: str) -> str:
    """In the header and the info pane."""
    return f"muted until {until}" if until else MUTED


def archived_chats(count: int, unread_count: int) -> str:
    """Below the chats: how many are put away, and what is new in them."""
    new = f", {unread_count} new" if unread_count else ""
    return f"{count} archived{new}"


# ---- pinned messages, versions ---------------------------------------------------------------

PINNED_TITLE: Final = "Pinned messages"
NO_PINS: Final = "Nothing is pinned here. p on a message pins it for both of you."
VERSIONS_TITLE: Final = "What it said before"


# ---- places ----------------------------------------------------------------------------------

PLACE_TITLE: Final = "Send a place"
PLACE_TEXT: Final = (
    "Latitude and longitude in degrees, or a geo: link, then a name if you like. Nothing is looked "
    "up anywhere. A live place can be moved (l) until its time is over."
)
PLACE_PLACEHOLDER: Final = "-34.9060, -56.1994 The harbour"
NO_PLACE: Final = "This is no place. Write latitude and longitude, as -34.9060, -56.1994."
PLACE_STAYS: Final = "Stays where it is"
HERE_TITLE: Final = "Where you are"
HERE_TEXT: Final = (
    "Places that others send then say how far they are, and in which direction. It is told nobody, "
    "and forgotten when you quit."
)
HERE_CHOICE: Final = "Show distances from there"
MOVE_TITLE: Final = "Your live place"
MOVE_TEXT: Final = "Where are you now? Without coordinates it stays where it was."
MOVE: Final = "Move it there"
STOP_LIVE: Final = "Stop sharing"
STOPPED_LIVE: Final = "No longer live."


def live_for(duration: str) -> str:
    """A choice of how long a place moves."""
    return f"Live for {duration}"


# ---- cards -----------------------------------------------------------------------------------

SEND_CARD_TITLE: Final = "Send a contact"
SEND_CARD_PLACEHOLDER: Final = "Whose address?"
