"""Every sentence of the interface, in one place. Pure.

Tone: short, calm, says what happened and what to do. Rule: no widget holds a sentence of its own;
what is named here by a peer was cleaned before. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.interface import MessageState
from restante.client.language import _, plural

# ---- connection ------------------------------------------------------------------------------

CONNECTED: Final = _("Connected")
CONNECTING: Final = _("Connecting")
OFFLINE: Final = _("Offline")
STOPPED: Final = _("Stopped")


def connecting_to(relay: str) -> str:
    """After two seconds of trying."""
    return _("Connecting to {relay}…", relay=relay)


def offline(outbox_count: int, error: str | None) -> str:
    """The banner of a lost connection."""
    head = _("Offline. {why}.", why=error.rstrip(". ")) if error else _("Offline.")
    return f"{head} {_waits(outbox_count)}"


def still_connecting(relay: str, outbox_count: int) -> str:
    """The banner of a connection that isn't there yet."""
    return f"{connecting_to(relay)} {_waits(outbox_count)}"


def _waits(outbox_count: int) -> str:
    if outbox_count:
        return plural(
            "1 message will send when you reconnect.",
            "{count} messages will send when you reconnect.",
            outbox_count,
        )
    return _("You can read and write; it sends when you reconnect.")


# ---- messages --------------------------------------------------------------------------------

YOU: Final = _("You")
STATE: Final = {
    MessageState.QUEUED: _("queued"),
    MessageState.AWAITING_ACCEPTANCE: _("awaiting acceptance"),
    MessageState.RELAYED: _("sent"),
    MessageState.DELIVERED: _("delivered"),
    MessageState.READ: _("read"),
}
NOT_SENT: Final = _("Not sent.")
RETRY_OR_DISCARD: Final = _("r\N{NO-BREAK SPACE}retry  d\N{NO-BREAK SPACE}discard")
EXPIRED: Final = _("Not delivered in time.")
UNDECRYPTABLE: Final = _("Can't read this message yet. Asked their device to send it again.")
GAP: Final = _("A message is missing here. Asked their device to send it again.")
UNKNOWN: Final = _("Sent with a newer Restante. Update yours to read it.")
EDITED: Final = _("edited")
IMPORTED: Final = _("imported")
PINNED: Final = _("pinned")
WITH_YOU: Final = _(" with you")


def ring(distance: str) -> str:
    """Beside a sketch, how far its ring is."""
    return _("ring: {distance}, north up", distance=distance)


def from_here(distance: str, direction: str, degrees: str) -> str:
    """Where a place is, seen from the reader's."""
    return _(
        "{distance} {direction} of you ({degrees})",
        distance=distance,
        direction=direction,
        degrees=degrees,
    )


PLACE: Final = _("Place:")
CARD: Final = _("Contact:")
CARD_HINT: Final = _("Enter starts a chat with them.")
CARD_KNOWN: Final = _("You know them. Enter opens the chat.")
REACT_TITLE: Final = _("React")
REACT_PLACEHOLDER: Final = _("Any other emoji")
REACT_TAKE_BACK: Final = _("Empty the line to take yours back.")
DELETE_TITLE: Final = _("Delete this message?")
DELETE_TEXT: Final = _(
    "For everyone: it vanishes from their devices too, unless they are offline for long or kept a "
    "copy. For me: it vanishes from your devices, and they keep theirs."
)
DELETE_FOR_ME_TEXT: Final = _("It vanishes from your devices. Theirs keep it.")
DELETE_FOR_EVERYONE: Final = _("For everyone")
DELETE_FOR_ME: Final = _("For me")
DELETED: Final = _("Deleted.")
WHY_TITLE: Final = _("What became of this message")
EDITING: Final = _("Editing. Enter keeps it, Esc leaves it.")
COPIED: Final = _("Copied.")
DISCARDED: Final = _("Discarded.")
READ_FAILED: Final = _("The history can't be read. Restart Restante; if it stays, see the log.")


def device(short_id: str) -> str:
    """One of somebody's devices."""
    return _("device {short_id}", short_id=short_id)


def answering(name: str, excerpt: str) -> str:
    """What the box is for while one answers."""
    return _("Answer to {name}: {excerpt}", name=name, excerpt=excerpt)


def deleted(*, by_me: bool) -> str:
    """In the place of a message that its author deleted."""
    return _("You deleted this message.") if by_me else _("This message was deleted.")


def timer_set(name: str, duration: str) -> str:
    """Somebody said how long messages stay; an empty duration: for ever."""
    if not duration:
        return _("{name} turned disappearing messages off.", name=name)
    return _(
        "{name} set messages to disappear {duration} after they were read.",
        name=name,
        duration=duration,
    )


def disappears_at(when: str) -> str:
    """A message whose time runs."""
    return _("disappears {when}", when=when)


def disappears_after(duration: str) -> str:
    """A message whose time hasn't begun."""
    return _("disappears {duration} after it was read", duration=duration)


def live_place(age: str, until: str) -> str:
    """A place that moves."""
    return _("live until {until}, moved {age}", until=until, age=age)


def place_was(at: str) -> str:
    """A place that moved, and does no more."""
    return _("as of {at}, not live any more", at=at)


def new_count(count: int) -> str:
    """The unread divider."""
    return _("New · {count}", count=count)


def new_below(count: int) -> str:
    """What arrived while the reader was further up."""
    return _("{count} new below", count=count)


BELOW: Final = _("Latest below")

# ---- chat list -------------------------------------------------------------------------------

PALETTE: Final = _("Palette")
FIND: Final = _("Find or start a chat")
NO_CHATS: Final = _("No chats yet.")
NO_ARCHIVED: Final = _("Nothing is archived.")
ALL_ARCHIVED: Final = _("All chats are archived.")
DRAFT: Final = _("Draft:")
REQUEST_PREVIEW: Final = _("Wants to talk to you")
BLOCKED_PREVIEW: Final = _("Blocked")
NO_MESSAGES_PREVIEW: Final = _("No messages yet")
NO_CHAT_OPEN: Final = _("Pick a chat on the left.")
NO_CHAT_OPEN_KEYS: Final = (
    ("go_to", "^k", _("find a chat")),
    ("search_all", "^t", _("search all chats")),
    ("new_chat", "^n", _("add somebody by code or address")),
    ("my_code", "F4", _("show your own code")),
)


def invite_hint(key: str) -> str:
    """In an empty list of chats."""
    return _("{key} to invite someone.", key=key)


def chats(count: int) -> str:
    """How many chats there are."""
    return plural("1 chat", "{count} chats", count)


def no_messages(name: str) -> str:
    """An empty conversation."""
    return _("No messages yet. Say hello to {name}.", name=name)


def message_to(name: str) -> str:
    """The empty compose box."""
    return _("Message {name}…", name=name)


COMPOSE_HINT: Final = _("Enter send · ^J new line")
NO_EDITOR: Final = _("No editor is found. Set $VISUAL or $EDITOR to yours.")
NO_EDITOR_HERE: Final = _("This terminal can't be handed to an editor.")
COMPOSE_REQUEST: Final = _("Accept to answer.")
COMPOSE_BLOCKED: Final = _("You blocked this contact.")
COMPOSE_PAUSED: Final = _("Sending is paused.")


def editor_failed(code: int) -> str:
    """The editor ended badly."""
    return _(
        "The editor ended with an error ({code}). What you had written is still in the box.",
        code=code,
    )


# ---- dialogs ---------------------------------------------------------------------------------

GO_TO_TITLE: Final = _("Go to")
GO_TO_PLACEHOLDER: Final = _("A name, an address or a code")


NOBODY: Final = _("Nobody here yet.")


def no_match(text: str) -> str:
    """Nothing was found."""
    return _("No match for '{text}'.", text=text)


def start_chat_with(text: str) -> str:
    """The entry of the switcher that looks an address or a code up."""
    return _("Start a chat with {text}", text=text)


TYPING: Final = _("typing…")
ONLINE: Final = _("online")


def seen(age: str) -> str:
    """When somebody was last there, to five minutes."""
    return _("Seen {age}", age=age)


TIMER_TITLE: Final = _("Disappearing messages")
TIMER_TEXT: Final = _(
    "New messages vanish from all devices of both so long after they were read. Nobody can keep "
    "them from being copied."
)
TIMER_OFF: Final = _("Off: messages stay")


def timer(duration: str) -> str:
    """In the header: messages disappear."""
    return _("timer {duration}", duration=duration)


def disappearing(duration: str) -> str:
    """In the info pane: messages disappear."""
    return _("Messages disappear after {duration}", duration=duration)


def is_typing(name: str) -> str:
    """Above the box."""
    return _("{name} is typing…", name=name)


def history_under_way(percent: int, left: str) -> str:
    """A history that goes to, or comes from, another device; `left` may be empty."""
    if not left:
        return _("History {percent} %", percent=percent)
    return _("History {percent} %, {left} left", percent=percent, left=left)


def quit_hint(key: str) -> str:
    """Instead of an end by ^c."""
    return _("Press {key} to quit.", key=key)


INFO_LEAVE: Final = _("Leave")
INFO_MUTE: Final = _("Mute")
INFO_ARCHIVE: Final = _("Archive")
INFO_PINNED: Final = _("Pinned messages")
FAILED: Final = _("That didn't work; nothing was changed. See the log.")
