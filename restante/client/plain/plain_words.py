"""The sentences of the line mode: a part of tui/words.py. Pure.

Rule: as there; each is whole when it is read out alone, and no sign stands for a word.
Spec: docs/plain.md.
"""

from __future__ import annotations

from typing import Final

YES: Final = frozenset({"y", "yes"})
SAME: Final = "same"
STOP: Final = "stop"

# ---- beginning and end -------------------------------------------------------------------------

LINES_INSTEAD: Final = (
    "This terminal can show lines only (TERM is dumb or unset), so here they are."
)
NO_ACCOUNT: Final = (
    "There is no account in this profile yet. Make one with 'restante init', then start again."
)
HOW: Final = "A line is sent to the open chat. /chats lists yours, /help says what else there is."
LOCKED: Final = "Locked. 'restante unlock' in another terminal opens it again, or end with /quit."
UNLOCKED: Final = "Unlocked."
LEFT_QUEUED: Final = (
    "What was not sent yet is kept, and goes when Restante runs again. Don't send it twice."
)
TOO_LONG: Final = "That line is too long for a message, and was not sent."


def greeting(address: str) -> str:
    """The first line."""
    return f"Restante, {address}."


def unread_chats(messages: int, chats: int) -> str:
    """How much is new; nothing is, with 0."""
    if not messages:
        return "Nothing is unread."
    said = "1 message is" if messages == 1 else f"{messages} messages are"
    where = "" if chats == 1 else f", in {chats} chats"
    return f"{said} unread{where}. /next-unread reads them."


# ---- chats -------------------------------------------------------------------------------------

NO_CHATS: Final = "No chats yet. /new CODE or /new ADDRESS begins one, /show-my-code shows yours."
NO_ARCHIVED: Final = "Nothing is archived."
ARCHIVED: Final = "Archived. /show-archived lists what is."
NONE_OPEN: Final = "No chat is open. /go-to NAME opens one."
GO_TO_WHOM: Final = "Say whom: /go-to NAME, or a number of /chats."
NEW_WHOM: Final = "Say whom: /new CODE, or /new ADDRESS."
NO_EARLIER: Final = "Nothing is before that. /newest reads the end again."
NO_LATER: Final = "That is the end."
NOTHING_HERE: Final = "Nothing was said here yet."
NO_GROUP: Final = "The open chat is no group."
GROUP_HOW: Final = "Say how it is called: /new-group NAME. Who is in it is asked next."
NAMES_HOW: Final = "Type names or addresses, with commas between."


def one_of(choices: list[str]) -> str:
    """What may stand after a command."""
    return f"Say which: {', '.join(choices)}."


def chat_line(number: int, title: str, said: list[str]) -> str:
    """One chat of the list."""
    return f"{number} {title}" + (f": {', '.join(said)}" if said else "")


def unread(count: int) -> str:
    """Of a chat."""
    return f"{count} unread"


def opened(title: str, said: list[str]) -> str:
    """A chat is open now."""
    return f"Chat with {title}" + (f", {', '.join(said)}." if said else ".")


def earlier(count: int) -> str:
    """What stands before."""
    return f"{count} before. /history reads the latest of them."


def new_messages(count: int) -> str:
    """They follow."""
    return "1 new message:" if count == 1 else f"{count} new messages:"


def no_such_chat(number: str) -> str:
    """A number that no chat had."""
    return f"No chat of the last list has the number {number}."


def wrote(name: str, count: int) -> str:
    """Somebody else than whose chat is open."""
    return f"{name} wrote." if count == 1 else f"{name} wrote {count} messages."


# ---- messages ----------------------------------------------------------------------------------

NO_MESSAGE: Final = "There is no message here that this can be done with."
NOT_THAT_ONE: Final = "This can't be done with that message."
SENT_EDIT: Final = "Changed."
PINNED: Final = "Pinned, for everybody here."
UNPINNED: Final = "Not pinned any more."
REACTED: Final = "Done."
DELETE_ASK: Final = "Delete it for everyone, or for you? Type everyone, me, or nothing."
EVERYONE: Final = "everyone"
ME: Final = "me"
NOT_DELETED: Final = "It stays."
REPLY_HOW: Final = "Say what: /answer TEXT, or /answer #12 TEXT."
EDIT_HOW: Final = "Say what it is to say: /edit TEXT, or /edit #12 TEXT."
REACT_HOW: Final = "Say which: /react EMOJI, or /react #12 EMOJI."
FETCHING: Final = "It is fetched. Ask again when it is here."
FETCH_STOPPED: Final = "It is fetched no more. Ask again to go on."
FILE_HOW: Final = "Say which: /send-a-file PATH."
PLACE_HOW: Final = "Say where: /send-a-place -34.9060, -56.1994 The harbour"
MOVE_HOW: Final = "Say where you are now: /move-live-place -34.9060, -56.1994; or stop."
CARD_HOW: Final = "Say whose address: /send-a-contact NAME."
LATER_HOW: Final = "Say when: /send-later 18:30, or /send-later tomorrow 9:00. The text comes next."
LATER_WHAT: Final = "What is to be sent then? An empty line sends nothing."
LATER_LEFT: Final = "Nothing is sent later."
TAKE_BACK_WHICH: Final = "Type a number to take that one back, or nothing."
TAKEN_BACK: Final = "Taken back."
DATE_HOW: Final = "Say which day: /go-to-a-date yesterday, monday, 4 June, 2026-11-04."
FIND_HOW: Final = "Say what: /find WORDS."
SEARCH_HOW: Final = "Say what: /search-all WORDS, with from: in: type: since: before: if you like."
NO_MATCH: Final = "No match."
LEADS_NOWHERE: Final = "It holds no link, no contact and no answer."


def number(position: int) -> str:
    """How a message is called in a command."""
    return f"#{position + 1} "


def answers(excerpt: str) -> str:
    """Before a message that answers another."""
    return f'to "{excerpt}": '


def file(name: str, size: str, stands: str) -> str:
    """A message that carries one."""
    return f"File {name}, {size}, {stands}."


def file_at_relay(until: str) -> str:
    """Where a file is, and for how long."""
    return f"at the relay{' until ' + until if until else ''}; /save-its-file fetches it"


def card(name: str, address: str) -> str:
    """Somebody's address."""
    return f"Contact {name}, {address}. /open begins a chat with them."


def place(label: str, latitude: str, longitude: str) -> str:
    """Somewhere."""
    return f"Place{' ' + label if label else ''}, {latitude}, {longitude}."


def reactions(said: str) -> str:
    """What others made of it."""
    return f"Reactions: {said}."


def state(word: str, excerpt: str) -> str:
    """How far a message of one's own has come; the excerpt says which, if it isn't the last."""
    which = f': "{excerpt}"' if excerpt else ""
    return f"{word.capitalize()}{which}."


def not_sent(reason: str) -> str:
    """A message of one's own failed."""
    return f"Not sent.{' ' + reason if reason else ''} /send-again tries again, /discard drops it."


def changed(name: str, text: str) -> str:
    """Somebody changed what a message says."""
    return f"{name} changed a message: {text}"


def was_deleted(name: str) -> str:
    """Somebody deleted a message."""
    return f"{name} deleted a message."


def no_such_number(typed: str) -> str:
    """A number that no message had."""
    return f"No message that was read here has the number {typed}."


# ---- contacts ----------------------------------------------------------------------------------

VERIFY_HOW: Final = (
    "Compare it with what they see, on a call or side by side. Type same if all sixty digits are, "
    "differ if not, or paste theirs; an empty line decides nothing."
)
VERIFY_BACK: Final = "Type back to take the verification back, or nothing."
BACK: Final = "back"
DIFFER: Final = "differ"
UNDECIDED: Final = "Nothing was decided."
YES_OR_NO: Final = "Type yes or no."
ACCEPT_NOTHING: Final = "There is nothing to accept here."
RENAME_HOW: Final = "Say how: /rename NAME. 'restante contact rename' takes a name back."
TIMER_HOW: Final = "Say how long: /disappearing-messages 1d. There are s, m, h, d, w, and off."
MUTED_FOR_EVER: Final = "Muted. /mute off lets it speak again, /mute 8h mutes it for a while."


def answer_request(name: str) -> str:
    """Somebody who wrote first has the chat open."""
    return f"{name} wants to talk to you. /accept or /block-contact; they can't see what you read."


def key_changed(name: str) -> str:
    """Of the open chat."""
    return (
        f"{name}'s security key changed. This happens with a new phone, or if someone is "
        "intercepting. Sending is paused. /verify-contact compares, /why-is-sending-paused? says "
        "more, /accept goes on."
    )


def stays(duration: str) -> str:
    """How long messages stay."""
    return (
        f"New messages disappear {duration} after they were read." if duration else "Messages stay."
    )


# ---- the account -------------------------------------------------------------------------------

LOCK_NOT: Final = "There is no passphrase, so locking would keep nobody out: 'restante passphrase'."
DEVICES: Final = "Your devices. 'restante device' links, renames and revokes."
SETTINGS_HOW: Final = "/settings NAME VALUE changes one, on all your devices."
RETRYING: Final = "Connecting."
CONNECTED: Final = "Connected."
NO_SUCH: Final = (
    "There is no such command. /help lists them. A message that begins with / takes //."
)
OF_SCREEN: Final = "That is of the screen alone."


def device(name: str, said: list[str]) -> str:
    """One of them."""
    return f"{name}{', ' + ', '.join(said) if said else ''}"


def could_mean(names: list[str]) -> str:
    """A beginning that several commands share."""
    return f"That could be {' or '.join('/' + name for name in names)}."


def elsewhere(command: str) -> str:
    """What another command does better."""
    return f"'{command}' does that."


HELP: Final = (
    "A line is sent to the open chat; one that begins with // is sent with one stroke less. A "
    "command may be shortened as long as it is clear. Messages have numbers in /history, such as "
    "#12; without one the latest that fits is meant."
)
LINES_ONLY: Final = (
    ("chats", "Your chats, by number"),
    ("history", "What was said before, 20 at a time, or as many as you say"),
    ("more", "What came after that"),
)
"""Commands that only lines need: name and help."""

SAYS: Final = {
    "find": "Words in this chat; the latest 20 matches",
    "rename": "Your own name for this contact: /rename NAME",
    "mute": "For a while, as /mute 8h, or for good; /mute off",
    "alerts": "Which messages call you: /notices all, mentions or none",
    "timer": "How long messages stay: /disappearing-messages 1d, or off",
    "reply": "A message: /answer TEXT, /answer #12 TEXT",
    "edit": "What a text of yours says: /edit TEXT",
    "react": "Put an emoji on a message: /react EMOJI; the same again takes it back",
    "pin": "A message, for everybody here, or take that back",
    "delete": "A message; it is asked for whom",
    "save_file": "Of a message, into a directory; fetches it first",
    "send_file": "/send-a-file PATH; encrypted before it leaves, up to 5 GiB",
    "send_place": "/send-a-place LATITUDE, LONGITUDE NAME",
    "move_place": "Where you are now, or /move-live-place stop",
    "send_later": "/send-later TIME, and the text on the next line",
    "take_back": "What has not gone out yet",
    "go_to": "Open a chat: /go-to NAME, or its number",
    "go_to_date": "Read from a day on: /go-to-a-date monday",
    "latest": "Read the end again, with numbers",
    "new_chat": "/new CODE or /new ADDRESS",
    "devices": "Your devices",
    "settings": "What others see of you: /settings NAME VALUE",
    "help": "This list",
    "new_group": "/new-group NAME; who is in it is asked next",
    "add_members": "/add-people NAME, NAME; they see what is written from now on",
    "describe": "What it is for: /describe TEXT",
    "posting": "/who-may-write reader, member, admin or owner: the least role that may",
}
"""What a command does here, by action, where the screen's words don't fit."""

ONLY_ON_SCREEN: Final = {
    "copy": OF_SCREEN,
    "next_match": "/find lists all matches.",
    "jump": OF_SCREEN,
    "toggle_info": OF_SCREEN,
    "toggle_dark": OF_SCREEN,
    "keys": OF_SCREEN,
    "where_i_am": OF_SCREEN,
    "media": "'restante file ls NAME' lists the files of a chat.",
    "editor": "Write it in the editor, then: restante send NAME - < FILE",
}
"""What the screen's other commands are answered with, by action."""
