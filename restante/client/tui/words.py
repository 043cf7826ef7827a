"""Every sentence of the interface, in one place. Pure.

Tone: short, calm, says what happened and what to do. Rule: no widget holds a sentence of its own;
what is named here by a peer was cleaned before. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.interface import ContactState, MessageState, Trust

# ---- connection ------------------------------------------------------------------------------

CONNECTED: Final = "Connected"
CONNECTING: Final = "Connecting"
OFFLINE: Final = "Offline"
STOPPED: Final = "Stopped"


def connecting_to(relay: str) -> str:
    """After two seconds of trying."""
    return f"Connecting to {relay}…"


def offline(outbox_count: int, error: str | None) -> str:
    """The banner of a lost connection."""
    head = f"Offline. {error.rstrip('. ')}." if error else "Offline."
    return f"{head} {_waits(outbox_count)}"


def still_connecting(relay: str, outbox_count: int) -> str:
    """The banner of a connection that isn't there yet."""
    return f"{connecting_to(relay)} {_waits(outbox_count)}"


def _waits(outbox_count: int) -> str:
    if outbox_count == 1:
        return "1 message will send when you reconnect."
    if outbox_count:
        return f"{outbox_count} messages will send when you reconnect."
    return "You can read and write; it sends when you reconnect."


# ---- trust and requests ----------------------------------------------------------------------

TRUST: Final = {
    Trust.VERIFIED: "verified",
    Trust.UNVERIFIED: "not verified",
    Trust.CHANGED: "key changed",
}
NOT_VERIFIED_HINT: Final = "Compare codes to be sure."
KEY_CHANGED_WHY: Final = (
    "Your contact's device now signs with another key. A new phone or a new installation does "
    "that; so does somebody who sits in between and wants to read along.\n\n"
    "Ask them over another way (a call, in person) whether they set up a new device, and compare "
    "safety numbers. Until you decide nothing is sent, and your draft stays."
)
KEY_CHANGED_TITLE: Final = "Why is sending paused?"
ACCEPT_KEY_WORD: Final = "accept"
ACCEPT_KEY_TITLE: Final = "Accept the new key?"


def key_changed(name: str) -> str:
    """The banner of a changed key."""
    return (
        f"{name}'s security key changed. This happens with a new phone, or if someone is "
        "intercepting. Sending is paused."
    )


def accept_key(name: str) -> str:
    """Before a new key is accepted without comparing."""
    return (
        f"If somebody is intercepting, they will read what you send to {name} from now on. "
        f"Type {ACCEPT_KEY_WORD} to go on without comparing safety numbers."
    )


def request(name: str) -> str:
    """The banner of somebody who wrote first."""
    return f"{name} wants to talk to you. They can't see whether you read this."


def pending(name: str) -> str:
    """The banner of a contact who hasn't answered yet."""
    return f"{name} hasn't accepted you yet. Messages wait for them."


def blocked(name: str) -> str:
    """The banner of a blocked contact."""
    return f"You blocked {name}. They can't tell."


BLOCK_TITLE: Final = "Block this contact?"


def block(name: str) -> str:
    """Before somebody is blocked."""
    return f"You won't see messages from {name} any more, and they can't tell. You can undo it."


ANEW_TITLE: Final = "Begin new sessions?"


def anew(name: str) -> str:
    """Before new sessions are begun."""
    return (
        f"For when what {name} sends can't be read again and again. Nothing of the history is "
        "lost, and what is missing is asked for."
    )


def has_begun_anew(name: str) -> str:
    """After that."""
    return f"New sessions with {name}. What is missing is asked for."


# ---- messages --------------------------------------------------------------------------------

YOU: Final = "You"
STATE: Final = {
    MessageState.QUEUED: "queued",
    MessageState.AWAITING_ACCEPTANCE: "awaiting acceptance",
    MessageState.RELAYED: "sent",
    MessageState.DELIVERED: "delivered",
    MessageState.READ: "read",
}
NOT_SENT: Final = "Not sent."
EXPIRED: Final = "Not delivered in time."
UNDECRYPTABLE: Final = "Can't read this message yet. Asked their device to send it again."
GAP: Final = "A message is missing here. Asked their device to send it again."
UNKNOWN: Final = "Sent with a newer Restante. Update yours to read it."
EDITED: Final = "edited"
IMPORTED: Final = "imported"
PINNED: Final = "pinned"
WITH_YOU: Final = " with you"


def ring(distance: str) -> str:
    """Beside a sketch, how far its ring is."""
    return f"ring: {distance}, north up"


PLACE: Final = "Place:"
CARD: Final = "Contact:"
CARD_HINT: Final = "Enter starts a chat with them."
CARD_KNOWN: Final = "You know them. Enter opens the chat."
REACT_TITLE: Final = "React"
REACT_PLACEHOLDER: Final = "Any other emoji"
REACT_TAKE_BACK: Final = "Empty the line to take yours back."
DELETE_TITLE: Final = "Delete this message?"
DELETE_TEXT: Final = (
    "For everyone: it vanishes from their devices too, unless they are offline for long or kept a "
    "copy. For me: it vanishes from your devices, and they keep theirs."
)
DELETE_FOR_ME_TEXT: Final = "It vanishes from your devices. Theirs keep it."
DELETE_FOR_EVERYONE: Final = "For everyone"
DELETE_FOR_ME: Final = "For me"
DELETED: Final = "Deleted."
WHY_TITLE: Final = "What became of this message"
EDITING: Final = "Editing. Enter keeps it, Esc leaves it."
COPIED: Final = "Copied."
DISCARDED: Final = "Discarded."
READ_FAILED: Final = "The history can't be read. Restart Restante; if it stays, see the log."


def device(short_id: str) -> str:
    """One of somebody's devices."""
    return f"device {short_id}"


def answering(name: str, excerpt: str) -> str:
    """What the box is for while one answers."""
    return f"Answer to {name}: {excerpt}"


def deleted(*, by_me: bool) -> str:
    """In the place of a message that its author deleted."""
    return "You deleted this message." if by_me else "This message was deleted."


def timer_set(name: str, duration: str) -> str:
    """Somebody said how long messages stay; an empty duration: for ever."""
    if not duration:
        return f"{name} turned disappearing messages off."
    return f"{name} set messages to disappear {duration} after they were read."


def disappears_at(when: str) -> str:
    """A message whose time runs."""
    return f"disappears {when}"


def disappears_after(duration: str) -> str:
    """A message whose time hasn't begun."""
    return f"disappears {duration} after it was read"


def live_place(age: str, until: str) -> str:
    """A place that moves."""
    return f"live until {until}, moved {age}"


def place_was(at: str) -> str:
    """A place that moved, and does no more."""
    return f"as of {at}, not live any more"


def new_count(count: int) -> str:
    """The unread divider."""
    return f"New · {count}"


def new_below(count: int) -> str:
    """What arrived while the reader was further up."""
    return f"{count} new below"


BELOW: Final = "Latest below"

# ---- chat list -------------------------------------------------------------------------------

PALETTE: Final = "Palette"
FIND: Final = "Find or start a chat"
NO_CHATS: Final = "No chats yet."
NO_ARCHIVED: Final = "Nothing is archived."
ALL_ARCHIVED: Final = "All chats are archived."
DRAFT: Final = "Draft:"
REQUEST_PREVIEW: Final = "Wants to talk to you"
BLOCKED_PREVIEW: Final = "Blocked"
NO_MESSAGES_PREVIEW: Final = "No messages yet"
NO_CHAT_OPEN: Final = "Pick a chat on the left."
NO_CHAT_OPEN_KEYS: Final = (
    ("go_to", "^k", "find a chat"),
    ("search_all", "^t", "search all chats"),
    ("new_chat", "^n", "add somebody by code or address"),
    ("my_code", "F4", "show your own code"),
)


def invite_hint(key: str) -> str:
    """In an empty list of chats."""
    return f"{key} to invite someone."


def chats(count: int) -> str:
    """How many chats there are."""
    return "1 chat" if count == 1 else f"{count} chats"


def no_messages(name: str) -> str:
    """An empty conversation."""
    return f"No messages yet. Say hello to {name}."


def message_to(name: str) -> str:
    """The empty compose box."""
    return f"Message {name}…"


COMPOSE_HINT: Final = "Enter send · ^J new line"
NO_EDITOR: Final = "No editor is found. Set $VISUAL or $EDITOR to yours."
NO_EDITOR_HERE: Final = "This terminal can't be handed to an editor."
COMPOSE_REQUEST: Final = "Accept to answer."
COMPOSE_BLOCKED: Final = "You blocked this contact."
COMPOSE_PAUSED: Final = "Sending is paused."
COMPOSE_PAUSED_DRAFT: Final = "Sending is paused. Your draft is kept."


def editor_failed(code: int) -> str:
    """The editor ended badly."""
    return f"The editor ended with an error ({code}). What you had written is still in the box."


# ---- dialogs ---------------------------------------------------------------------------------

GO_TO_TITLE: Final = "Go to"
GO_TO_PLACEHOLDER: Final = "A name, an address or a code"
NEW_CHAT_TITLE: Final = "New chat"
NEW_CHAT_TEXT: Final = (
    "Paste the code they sent you, or type their address. A code also proves that it's them."
)
NEW_CHAT_PLACEHOLDER: Final = "restante:c… or alice@relay.example"
LOOKING_UP: Final = "Looking them up…"
RENAME_TITLE: Final = "Rename"
RENAME_TEXT: Final = "Only you see this name. Leave it empty to show the address again."
MY_CODE_TITLE: Final = "Your code"
MY_CODE_TEXT: Final = "Whoever scans or pastes this can write to you, and knows it's you."
MY_CODE_WAITING: Final = "Making your code…"


NOBODY: Final = "Nobody here yet."


def no_match(text: str) -> str:
    """Nothing was found."""
    return f"No match for '{text}'."


def start_chat_with(text: str) -> str:
    """The entry of the switcher that looks an address or a code up."""
    return f"Start a chat with {text}"


def marked_verified(name: str) -> str:
    """After the numbers were compared."""
    return f"{name} is verified."


def marked_unverified(name: str) -> str:
    """After a verification was taken back."""
    return f"{name} is not verified any more."


def now_called(name: str) -> str:
    """After renaming."""
    return f"Now called {name}."


def accepted(name: str) -> str:
    """After a request was accepted."""
    return f"You and {name} can talk now."


def was_blocked(name: str) -> str:
    """After blocking."""
    return f"{name} is blocked."


TYPING: Final = "typing…"
ONLINE: Final = "online"


def seen(age: str) -> str:
    """When somebody was last there, to five minutes."""
    return f"Seen {age}"


TIMER_TITLE: Final = "Disappearing messages"
TIMER_TEXT: Final = (
    "New messages vanish from all devices of both so long after they were read. Nobody can keep "
    "them from being copied."
)
TIMER_OFF: Final = "Off: messages stay"


def timer(duration: str) -> str:
    """In the header: messages disappear."""
    return f"timer {duration}"


def disappearing(duration: str) -> str:
    """In the info pane: messages disappear."""
    return f"Messages disappear after {duration}"


def is_typing(name: str) -> str:
    """Above the box."""
    return f"{name} is typing…"


def history_under_way(percent: int, left: str) -> str:
    """A history that goes to, or comes from, another device; `left` may be empty."""
    return f"History {percent} %" + (f", {left} left" if left else "")


# ---- bugs and endings ------------------------------------------------------------------------

CRASHED: Final = (
    "Restante stopped on a bug of its own. What you sent and received is safe in the database.\n"
    "This is where it happened; it holds no message, no name and no key:"
)
CRASH_ASK: Final = "\nKeep this in a file, to send to those who make Restante? y/N"
CRASH_NOT_KEPT: Final = "Nothing was kept."


def crash_kept(path: str) -> str:
    """Where it lies, and what becomes of it: nothing by itself."""
    return f"Kept in {path}, for you alone to read. Look at it, then send it; nothing sends it."


def crash_unkept(path: str, why: str) -> str:
    """It can't be written."""
    return f"{path} can't be written ({why}), so nothing was kept."


DUMB_TERMINAL: Final = (
    "This terminal can't show the interface (TERM is dumb or unset). Use `restante chat --plain`."
)
NO_TERMINAL: Final = (
    "There is no terminal to show the interface on. Use `restante chat --plain`, "
    "`restante send` and `restante tail`."
)


def quit_hint(key: str) -> str:
    """Instead of an end by ^c."""
    return f"Press {key} to quit."


CONTACT_STATE: Final = {
    ContactState.ACCEPTED: "",
    ContactState.REQUEST: "wants to talk to you",
    ContactState.PENDING: "hasn't answered yet",
    ContactState.LEFT: "deleted their account",
    ContactState.BLOCKED: "blocked",
    ContactState.SELF: "only you can read this",
    ContactState.MEMBER: "",
}

INFO_VERIFY: Final = "Compare numbers"
INFO_RENAME: Final = "Rename"
INFO_BLOCK: Final = "Block"
INFO_LEAVE: Final = "Leave"
INFO_MUTE: Final = "Mute"
INFO_ARCHIVE: Final = "Archive"
INFO_PINNED: Final = "Pinned messages"
FAILED: Final = "That didn't work; nothing was changed. See the log."
