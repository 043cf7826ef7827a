"""What somebody may be about to write: an emoji after `:`, a name after `@`, a command after `/`.

Pure. Rule: nothing is put in the place of what was typed without a key. Spec: docs/tui.md,
section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from restante.client.interface import ContactState, Conversation, Member
from restante.client.tui.clean import clean_line
from restante.client.tui.emoji_names import find_emoji
from restante.client.tui.key_words import slash_name
from restante.values import dataclass

MAX_OFFERED: Final = 6

_EMOJI: Final = re.compile(r"(?:^|(?<=\s)):([a-z0-9_+-]{2,24})$", re.IGNORECASE)
_NAME: Final = re.compile(r"(?:^|(?<=\s))@([\w.-]{0,32})$")
_COMMAND: Final = re.compile(r"^/([a-z-]{0,32})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign, what was typed after it, and the column where the sign stands."""

    sign: str
    query: str
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing to take: what is shown, and the text to write or the action to run."""

    label: str
    says: str
    text: str = ""
    action: str = ""


def begun(before: str, *, is_first_line: bool) -> Begun | None:
    """Return what was begun right before the cursor; `before` is its line up to there."""
    for sign, pattern in ((":", _EMOJI), ("@", _NAME), ("/", _COMMAND)):
        found = pattern.search(before)
        if found is not None and (sign != "/" or is_first_line):
            return Begun(sign=sign, query=found[1], column=found.start(1) - 1)
    return None


def emoji_offers(query: str) -> list[Offer]:
    """Return emoji with such a name."""
    found = find_emoji(query, limit=MAX_OFFERED)
    return [Offer(label=emoji, says=name.replace("_", " "), text=emoji) for name, emoji in found]


def name_offers(query: str, people: Iterable[Conversation]) -> list[Offer]:
    """Return people with such a name, as the engine finds them in what is sent."""
    offers = []
    for person in people:
        title, address = clean_line(person.title), clean_line(person.address)
        name = address.partition("@")[0] if title == address else title
        known = person.contact in {ContactState.ACCEPTED, ContactState.PENDING}
        if known and name.casefold().startswith(query.casefold()):
            offers.append(Offer(label=f"@{name}", says=address, text=f"@{name} "))
    return offers[:MAX_OFFERED]


def member_offers(query: str, members: Iterable[Member]) -> list[Offer]:
    """Return members of a group with such a name; nobody needs to call themselves."""
    offers = []
    for member in members:
        shown, address = clean_line(member.name), clean_line(member.address)
        name = address.partition("@")[0] if shown == address else shown
        if not member.is_me and name.casefold().startswith(query.casefold()):
            offers.append(Offer(label=f"@{name}", says=address, text=f"@{name} "))
    return offers[:MAX_OFFERED]


def command_offers(query: str, commands: Iterable[tuple[str, str, str]]) -> list[Offer]:
    """Return commands (title, help, action) that are called so: `Chat: Go to` is `/go-to`."""
    offers = []
    for title, says, action in commands:
        name = slash_name(title)
        if name.startswith(query):
            offers.append(Offer(label=f"/{name}", says=says, action=action))
    return offers[:MAX_OFFERED]
