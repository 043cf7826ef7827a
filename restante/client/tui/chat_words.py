"""The sentences about a conversation as its user keeps it: mute, archive, pins, places. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

# ---- mute, pin, archive ----------------------------------------------------------------------

MUTE_TITLE: Final = _("Mute this chat")
MUTE_TEXT: Final = _("Its messages come as before, and say nothing. They can't tell.")
UNMUTE: Final = _("Not muted")
FOR_EVER: Final = _("For ever")
ALERTS_TITLE: Final = _("Notices of this chat")
ALERTS_TEXT: Final = _(
    "What calls you, on all your devices. Your keywords are in the settings (F2)."
)
ALERTS: Final = {
    "all": _("Every message"),
    "mentions": _("Those that name you, or hold a keyword"),
    "none": _("None"),
}
MUTED: Final = _("muted")
UNMUTED: Final = _("You hear of this chat again.")
PINNED_CHAT: Final = _("Kept at the top, on all your devices.")
UNPINNED_CHAT: Final = _("Back in its place.")
KEPT: Final = _("at the top of your chats")
PUT_AWAY: Final = _("archived")
ARCHIVED: Final = _("Archived. A shows what is there.")
UNARCHIVED: Final = _("Back among your chats.")
BACK_TO_CHATS: Final = _("Back to your chats")
COME_BACK: Final = _("Marked as unread, on all your devices.")
NOTHING_NEW: Final = _("Nothing new in any chat.")


def muted(name: str, until: str) -> str:
    """After a chat was muted; an empty `until`: for ever."""
    return (
        _("{name} is muted until {until}.", name=name, until=until)
        if until
        else _("{name} is muted.", name=name)
    )


def muted_until(until: str) -> str:
    """In the header and the info pane."""
    return _("muted until {until}", until=until) if until else MUTED


def archived_chats(count: int, unread_count: int) -> str:
    """Below the chats: how many are put away, and what is new in them."""
    if unread_count:
        return _("{count} archived, {new} new", count=count, new=unread_count)
    return _("{count} archived", count=count)


# ---- pinned messages, versions ---------------------------------------------------------------

PINNED_TITLE: Final = _("Pinned messages")
NO_PINS: Final = _("Nothing is pinned here. p on a message pins it for both of you.")
VERSIONS_TITLE: Final = _("What it said before")


# ---- places ----------------------------------------------------------------------------------

PLACE_TITLE: Final = _("Send a place")
PLACE_TEXT: Final = _(
    "Latitude and longitude in degrees, or a geo: link, then a name if you like. Nothing is looked "
    "up anywhere. A live place can be moved (l) until its time is over."
)
PLACE_PLACEHOLDER: Final = _("-34.9060, -56.1994 The harbour")
NO_PLACE: Final = _("This is no place. Write latitude and longitude, as -34.9060, -56.1994.")
PLACE_STAYS: Final = _("Stays where it is")
HERE_TITLE: Final = _("Where you are")
HERE_TEXT: Final = _(
    "Places that others send then say how far they are, and in which direction. It is told nobody, "
    "and forgotten when you quit."
)
HERE_CHOICE: Final = _("Show distances from there")
MOVE_TITLE: Final = _("Your live place")
MOVE_TEXT: Final = _("Where are you now? Without coordinates it stays where it was.")
MOVE: Final = _("Move it there")
STOP_LIVE: Final = _("Stop sharing")
STOPPED_LIVE: Final = _("No longer live.")


def live_for(duration: str) -> str:
    """A choice of how long a place moves."""
    return _("Live for {duration}", duration=duration)


# ---- cards -----------------------------------------------------------------------------------

SEND_CARD_TITLE: Final = _("Send a contact")
SEND_CARD_PLACEHOLDER: Final = _("Whose address?")
