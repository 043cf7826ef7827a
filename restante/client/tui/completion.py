"""What somebody may be about to write: an emoji after `:`, a name after `@`, a command after `/`.

Pure. Rule: nothing is put in the place of what was typed without a key. Spec: docs/tui.md,
section 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from restante.client.interface import ContactState, Conversation, Member
from restante.client.tui import group_words
from restante.client.tui.clean import clean_line
from restante.client.tui.emoji_names import find_emoji
from restante.client.tui.fuzzy import ranked
from restante.client.tui.key_words import slash_name
from restante.values import dataclass

MAX_OFFERED: Final = 6
ALL: Final = "all"
"""Names everybody in a group: not translated, since all of them read it."""

_EMOJI: Final = re.compile(r"(?:^|(?<=\s)):([a-z0-9_+-]{2,24})$", re.IGNORECASE)
_NAME: Final = re.compile(r"(?:^|(?<=[\s(]))@([\w.-]{0,32})$")
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
    known = {ContactState.ACCEPTED, ContactState.PENDING}
    return _people_offers(
        query, [(each.title, each.address) for each in people if each.contact in known], ()
    )


def member_offers(
    query: str, members: Iterable[Member], *, may_name_all: bool = False
) -> list[Offer]:
    """Return members of a group with such a name; nobody needs to call themselves."""
    every = list(members)
    others = [(each.name, each.address) for each in every if not each.is_me]
    offers = _people_offers(query, others, [each.address for each in every if each.is_me])
    if may_name_all and ALL.startswith(query.casefold()):
        everybody = Offer(label=f"@{ALL}", says=group_words.NAMES_ALL, text=f"@{ALL} ")
        offers = [*offers[: MAX_OFFERED - 1], everybody] if offers else [everybody]
    return offers


def _people_offers(
    query: str, people: Iterable[tuple[str, str]], taken: Iterable[str]
) -> list[Offer]:
    """Return whom some letters mean, by the user's own name for them, their name or address.

    What is written is what everybody there knows them by: the name in the address, or all of it
    where that would mean several.
    """
    cleaned = [(clean_line(name), clean_line(address)) for name, address in people]
    firsts = [each.partition("@")[0].casefold() for _, each in cleaned]
    firsts += [each.partition("@")[0].casefold() for each in taken]
    own_words = {name.casefold() for name, address in cleaned if name != address}
    offers = []
    named = (((name, address), (name, address)) for name, address in cleaned)
    for name, address in ranked(query, named):
        first = address.partition("@")[0]
        is_clear = firsts.count(first.casefold()) == 1 and (
            first.casefold() == name.casefold() or first.casefold() not in own_words
        )
        written = first if is_clear and first.casefold() != ALL else address
        written = name if written.casefold() == name.casefold() else written
        shown = first if name == address else name
        offers.append(Offer(label=f"@{shown}", says=address, text=f"@{written} "))
    return offers[:MAX_OFFERED]


def command_offers(query: str, commands: Iterable[tuple[str, str, str]]) -> list[Offer]:
    """Return commands (title, help, action) that are called so: `Chat: Go to` is `/go-to`."""
    offers = []
    for title, says, action in commands:
        name = slash_name(title)
        if name.startswith(query):
            offers.append(Offer(label=f"/{name}", says=says, action=action))
    return offers[:MAX_OFFERED]
