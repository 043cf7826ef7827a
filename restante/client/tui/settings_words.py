"""The sentences of the settings, the keys and the help. Pure.

Rule: as in words.py; what a setting does is said in settings_schema.py. Spec: docs/tui.md,
section 6.
"""

from __future__ import annotations

from typing import Final

SETTINGS_TITLE: Final = "Settings"
CHANGE: Final = "Change"
KEYS: Final = "Keys"
WAITING: Final = "…"

KEYS_TITLE: Final = "Keys"
KEYS_TEXT: Final = "Enter, then the new key. Backspace gives the usual one back."
PRESS_TITLE: Final = "Press the new key"
RESET: Final = "Usual key"

HELP_TITLE: Final = "Help"
HELP_HERE: Final = "Here"
EVERYWHERE: Final = "Everywhere"
CHATS: Final = "Chats"
MESSAGES: Final = "Messages"
WRITING: Final = "Writing"
CONVERSATION: Final = "Chat and contact"
FINDING: Final = "Finding in a chat"
DIALOGS: Final = {
    "code": "your code",
    "devices": "devices",
    "go_to": "go to",
    "jump": "jump",
    "keys": "keys",
    "link": "link this device",
    "lock": "the lock",
    "new_chat": "a new chat",
    "people": "choosing people",
    "place": "places",
    "recovery": "recovery kit",
    "safety": "safety number",
    "scheduled": "sent later",
    "search": "search",
    "settings": "settings",
    "welcome": "first run",
}
"""By the first part of a binding's id; those of `dialog` work in several."""


def dialogs(name: str) -> str:
    """The heading of a dialog's keys, or of those that all dialogs have."""
    return f"Dialogs: {name}" if name else "Dialogs"


def press_for(does: str, keys: str) -> str:
    """A key is waited for."""
    return f"{does} is on {keys} now. Esc leaves it there."


def taken(key: str, does: str) -> str:
    """Somebody has the key already."""
    return f"{key} is '{does}' already. Give that another key first."


def unknown_key_name(name: str) -> str:
    """The file gives a key to what there isn't."""
    return f"interface.toml gives a key to '{name}', which there isn't. F2, Keys shows the names."
