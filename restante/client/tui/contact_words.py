"""The sentences about contacts: new ones, requests, trust, changed keys, blocking. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.interface import ContactState, Trust
from restante.client.language import _

TRUST: Final = {
    Trust.VERIFIED: _("verified"),
    Trust.UNVERIFIED: _("not verified"),
    Trust.CHANGED: _("key changed"),
}
KEY_CHANGED_WHY: Final = _(
    "Your contact's device now signs with another key. A new phone or a new installation does "
    "that; so does somebody who sits in between and wants to read along.\n\n"
    "Ask them over another way (a call, in person) whether they set up a new device, and compare "
    "safety numbers. Until you decide nothing is sent, and your draft stays."
)
KEY_CHANGED_TITLE: Final = _("Why is sending paused?")
ACCEPT_KEY_WORD: Final = "accept"
ACCEPT_KEY_TITLE: Final = _("Accept the new key?")


def key_changed(name: str) -> str:
    """The banner of a changed key."""
    return _(
        "{name}'s security key changed. This happens with a new phone, or if someone is "
        "intercepting. Sending is paused.",
        name=name,
    )


def accept_key(name: str) -> str:
    """Before a new key is accepted without comparing."""
    return _(
        "If somebody is intercepting, they will read what you send to {name} from now on. "
        "Type {word} to go on without comparing safety numbers.",
        name=name,
        word=ACCEPT_KEY_WORD,
    )


def request(name: str) -> str:
    """The banner of somebody who wrote first."""
    return _("{name} wants to talk to you. They can't see whether you read this.", name=name)


def pending(name: str) -> str:
    """The banner of a contact who hasn't answered yet."""
    return _("{name} hasn't accepted you yet. Messages wait for them.", name=name)


def blocked(name: str) -> str:
    """The banner of a blocked contact."""
    return _("You blocked {name}. They can't tell.", name=name)


BLOCK_TITLE: Final = _("Block this contact?")


def block(name: str) -> str:
    """Before somebody is blocked."""
    return _(
        "You won't see messages from {name} any more, and they can't tell. You can undo it.",
        name=name,
    )


ANEW_TITLE: Final = _("Begin new sessions?")


def anew(name: str) -> str:
    """Before new sessions are begun."""
    return _(
        "For when what {name} sends can't be read again and again. Nothing of the history is "
        "lost, and what is missing is asked for.",
        name=name,
    )


def has_begun_anew(name: str) -> str:
    """After that."""
    return _("New sessions with {name}. What is missing is asked for.", name=name)


NEW_CHAT_TITLE: Final = _("New chat")
NEW_CHAT_TEXT: Final = _(
    "Paste the code they sent you, or type their address. A code also proves that it's them."
)
NEW_CHAT_PLACEHOLDER: Final = _("restante:c… or alice@relay.example")
LOOKING_UP: Final = _("Looking them up…")
RENAME_TITLE: Final = _("Rename")
RENAME_TEXT: Final = _("Only you see this name. Leave it empty to show the address again.")
MY_CODE_TEXT: Final = _("Whoever scans or pastes this can write to you, and knows it's you.")
MY_CODE_WAITING: Final = _("Making your code…")


def marked_verified(name: str) -> str:
    """After the numbers were compared."""
    return _("{name} is verified.", name=name)


def marked_unverified(name: str) -> str:
    """After a verification was taken back."""
    return _("{name} is not verified any more.", name=name)


def now_called(name: str) -> str:
    """After renaming."""
    return _("Now called {name}.", name=name)


def accepted(name: str) -> str:
    """After a request was accepted."""
    return _("You and {name} can talk now.", name=name)


def was_blocked(name: str) -> str:
    """After blocking."""
    return _("{name} is blocked.", name=name)


CONTACT_STATE: Final = {
    ContactState.ACCEPTED: "",
    ContactState.REQUEST: _("wants to talk to you"),
    ContactState.PENDING: _("hasn't answered yet"),
    ContactState.LEFT: _("deleted their account"),
    ContactState.BLOCKED: _("blocked"),
    ContactState.SELF: _("only you can read this"),
    ContactState.MEMBER: "",
}
INFO_VERIFY: Final = _("Compare numbers")
INFO_RENAME: Final = _("Rename")
INFO_BLOCK: Final = _("Block")
