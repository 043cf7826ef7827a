"""The sentences of finding messages and dates. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from restante.client.language import _, plural

TITLE: Final = _("Search all chats")
PLACEHOLDER: Final = _("Words, and from: in: type: since: before:")
BEGIN: Final = _(
    "Type what was said. Accents and capitals don't matter.\n\n"
    "from:alice   who wrote it; from:me\n"
    'in:"design team"   in which chat\n'
    "type:link   text, link, file, location, contact, poll\n"
    "since:monday   before:2026-11-04   on:yesterday"
)
HERE_PLACEHOLDER: Final = _("Find in this chat")
FAILED: Final = _("The search failed. See the log.")
DATE_TITLE: Final = _("Go to a date")
DATE_TEXT: Final = _("yesterday, monday, 3 weeks ago, 4 June, 2026-11-04, 2026-11")
DATE_PLACEHOLDER: Final = _("Which day?")


def nobody(name: str) -> str:
    """A name that no chat has."""
    return _("No chat is called '{name}'.", name=name)


def no_type(typed: str, types: Iterable[str]) -> str:
    """What is no type."""
    return _("There is no type '{typed}'. There are {types}.", typed=typed, types=", ".join(types))


def no_day(typed: str) -> str:
    """What is no date."""
    return _("'{typed}' is no date. Write monday, 3 weeks ago, 4 June or 2026-11-04.", typed=typed)


def none_here(typed: str, key: str) -> str:
    """Nothing was found in the open conversation."""
    return _("No match for '{typed}'. {key} to search all chats.", typed=typed, key=key)


def none_at_all(typed: str) -> str:
    """Nothing was found anywhere."""
    return _(
        "No match for '{typed}'.\n\n"
        "A word is found whole or by its beginning, from three letters on. Fewer words find more.",
        typed=typed,
    )


def place_among(number: int, count: int, *, is_more: bool) -> str:
    """Which match one stands at."""
    more = "+" if is_more else ""
    return _("{number} of {count}", number=number, count=f"{count}{more}")


def found(count: int, *, is_more: bool) -> str:
    """How many there are."""
    if is_more:
        return _("{count} and more, the newest first", count=count)
    return plural("1 message", "{count} messages, the newest first", count)
