"""The sentences of finding messages and dates. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

TITLE: Final = "Search all chats"
PLACEHOLDER: Final = "Words, and from: in: type: since: before:"
BEGIN: Final = (
    "Type what was said. Accents and capitals don't matter.\n\n"
    "from:alice   who wrote it; from:me\n"
    'in:"design team"   in which chat\n'
    "type:link   text, link, file, location, contact\n"
    "since:monday   before:2026-11-04   on:yesterday"
)
HERE_PLACEHOLDER: Final = "Find in this chat"
TOO_SHORT: Final = "Type on."
FAILED: Final = "The search failed. See the log."
DATE_TITLE: Final = "Go to a date"
DATE_TEXT: Final = "yesterday, monday, 3 weeks ago, 4 June, 2026-11-04, 2026-11"
DATE_PLACEHOLDER: Final = "Which day?"


def nobody(name: str) -> str:
    """A name that no chat has."""
    return f"No chat is called '{name}'."


def no_type(typed: str, types: Iterable[str]) -> str:
    """What is no type."""
    return f"There is no type '{typed}'. There are {', '.join(types)}."


def no_day(typed: str) -> str:
    """What is no date."""
    return f"'{typed}' is no date. Write monday, 3 weeks ago, 4 June or 2026-11-04."


def none_here(typed: str, key: str) -> str:
    """Nothing was found in the open conversation."""
    return f"No match for '{typed}'. {key} to search all chats."


def none_at_all(typed: str) -> str:
    """Nothing was found anywhere."""
    return (
        f"No match for '{typed}'.\n\n"
        "A word is found whole or by its beginning, from three letters on. Fewer words find more."
    )


def place_among(number: int, count: int, *, is_more: bool) -> str:
    """Which match one stands at."""
    return f"{number} of {count}{'+' if is_more else ''}"


def found(count: int, *, is_more: bool) -> str:
    """How many there are."""
    if is_more:
        return f"{count} and more, the newest first"
    return "1 message" if count == 1 else f"{count} messages, the newest first"
