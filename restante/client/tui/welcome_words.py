"""The sentences of the first run. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

WELCOME: Final = _("Welcome to Restante")


def step(number: int) -> str:
    """How far the welcome is."""
    return _("Step {number} of 3", number=number)


NAME_TITLE: Final = _("Your name, and the relay that keeps your mail")
NAME_TEXT: Final = _(
    "A relay holds sealed messages until you fetch them. It can't read them. Whoever runs one "
    "for you gave you its address or an invite."
)
NAME_LABEL: Final = _("Name")
NAME_PLACEHOLDER: Final = _("alice")
RELAY_LABEL: Final = _("Relay, or the invite you were given")
RELAY_PLACEHOLDER: Final = _("relay.example, or restante:r…")
NAME_MISSING: Final = _("Choose a name: a-z, 0-9, dot, dash, underscore.")
RELAY_MISSING: Final = _("Type the relay's address, or paste your invite.")
NOT_AN_INVITE: Final = _(
    "This code is for adding a person. You need a relay's invite, or its address."
)

KEYS_TITLE: Final = _("Your keys stay here")
KEYS_TEXT: Final = _(
    "Restante now makes your keys. They stay on this device. A passphrase locks them, and your "
    "history, where they lie; nobody can reset it, so don't lose it.\n\n"
    "Without one, whoever has this device's files can read everything."
)
KEYS_KEPT_TEXT: Final = _(
    "Your keys stay on this device, kept as you chose. Nobody else has a copy."
)
CHOOSE_LABEL: Final = _("Passphrase, or empty for none")
AGAIN_LABEL: Final = _("Once more")
IN_KEYRING: Final = _("Keep the key in the keyring")
KEYRING_TAKES: Final = _("The system's keyring keeps the key now. Enter goes on.")


def keys_for(address: str) -> str:
    """Who the keys will be for."""
    return _("Your address will be {address}.", address=address)


def is_yours(address: str) -> str:
    """After registering; this step can't be undone, only looked at."""
    return _("{address} is yours now.", address=address)


REGISTERING: Final = _("Making keys and asking the relay…")
SHARE_TITLE: Final = _("Now find each other")
SHARE_TEXT: Final = _("Let them scan this, or send them the link. Or paste theirs here:")
CONTINUE: Final = _("Continue")
HAVE_ACCOUNT: Final = _("I have an account")
BACK: Final = _("Back")
