"""The sentences of the first run. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

WELCOME: Final = "Welcome to Restante"


def step(number: int) -> str:
    """How far the welcome is."""
    return f"Step {number} of 3"


NAME_TITLE: Final = "Your name, and the relay that keeps your mail"
NAME_TEXT: Final = (
    "A relay holds sealed messages until you fetch them. It can't read them. Whoever runs one "
    "for you gave you its address or an invite."
)
NAME_LABEL: Final = "Name"
NAME_PLACEHOLDER: Final = "alice"
RELAY_LABEL: Final = "Relay, or the invite you were given"
RELAY_PLACEHOLDER: Final = "relay.example, or restante:r…"
NAME_MISSING: Final = "Choose a name: a-z, 0-9, dot, dash, underscore."
RELAY_MISSING: Final = "Type the relay's address, or paste your invite."
NOT_AN_INVITE: Final = (
    "This code is for adding a person. You need a relay's invite, or its address."
)

KEYS_TITLE: Final = "Your keys stay here"
KEYS_TEXT: Final = (
    "Restante now makes your keys. They stay on this device. A passphrase locks them, and your "
    "history, where they lie; nobody can reset it, so don't lose it.\n\n"
    "Without one, whoever has this device's files can read everything."
)
KEYS_KEPT_TEXT: Final = "Your keys stay on this device, kept as you chose. Nobody else has a copy."
CHOOSE_LABEL: Final = "Passphrase, or empty for none"
AGAIN_LABEL: Final = "Once more"
IN_KEYRING: Final = "Keep the key in the keyring"
KEYRING_TAKES: Final = "The system's keyring keeps the key now. Enter goes on."


def keys_for(address: str) -> str:
    """Who the keys will be for."""
    return f"Making keys for {address}."


def is_yours(address: str) -> str:
    """After registering; this step can't be undone, only looked at."""
    return f"{address} is yours now."


REGISTERING: Final = "Making keys and asking the relay…"
SHARE_TITLE: Final = "Now find each other"
SHARE_TEXT: Final = "Let them scan this, or send them the link. Or paste theirs here:"
SHARE_SKIP: Final = "Later"
CONTINUE: Final = "Continue"
HAVE_ACCOUNT: Final = "I have an account"
BACK: Final = "Back"
