"""What is typed to find messages, read: words, and `from:`, `in:`, `type:` and times. Pure.

Rule: what can't be meant is said, with what could be; nothing is guessed. Spec: docs/tui.md,
section 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from datetime import datetime, timedelta, tzinfo
from typing import Final, get_type_hints

from restante.client.interface import Conversation, Message
from restante.client.tui import search_words
from restante.client.tui.clean import clean_line
from restante.client.tui.dates import past_day
from restante.client.tui.times import spell_when
from restante.values import dataclass

NAMES: Final = ("from", "in", "type", "since", "before", "on")
_NARROWS: Final = re.compile(
    r"(?<!\S)(" + "|".join(NAMES) + r'):(?:"([^"]*)"?|(\S*))', re.IGNORECASE
)
_SILENT: Final = frozenset({"gap", "undecryptable", "unknown", "notice", "setting", "deleted"})
_KINDS: Final = get_type_hints(Message)["kind"].__args__
TYPES: Final = (*(each for each in _KINDS if each not in _SILENT), "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`wanted` are parameters of the engine's `search`; `fault` says what can't be meant."""

    words: str
    wanted: dict[str, str] = field(default_factory=dict)
    fault: str | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is looked for yet."""
        narrows = {"conversation", "sender", "type"} & self.wanted.keys()
        return not self.words.strip() and not narrows


def read_asked(
    typed: str, chats: Iterable[Conversation], *, now: datetime, zone: tzinfo | None
) -> Asked:
    """Read what was typed."""
    every = list(chats)
    wanted: dict[str, str] = {}
    faults: list[str] = []
    for found in _NARROWS.finditer(typed):
        name, value = found[1].casefold(), (found[2] or found[3] or "").strip()
        if not value:
            continue
        if name in {"from", "in"}:
            whom = _who(value, every, may_be_me=name == "from")
            if whom is None:
                faults.append(search_words.nobody(clean_line(value)))
            else:
                wanted["sender" if name == "from" else "conversation"] = whom
        elif name == "type":
            kind = next((each for each in TYPES if each.startswith(value.casefold())), None)
            if kind is None:
                faults.append(search_words.no_type(clean_line(value), TYPES))
            else:
                wanted["type"] = kind
        elif (day := past_day(value, now, zone)) is None:
            faults.append(search_words.no_day(clean_line(value)))
        elif name == "on":
            wanted |= {"since": spell_when(day), "before": spell_when(day + timedelta(days=1))}
        else:
            wanted[name] = spell_when(day)
    words = " ".join(_NARROWS.sub(" ", typed).split())
    return Asked(words=words, wanted=wanted, fault=faults[0] if faults else None)


def _who(value: str, chats: list[Conversation], *, may_be_me: bool) -> str | None:
    """Return the conversation whose name or address begins so, or has a word that does."""
    said = value.casefold()
    if may_be_me and said == "me":
        return ME
    for begins in (_is_begun, _has_word):
        for each in chats:
            if begins(each.title.casefold(), said) or begins(each.address.casefold(), said):
                return each.key
    return None


def _is_begun(name: str, said: str) -> bool:
    return name.startswith(said)


def _has_word(name: str, said: str) -> bool:
    return any(word.startswith(said) for word in name.split())


ME: Final = "self"
"""Oneself: the engine knows its key by this word."""
