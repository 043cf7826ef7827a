"""The sentences of the line mode: a part of tui/words.py. Pure.

Rule: as there; each is whole when it is read out alone, and no sign stands for a word.
Spec: docs/plain.md.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, plural

YES: Final = frozenset({"y", "yes"})
SAME: Final = "same"
STOP: Final = "stop"

# ---- beginning and end -------------------------------------------------------------------------

LINES_INSTEAD: Final = _(
    "This terminal can show lines only (TERM is dumb or unset), so here they are."
)
NO_ACCOUNT: Final = _(
    "There is no account in this profile yet. Make one with 'restante init', then start again."
)
HOW: Final = _(
    "A line is sent to the open chat. /chats lists yours, /help says what else there is."
)
LOCKED: Final = _(
    "Locked. 'restante unlock' in another terminal opens it again, or end with /quit."
)
UNLOCKED: Final = _("Unlocked.")
LEFT_QUEUED: Final = _(
    "What was not sent yet is kept, and goes when Restante runs again. Don't send it twice."
)
TOO_LONG: Final = _("That line is too long for a message, and was not sent.")


def greeting(address: str) -> str:
    """The first line."""
    return _("Restante, {address}.", address=address)


def unread_chats(messages: int, chats: int) -> str:
    """How much is new; nothing is, with 0."""
    if not messages:
        return _("Nothing is unread.")
    if chats == 1:
        return plural(
            "1 message is unread. /next-unread reads them.",
            "{count} messages are unread. /next-unread reads them.",
            messages,
        )
    return plural(
        "1 message is unread, in {chats} chats. /next-unread reads them.",
        "{count} messages are unread, in {chats} chats. /next-unread reads them.",
        messages,
        chats=chats,
    )


# ---- chats -------------------------------------------------------------------------------------

NO_CHATS: Final = _(
    "No chats yet. /new CODE or /new ADDRESS begins one, /show-my-code shows yours."
)
NO_ARCHIVED: Final = _("Nothing is archived.")
ARCHIVED: Final = _("Archived. /show-archived lists what is.")
NONE_OPEN: Final = _("No chat is open. /go-to NAME opens one.")
GO_TO_WHOM: Final = _("Say whom: /go-to NAME, or a number of /chats.")
NEW_WHOM: Final = _("Say whom: /new CODE, or /new ADDRESS.")
NO_EARLIER: Final = _("Nothing is before that. /newest reads the end again.")
NO_LATER: Final = _("That is the end.")
NOTHING_HERE: Final = _("Nothing was said here yet.")
NO_GROUP: Final = _("The open chat is no group.")
GROUP_HOW: Final = _("Say how it is called: /new-group NAME. Who is in it is asked next.")
REMOVE_HOW: Final = _("Say whom: /remove NAME.")
ROLE_HOW: Final = _("Say whose, and which: /role NAME reader, member, admin or owner.")
INVITE_ASK: Final = "ask"
INVITE_HOW: Final = _(
    "Say for how long and for how many, or neither: /invite-by-link 1d 10. With ask, an admin is "
    "asked about each."
)
NO_INVITES: Final = _("No invites. /invite-by-link makes one.")
REVOKE_HOW: Final = _("Say which, by its first signs in /invites: /revoke 1a2b3c4d.")
ASKING_HOW: Final = _("/admit NAME lets somebody in who asks, /refuse NAME says no.")
SPACE_HOW: Final = _("Say how it is called: /new-space NAME. Who is in it is asked next.")
CHANNEL_HOW: Final = _("Say how it is called: /new-channel NAME, or NAME, CATEGORY.")
PLACE_CHANNEL_HOW: Final = _("Say which and where: /place CHANNEL, CATEGORY.")
UNLIST_HOW: Final = _("Say which: /unlist CHANNEL. It stays a group.")
NO_SPACE: Final = _("The open chat is no space, and no channel of one.")
NAMES_HOW: Final = _("Type names or addresses, with commas between.")


def no_member(name: str) -> str:
    """Nobody in the group is called so."""
    return _("{name} is not in the group. /members says who is.", name=name)


def one_of(choices: list[str]) -> str:
    """What may stand after a command."""
    return _("Say which: {choices}.", choices=", ".join(choices))


def chat_line(number: int, title: str, said: list[str]) -> str:
    """One chat of the list."""
    return f"{number} {title}" + (f": {', '.join(said)}" if said else "")


def unread(count: int) -> str:
    """Of a chat."""
    return _("{count} unread", count=count)


def mentioned(count: int) -> str:
    """Of a chat: how many of the unread messages name one or answer one."""
    return plural("{count} mentions you", "{count} mention you", count)


def opened(title: str, said: list[str]) -> str:
    """A chat is open now."""
    return _("Chat with {title}", title=title) + (f", {', '.join(said)}." if said else ".")


def earlier(count: int) -> str:
    """What stands before."""
    return _("{count} before. /history reads the latest of them.", count=count)


def new_messages(count: int) -> str:
    """They follow."""
    return plural("1 new message:", "{count} new messages:", count)


def no_such_chat(number: str) -> str:
    """A number that no chat had."""
    return _("No chat of the last list has the number {number}.", number=number)


def wrote(name: str, count: int) -> str:
    """Somebody else than whose chat is open."""
    return plural("{name} wrote.", "{name} wrote {count} messages.", count, name=name)


# ---- messages ----------------------------------------------------------------------------------

NO_MESSAGE: Final = _("There is no message here that this can be done with.")
NOT_THAT_ONE: Final = _("This can't be done with that message.")
SENT_EDIT: Final = _("Changed.")
PINNED: Final = _("Pinned, for everybody here.")
UNPINNED: Final = _("Not pinned any more.")
DELETE_ASK: Final = _("Delete it for everyone, or for you? Type everyone, me, or nothing.")
EVERYONE: Final = "everyone"
ME: Final = "me"
NOT_DELETED: Final = _("It stays.")
REPLY_HOW: Final = _("Say what: /answer TEXT, or /answer #12 TEXT.")
EDIT_HOW: Final = _("Say what it is to say: /edit TEXT, or /edit #12 TEXT.")
REACT_HOW: Final = _("Say which: /react EMOJI, or /react #12 EMOJI.")
FETCHING: Final = _("It is fetched. Ask again when it is here.")
FETCH_STOPPED: Final = _("It is fetched no more. Ask again to go on.")
PICTURE_NONE: Final = "none"
PICTURE_HOW: Final = _("Say which: /picture FILE; or none.")
FILE_HOW: Final = _("Say which: /send-a-file PATH.")
PLACE_HOW: Final = _("Say where: /send-a-place -34.9060, -56.1994 The harbour")
MOVE_HOW: Final = _("Say where you are now: /move-live-place -34.9060, -56.1994; or stop.")
CARD_HOW: Final = _("Say whose address: /send-a-contact NAME.")
LATER_HOW: Final = _(
    "Say when: /send-later 18:30, or /send-later tomorrow 9:00. The text comes next."
)
LATER_WHAT: Final = _("What is to be sent then? An empty line sends nothing.")
LATER_LEFT: Final = _("Nothing is sent later.")
TAKE_BACK_WHICH: Final = _("Type a number to take that one back, or nothing.")
TAKEN_BACK: Final = _("Taken back.")
DATE_HOW: Final = _("Say which day: /go-to-a-date yesterday, monday, 4 June, 2026-11-04.")
FIND_HOW: Final = _("Say what: /find WORDS.")
SEARCH_HOW: Final = _(
    "Say what: /search-all WORDS, with from: in: type: since: before: if you like."
)
NO_MATCH: Final = _("No match.")


def number(position: int) -> str:
    """How a message is called in a command."""
    return f"#{position + 1} "


def answers(excerpt: str) -> str:
    """Before a message that answers another."""
    return _('to "{excerpt}": ', excerpt=excerpt)


def file(name: str, size: str, stands: str) -> str:
    """A message that carries one."""
    return _("File {name}, {size}, {stands}.", name=name, size=size, stands=stands)


def file_at_relay(until: str) -> str:
    """Where a file is, and for how long."""
    if not until:
        return _("at the relay; /save-its-file fetches it")
    return _("at the relay until {until}; /save-its-file fetches it", until=until)


def card(name: str, address: str) -> str:
    """Somebody's address."""
    return _(
        "Contact {name}, {address}. /open begins a chat with them.", name=name, address=address
    )


def place(label: str, latitude: str, longitude: str) -> str:
    """Somewhere."""
    at = f"{latitude}, {longitude}"
    return _("Place {name}, {at}.", name=label, at=at) if label else _("Place, {at}.", at=at)


def reactions(said: str) -> str:
    """What others made of it."""
    return _("Reactions: {said}.", said=said)


def state(word: str, excerpt: str) -> str:
    """How far a message of one's own has come; the excerpt says which, if it isn't the last."""
    which = f': "{excerpt}"' if excerpt else ""
    return f"{word.capitalize()}{which}."


def not_sent(reason: str) -> str:
    """A message of one's own failed."""
    if not reason:
        return _("Not sent. /send-again tries again, /discard drops it.")
    return _("Not sent. {reason} /send-again tries again, /discard drops it.", reason=reason)


def changed(name: str, text: str) -> str:
    """Somebody changed what a message says."""
    return _("{name} changed a message: {text}", name=name, text=text)


def was_deleted(name: str) -> str:
    """Somebody deleted a message."""
    return _("{name} deleted a message.", name=name)


def no_such_number(typed: str) -> str:
    """A number that no message had."""
    return _("No message that was read here has the number {typed}.", typed=typed)


# ---- contacts ----------------------------------------------------------------------------------

VERIFY_HOW: Final = _(
    "Compare it with what they see, on a call or side by side. Type same if all sixty digits are, "
    "differ if not, or paste theirs; an empty line decides nothing."
)
VERIFY_BACK: Final = _("Type back to take the verification back, or nothing.")
BACK: Final = "back"
DIFFER: Final = "differ"
UNDECIDED: Final = _("Nothing was decided.")
YES_OR_NO: Final = _("Type yes or no.")
ACCEPT_NOTHING: Final = _("There is nothing to accept here.")
RENAME_HOW: Final = _("Say how: /rename NAME. 'restante contact rename' takes a name back.")
TIMER_HOW: Final = _("Say how long: /disappearing-messages 1d. There are s, m, h, d, w, and off.")
MUTED_FOR_EVER: Final = _("Muted. /mute off lets it speak again, /mute 8h mutes it for a while.")


FORWARD_HOW: Final = _("Say to whom: /forward NAME, NAME, or /forward #12 NAME.")
POLL_HOW: Final = _("Say how: /poll QUESTION | ANSWER | ANSWER, with two to twelve answers.")
POLL_SEVERAL: Final = _("May several answers be chosen?")
VOTE_HOW: Final = _("Say which: /vote 2, or /vote #12 1,3. /vote off takes yours back.")
VOTE_OFF: Final = "off"


def answer_request(name: str) -> str:
    """Somebody who wrote first has the chat open."""
    return _(
        "{name} wants to talk to you. /accept or /block-contact; they can't see what you read.",
        name=name,
    )


def key_changed(name: str) -> str:
    """Of the open chat."""
    return _(
        "{name}'s security key changed. This happens with a new phone, or if someone is "
        "intercepting. Sending is paused. /verify-contact compares, /why-is-sending-paused? says "
        "more, /accept goes on.",
        name=name,
    )


def stays(duration: str) -> str:
    """How long messages stay."""
    return (
        _("New messages disappear {duration} after they were read.", duration=duration)
        if duration
        else _("Messages stay.")
    )


# ---- the account -------------------------------------------------------------------------------

LOCK_NOT: Final = _(
    "There is no passphrase, so locking would keep nobody out: 'restante passphrase'."
)
DEVICES: Final = _("Your devices. 'restante device' links, renames and revokes.")
SETTINGS_HOW: Final = _("/settings NAME VALUE changes one, on all your devices.")
RETRYING: Final = _("Connecting.")
CONNECTED: Final = _("Connected.")
NO_SUCH: Final = _(
    "There is no such command. /help lists them. A message that begins with / takes //."
)


def device(name: str, said: list[str]) -> str:
    """One of them."""
    return f"{name}{', ' + ', '.join(said) if said else ''}"


def could_mean(names: list[str]) -> str:
    """A beginning that several commands share."""
    listed = _(" or ").join("/" + name for name in names)
    return _("That could be {listed}.", listed=listed)


def elsewhere(command: str) -> str:
    """What another command does better."""
    return _("'{command}' does that.", command=command)
