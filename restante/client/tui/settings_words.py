"""The sentences of the settings, the keys and the help. Pure.

Rule: as in words.py; what a setting does is said in settings_schema.py. Spec: docs/tui.md,
section 6.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

SETTINGS_TITLE: Final = _("Settings")
CHANGE: Final = _("Change")
KEYS: Final = _("Keys")
WAITING: Final = "…"

KEYS_TITLE: Final = _("Keys")
KEYS_TEXT: Final = _("Enter, then the new key. Backspace gives the usual one back.")
PRESS_TITLE: Final = _("Press the new key")
RESET: Final = _("Usual key")

HELP_TITLE: Final = _("Help")
HELP_HERE: Final = _("Here")
EVERYWHERE: Final = _("Everywhere")
CHATS: Final = _("Chats")
MESSAGES: Final = _("Messages")
WRITING: Final = _("Writing")
CONVERSATION: Final = _("Chat and contact")
FINDING: Final = _("Finding in a chat")
DIALOGS: Final = {
    "code": _("your code"),
    "devices": _("devices"),
    "go_to": _("go to"),
    "jump": _("jump"),
    "keys": _("keys"),
    "link": _("link this device"),
    "mentions": _("what names you"),
    "lock": _("the lock"),
    "new_chat": _("a new chat"),
    "people": _("choosing people"),
    "place": _("places"),
    "poll": _("polls"),
    "recovery": _("recovery kit"),
    "safety": _("safety number"),
    "scheduled": _("sent later"),
    "search": _("search"),
    "settings": _("settings"),
    "welcome": _("first run"),
}
"""By the first part of a binding's id; those of `dialog` work in several."""


def dialogs(name: str) -> str:
    """The heading of a dialog's keys, or of those that all dialogs have."""
    return _("Dialogs: {name}", name=name) if name else _("Dialogs")


def press_for(does: str, keys: str) -> str:
    """A key is waited for."""
    return _("{does} is on {keys} now. Esc leaves it there.", does=does, keys=keys)


def taken(key: str, does: str) -> str:
    """Somebody has the key already."""
    return _("{key} is '{does}' already. Give that another key first.", key=key, does=does)


def unknown_key_name(name: str) -> str:
    """The file gives a key to what there isn't."""
    return _(
        "interface.toml gives a key to '{name}', which there isn't. F2, Keys shows the names.",
        name=name,
    )


def holds_until_quit(path: str, why: str) -> str:
    """A setting can't be written down."""
    return _("It holds until you quit: {path} can't be written ({why}).", path=path, why=why)


# ---- the file ----------------------------------------------------------------------------------

FILE_HEAD: Final = _(
    "Written by the settings screen (F2); may be edited while Restante isn't open."
)
FILE_KEYS: Final = _("Other keys than usual, by the names that F1 shows.")
KEYS_HOW: Final = _('\'keys\' gives a key to each name, as "messages.reply" = "R"')


def one_of(choices: str) -> str:
    """What a setting may be."""
    return _("One of: {choices}", choices=choices)


def unread(path: str, why: str) -> str:
    """The file can't be read."""
    return _("{path} can't be read: {why}.", path=path, why=why)


def faulty(path: str, what: str) -> str:
    """The file says what it can't; `what` is one of those below, or of the TOML parser's."""
    return _("{path}: {what}. Correct or remove it.", path=path, what=what)


def no_setting(name: str) -> str:
    """A name that no setting has."""
    return _("there is no setting '{name}'", name=name)


def may_be(name: str, choices: str, *, how: str) -> str:
    """A value that a setting can't have; `how` says what one that is typed may be."""
    if how:
        return f"'{name}': {how.rstrip('.')}"
    return _("'{name}' is one of {choices}", name=name, choices=choices)
