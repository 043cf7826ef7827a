"""What each command of the line mode is said to do, as /help lists them. Pure.

Rule: as in plain_words.py; a command stands here if the screen's words for it don't fit, or it is
the lines' alone. Spec: docs/plain.md.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

OF_SCREEN: Final = _("That is of the screen alone.")
HELP: Final = _(
    "A line is sent to the open chat; one that begins with // is sent with one stroke less. A "
    "command may be shortened as long as it is clear. Messages have numbers in /history, such as "
    "#12; without one the latest that fits is meant."
)
LINES_ONLY: Final = (
    ("chats", _("Your chats, by number")),
    ("history", _("What was said before, 20 at a time, or as many as you say")),
    ("more", _("What came after that")),
    ("role", _("What a member may do: /role NAME reader, member, admin or owner")),
    ("remove", _("Take a member out: /remove NAME")),
    ("revoke", _("Let nobody in by an invite any more: /revoke, and its first signs")),
    ("admit", _("Let somebody in who asks: /admit NAME")),
    ("refuse", _("Say no to somebody who asks: /refuse NAME")),
    ("place", _("Put a channel into a category, or list a group: /place CHANNEL, CATEGORY")),
    ("unlist", _("Take a channel off the list of its space: /unlist CHANNEL")),
)
"""Commands that only lines need: name and help."""

SAYS: Final = {
    "find": _("Words in this chat; the latest 20 matches"),
    "rename": _("Your own name for this contact: /rename NAME"),
    "mute": _("For a while, as /mute 8h, or for good; /mute off"),
    "alerts": _("Which messages call you: /notices all, mentions or none"),
    "timer": _("How long messages stay: /disappearing-messages 1d, or off"),
    "reply": _("A message: /answer TEXT, /answer #12 TEXT"),
    "edit": _("What a text of yours says: /edit TEXT"),
    "thread": _("The answers to a message, and theirs: /thread, /thread #12"),
    "mentions": _("What names you or answers you in all chats, the newest last"),
    "react": _("Put an emoji on a message: /react EMOJI; the same again takes it back"),
    "pin": _("A message, for everybody here, or take that back"),
    "delete": _("A message; it is asked for whom"),
    "save_file": _("Of a message, into a directory; fetches it first"),
    "send_file": _("/send-a-file PATH; encrypted before it leaves, up to 5 GiB"),
    "send_place": _("/send-a-place LATITUDE, LONGITUDE NAME"),
    "forward": _("A message to other chats, as yours: /forward NAME, NAME"),
    "send_poll": _("/poll QUESTION | ANSWER | ANSWER; everybody here sees who votes for what"),
    "vote": _("In the latest poll: /vote 2; /vote off takes yours back"),
    "move_place": _("Where you are now, or /move-live-place stop"),
    "send_later": _("/send-later TIME, and the text on the next line"),
    "take_back": _("What has not gone out yet"),
    "go_to": _("Open a chat: /go-to NAME, or its number"),
    "go_to_date": _("Read from a day on: /go-to-a-date monday"),
    "latest": _("Read the end again, with numbers"),
    "new_chat": _("/new CODE or /new ADDRESS"),
    "devices": _("Your devices"),
    "settings": _("What others see of you: /settings NAME VALUE"),
    "help": _("This list"),
    "new_group": _("/new-group NAME; who is in it is asked next"),
    "add_members": _("/add-people NAME, NAME; they see what is written from now on"),
    "describe": _("What it is for: /describe TEXT"),
    "picture": _("What it looks like: /picture FILE; /picture none takes it away"),
    "calling": _("/who-calls-all reader, member, admin or owner: the least role that may"),
    "invite": _("/invite-by-link 1d 10 ask: for how long, for how many, and whether one is asked"),
    "join_group": _("/join-by-link LINK: follow an invite to a group"),
    "new_space": _("/new-space NAME; who is in it is asked next"),
    "new_channel": _("/new-channel NAME, or NAME, CATEGORY"),
    "posting": _("/who-may-write reader, member, admin or owner: the least role that may"),
}
"""What a command does here, by action, where the screen's words don't fit."""

ONLY_ON_SCREEN: Final = {
    "copy": OF_SCREEN,
    "next_match": _("/find lists all matches."),
    "jump": OF_SCREEN,
    "toggle_info": OF_SCREEN,
    "toggle_dark": OF_SCREEN,
    "keys": OF_SCREEN,
    "where_i_am": OF_SCREEN,
    "media": _("'restante file ls NAME' lists the files of a chat."),
    "editor": _("Write it in the editor, then: restante send NAME - < FILE"),
}
"""What the screen's other commands are answered with, by action."""
